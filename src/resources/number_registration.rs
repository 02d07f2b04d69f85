//! `cams_number_registration`: a number that is registered in a space, the cut-over of a migration.

mod messages;
mod schema;
mod wait;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use base::secret::Secret;
use cams::operations::{ChatappMigrationRegister, ChatappPhoneNumberDeregister, ListedNumber};
use cams::phone::PhoneNumber;
use cams::{Error, Freshness};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired};
use tokio::time::Instant;

use crate::Cams;
use crate::changes::LastChange;
use crate::claims::Claim;
use crate::evidence::{Evidence, Presence};
use crate::numbers::{Found, Question, Target, Verification};

use super::number::messages::{already_live, banned, not_in_space, owned_by_other_resource};
use super::number::plan::{NumberPlan, target_of_plan};
use super::number::standing::{Standing, is_limited, is_live, standing};
use super::number::verification;
use super::number::{NumberLifecycle, NumberOperation, private_state};

pub use schema::Model;
pub(crate) use schema::OPERATIONS;
use schema::SHOWN;
pub(crate) use schema::with_row;

/// The key of the private state for the number that a destroy of the object takes out of service.
const WILL_DEREGISTER_LIVE: &str = "cuts";

/// `cams_number_registration`, which registers a number in a space.
impl NumberLifecycle for Model {
    const OUTCOME: &'static str = "The number was not registered. Apply again to continue.";
    const OUTCOME_OF_DELETE: &'static str =
        "The resource stays in the state. Destroy it again to continue.";

    async fn plan(
        context: Context<'_, Cams, Self>,
        change: &mut Change<'_, Self>,
        planned: NumberPlan,
    ) {
        let Some(prior) = change.prior else {
            context.warn_once(messages::registers());
            // The plan of another number has warned already, with its prior state.
            let cut = change.replaced.as_ref();
            let cut = cut.and_then(|replaced| replaced.get::<String>(WILL_DEREGISTER_LIVE));
            let target = target_of_plan(change.plan);
            if cut.is_some() && cut == target.ok().as_ref().map(in_private_state) {
                context.warn(messages::deregisters_live_number(change.plan));
            }
            return;
        };
        if planned.is_replacement {
            context.warn_once(messages::registers());
            if prior.will_deregister_live() {
                context.warn(messages::deregisters_live_number(prior));
            }
        } else if Self::sends(context, prior, change.plan) {
            context.warn_once(messages::registers());
            for (field, _) in SHOWN {
                *field(change.plan) = Field::Unknown;
            }
        } else if prior.triggers != change.plan.triggers {
            context.warn_once(messages::only_stored());
        }
    }

    fn plan_destroy(context: Context<'_, Cams, Self>, state: &Self) {
        if state.will_deregister_live() {
            context.warn(messages::deregisters_live_number(state));
        } else if !state.has_delete() {
            context.warn_once(messages::forgets(state));
        }
    }

    fn sends(context: Context<'_, Cams, Self>, prior: &Self, plan: &Self) -> bool {
        prior.triggers != plan.triggers && !private_state::is_imported(context)
    }

    async fn apply(
        operation: &NumberOperation<'_, Self>,
        prior: Option<Self>,
        Desired { config, mut plan }: Desired<Self>,
    ) -> Result<Self, Diagnostics> {
        let again = prior.is_some();
        // What no later list shows stays as it was known.
        if let Some(mut prior) = prior {
            for (field, _) in SHOWN {
                *field(&mut plan) = field(&mut prior).clone();
            }
        }
        operation
            .register(plan, &config.verify_code_wo, again)
            .await
    }

    fn has_delete(&self) -> bool {
        self.deregister_on_destroy.known() == Some(&true)
    }

    /// Deregisters the number, unless another resource of this run has it.
    async fn delete(
        operation: &NumberOperation<'_, Self>,
        _state: Self,
    ) -> Result<(), Diagnostics> {
        let mut turn = operation.turn().await?;
        if *turn == LastChange::Created {
            operation
                .context
                .warn(owned_by_other_resource::<Model>(operation.search.target));
            return Ok(());
        }
        let (search, target) = (&operation.search, operation.search.target);
        // The list shows in which of its two forms CAMS knows a number.
        if target.number.other_form().is_some() {
            let listed = search.listed(Freshness::Shared).await;
            listed.map_err(|error| operation.failed(&error, None))?;
        }
        let deregister = ChatappPhoneNumberDeregister {
            cust_space_id: target.cust_space_id.clone(),
            number: search.written(),
        };
        let answer = search.client.call(&search.bounds, &deregister).await;
        let failure = answer.as_ref().err();
        if failure.is_none_or(|error| error.may_have_had_effect) {
            *turn = LastChange::Destroyed;
            operation.context.provider().changes.note(target);
        }
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error.refuses_request() || error.may_have_had_effect => {
                Err(messages::not_deregistered(target, &error).into())
            }
            Err(error) => Err(operation.failed(&error, None)),
        }
    }

    fn question(&self, cams: &Cams) -> Question<'static> {
        Question {
            known: Presence {
                id: self.id.known().cloned(),
                status: self.status.known().cloned(),
            },
            // Only a synchronized list shows that a number has become live.
            freshness: match self.status.text().is_some_and(is_live) {
                true => Freshness::Shared,
                false => Freshness::SyncedSince(cams.began),
            },
            without_id: true,
            ..Question::default()
        }
    }

    async fn refreshed(
        operation: &NumberOperation<'_, Self>,
        state: Self,
        _presence: Presence,
        rows: &[ListedNumber],
    ) -> Self {
        let row = standing(rows).row();
        if let Some(row) = row.filter(|row| row.status.as_deref() != state.status.text()) {
            operation.warn_if_limited(row);
        }
        with_row(state, row)
    }

    fn imported(self) -> Self {
        Self {
            deregister_on_destroy: false.into(),
            wait_for_connected: true.into(),
            ..self
        }
    }

    /// Remembers whether destroying the object takes its number out of service. The plan of a
    /// replacement that the user orders (`-replace`, `replace_triggered_by`) has no prior state to tell
    /// it by.
    fn note(&self, context: Context<'_, Cams, Self>, target: &Target) {
        let private = context.private();
        match self.will_deregister_live() {
            true => private.set(WILL_DEREGISTER_LIVE, in_private_state(target)),
            false => private.remove(WILL_DEREGISTER_LIVE),
        }
    }
}

impl Model {
    /// Whether destroying the object takes a live number out of service.
    fn will_deregister_live(&self) -> bool {
        self.has_delete() && self.status.text().is_some_and(is_live)
    }
}

fn in_private_state(target: &Target) -> String {
    target.canonical().to_string()
}

impl NumberOperation<'_, Model> {
    /// Registers the number, unless it is live already. `again` says that it was registered before
    /// and is to be registered once more, live or not.
    ///
    /// Nothing is saved before the end: Terraform would destroy an object whose create then fails.
    async fn register(
        &self,
        plan: Model,
        code: &Field<Secret>,
        again: bool,
    ) -> Result<Model, Diagnostics> {
        let (client, target) = (self.search.client, self.search.target);
        let mut turn = self.turn().await?;
        // A list may still show a number as live that this process has deregistered.
        let adopts = !again && *turn != LastChange::Destroyed;
        let mut claim = self.claim().await?;
        let (found, listed) = self.find_before_sending().await?;
        let before = standing(&listed.rows);
        if adopts && let Standing::Live(row) = before {
            *turn = LastChange::Created;
            return Ok(self.adopt(plan, row));
        }
        let was_live = matches!(before, Standing::Live(_));
        let (number, id) = match before {
            Standing::Live(_) if again => (self.search.written(), None),
            _ => self.verified(&mut claim, &found, before, code).await?,
        };
        let plan = Model {
            id: plan.id.or_if_unknown(id),
            ..plan
        };
        // The state has what the list showed before, if no later list can be read.
        let plan = with_row(plan, before.row());
        let register = ChatappMigrationRegister {
            cust_space_id: target.cust_space_id.clone(),
            number,
        };
        claim.keep();
        claim.note_start(self.context.provider().clock.now());
        let claimed = self.search.bounds.clone().only_while(claim.witness());
        let unanswered = match client.call(&claimed, &register).await {
            Ok(_) => None,
            Err(error) if error.may_have_had_effect => Some(error),
            Err(error) if error.refuses_request() => {
                let adopted = self.refused(plan, &error, adopts).await?;
                *turn = LastChange::Created;
                return Ok(adopted);
            }
            Err(error) => return Err(self.failed(&error, None)),
        };
        *turn = LastChange::Created;
        // A destroy of the number at another address need not wait until the number is live.
        drop(turn);
        match unanswered {
            Some(error) if was_live => {
                Err(messages::unknown_outcome(target, &error, messages::LIVE_BEFORE, None).into())
            }
            unanswered => self.follow(plan, unanswered.as_ref()).await,
        }
    }

    /// The number that is to be registered, in the form in which CAMS knows it, and its id. It is
    /// verified first. `before` is what the list shows of it.
    async fn verified(
        &self,
        claim: &mut Claim<'_>,
        found: &Found,
        before: Standing<'_>,
        code: &Field<Secret>,
    ) -> Result<(PhoneNumber, Option<String>), Diagnostics> {
        let target = self.search.target;
        if let Standing::Banned(_) = before {
            return Err(banned::<Model>(target).into());
        }
        if found.evidence == Evidence::Absent {
            return Err(not_in_space::<Model>(target).into());
        }
        let known = self.verification(found).await?;
        let verified = match verification::code(code) {
            // Without a code, CAMS decides whether the number can be registered.
            None if known.verification == Verification::Unknown => known,
            code => self.verify(claim, known, code).await?,
        };
        let id = verified.id();
        Ok((verified.number, id))
    }

    /// The state of a number that is live already, so that nothing is done.
    fn adopt(&self, plan: Model, row: &ListedNumber) -> Model {
        let target = self.search.target;
        self.context.warn_once(already_live::<Model>(target));
        self.warn_if_limited(row);
        with_row(plan, Some(row))
    }

    /// Warns about a live number that may not send as much as others.
    fn warn_if_limited(&self, row: &ListedNumber) {
        if let Some(status) = row.status.as_deref().filter(|status| is_limited(status)) {
            self.context
                .warn(messages::limited(self.search.target, status));
        }
    }

    /// The end of a create whose registration was refused. The number may be live, because an earlier
    /// run registered it and ended before it could be stored: that is a reason to refuse.
    async fn refused(
        &self,
        plan: Model,
        error: &Error,
        adopts: bool,
    ) -> Result<Model, Diagnostics> {
        if adopts {
            let freshness = Freshness::SyncedSince(Instant::now());
            if let Ok(listed) = self.search.listed(freshness).await
                && let Standing::Live(row) = standing(&listed.rows)
            {
                return Ok(self.adopt(plan, row));
            }
        }
        Err(messages::refused(self.search.target, error).into())
    }
}
