//! `cams_number_migration`: a number that is moved into a space.

mod messages;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use tokio::time::Instant;

use cams::operations::{CreateChatappMigrationInitiate, ListedNumber, Migration};
use cams::phone::PhoneNumber;
use cams::{Error, ErrorKind, Freshness};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget};

use crate::Cams;
use crate::evidence::{Evidence, Presence};
use crate::numbers::{Question, Target};

use super::number::plan::NumberPlan;
use super::number::{NumberLifecycle, NumberModel, NumberOperation, import, private_state};

pub use schema::Model;
pub(crate) use schema::OPERATIONS;

/// The status of a number whose migration has started, if CAMS gives none: the one status that
/// `CreateChatappMigrationInitiate` documents.
const MIGRATING: &str = "MIGRATING";

/// How often a claim that was lost before its request was sent is taken again.
const MAX_RENEWALS: u32 = 5;

/// `cams_number_migration`, which moves a number into a space.
impl NumberLifecycle for Model {
    const OUTCOME: &'static str = "The migration was not started. Apply again to continue.";

    /// Plans the whole number too, and warns about what the plan does not do.
    async fn plan(
        context: Context<'_, Cams, Self>,
        change: &mut Change<'_, Self>,
        planned: NumberPlan,
    ) {
        let number = planned.number.as_ref();
        // The whole number is planned as soon as its parts are known, so that other resources can use
        // it. A number in the state keeps what the state has.
        if planned.prior.is_none() || planned.is_replacement {
            let number = number.map(PhoneNumber::to_string);
            change.plan.phone_number = number.map_or(Field::Unknown, Field::Known);
        }
        let (Some(old), Some(state)) = (&planned.prior, change.prior) else {
            return;
        };
        let status = state.status.text();
        if planned.is_replacement {
            let follows_provider = planned.follows_provider;
            context.warn(messages::replaces(
                old,
                change.plan,
                number,
                follows_provider,
            ));
        } else if status.is_some_and(|status| status.eq_ignore_ascii_case("BANNED")) {
            context.warn(messages::banned(old));
        }
    }

    fn plan_destroy(context: Context<'_, Cams, Self>, state: &Self) {
        context.warn_once(messages::forgets(state));
    }

    fn sends(_context: Context<'_, Cams, Self>, _prior: &Self, _plan: &Self) -> bool {
        // Every other change replaces the number: only `timeouts` comes here, which CAMS does not
        // know.
        false
    }

    /// Looks for the number, and starts its migration if it is not in the space.
    ///
    /// The request is sent only if the claim is still valid at that moment. If it was lost, it is
    /// taken again, and the number is looked for again, because the process that had it in between
    /// may have started it.
    async fn apply(
        operation: &NumberOperation<'_, Self>,
        _prior: Option<Self>,
        Desired { plan, .. }: Desired<Self>,
    ) -> Result<Self, Diagnostics> {
        let plan = Model {
            request_id: Field::Null,
            ..plan
        };
        let (client, bounds) = (operation.search.client, &operation.search.bounds);
        let (cams, target) = (operation.context.provider(), operation.search.target);
        let space = &target.cust_space_id;
        let initiate = CreateChatappMigrationInitiate {
            cust_space_id: space.clone(),
            number: target.number.clone(),
        };
        let mut claim = operation.claim().await?;
        let mut not_before = cams.claims.not_before(space);
        let shown_by = claim.shown_by(cams.clock.now());
        let mut renewals = 0;
        let error = loop {
            let question = Question {
                freshness: Freshness::Since(not_before),
                ..Question::default()
            };
            let found = operation.find(question).await?;
            // Whatever happens to this task, no other resource of this run starts the number now.
            claim.keep();
            if let Evidence::Present(presence) = found.evidence {
                return Ok(operation.adopt(plan, presence, None));
            }
            if let Some(presence) = operation.wait_until_shown(shown_by).await {
                return Ok(operation.adopt(plan, presence, None));
            }
            claim.note_start(cams.clock.now());
            let claimed = bounds.clone().only_while(claim.witness());
            match client.call(&claimed, &initiate).await {
                Ok(migration) => return Ok(operation.started(plan, migration).await),
                Err(error) if error.kind == ErrorKind::Withheld && renewals < MAX_RENEWALS => {
                    renewals += 1;
                    operation.renew(&mut claim).await?;
                    not_before = Instant::now();
                }
                Err(error) => break error,
            }
        };
        if error.may_have_had_effect {
            let presence = operation.search.read_back().await;
            let presence = presence.map_err(|reason| {
                claim.note_end();
                messages::unknown_outcome(target, &error, &reason, operation.limit)
            })?;
            return Ok(in_space(plan, target, presence));
        }
        // An earlier start may be the reason for the refusal, if both operations were slow to show
        // the number.
        let refused = error.refuses_request() || error.kind == ErrorKind::Intercepted;
        if refused && let Ok(presence) = operation.search.look_again().await {
            return Ok(operation.adopt(plan, presence, Some(&error)));
        }
        claim.note_end();
        claim.give_back();
        Err(operation.failed(&error, None))
    }

    fn question(&self, _cams: &Cams) -> Question<'static> {
        Question {
            known: self.presence(),
            ..Question::default()
        }
    }

    async fn refreshed(
        operation: &NumberOperation<'_, Self>,
        state: Self,
        presence: Presence,
        _rows: &[ListedNumber],
    ) -> Self {
        private_state::end_import(operation.context);
        // An id that is known stays: it identifies the number, and others may refer to it.
        let known = state.presence();
        let presence = Presence {
            id: known.id.or(presence.id),
            status: presence.status.or(known.status),
        };
        in_space(state, operation.search.target, presence)
    }
}

impl Model {
    /// What the state knows of the number.
    fn presence(&self) -> Presence {
        Presence {
            id: self.id.known().cloned(),
            status: self.status.known().cloned(),
        }
    }
}

/// The state that an import begins with, before CAMS is asked for the number.
///
/// # Errors
///
/// If the id or the identity is not that of a number in a space.
pub fn imported(target: &ImportTarget<Model>) -> Result<Model, Diagnostics> {
    import::target(target).map(Model::of)
}

impl NumberOperation<'_, Model> {
    /// Looks for a number that another process started a moment ago, or an earlier apply, until CAMS
    /// has had its time to show it.
    async fn wait_until_shown(&self, shown_by: Option<Instant>) -> Option<Presence> {
        let (shown_by, bounds) = (shown_by?, &self.search.bounds);
        while Instant::now() < shown_by.min(bounds.deadline()) && !bounds.is_stopped() {
            if let Ok(presence) = self.search.read_back().await {
                return Some(presence);
            }
        }
        None
    }

    /// The state of a number whose migration has just started. An id that the answer lacks may come
    /// from the lookup, or from a later read.
    async fn started(&self, plan: Model, migration: Migration) -> Model {
        let target = self.search.target;
        if migration.names_another {
            self.context.warn(messages::names_another(target));
        }
        let presence = Presence {
            id: migration.data.id,
            status: migration.data.status,
        };
        let state = Model {
            request_id: migration.request_id.into(),
            ..in_space(plan, target, presence)
        };
        private_state::note_start(self.context);
        self.context.save(&state);
        match state.id {
            Field::Known(_) => state,
            Field::Null | Field::Unknown => Model {
                id: self.search.id().await.into(),
                ..state
            },
        }
    }

    /// Adopts a number that is in the space already. `refusal` is the answer to the attempt to
    /// start it, if there was one.
    fn adopt(&self, plan: Model, presence: Presence, refusal: Option<&Error>) -> Model {
        let target = self.search.target;
        self.context
            .warn(messages::adopted(target, &presence, refusal));
        in_space(plan, target, presence)
    }
}

/// The state of a number that is in the space, from a plan or the state before.
fn in_space(model: Model, target: &Target, presence: Presence) -> Model {
    Model {
        id: presence.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        // Whether the list shows a status of a number that is migrating is not documented.
        status: Field::Known(presence.status.unwrap_or_else(|| MIGRATING.to_owned())),
        ..model
    }
}
