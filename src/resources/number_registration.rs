//! `cams_number_registration`: a number that is registered in a space, the cut-over of a migration.

mod messages;
mod schema;
mod wait;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use base::secret::Secret;
use cams::operations::{
    ChatappMigrationRegister, ChatappMigrationVerified, ChatappPhoneNumberDeregister,
    ChatappSyncPhoneNumber, GetPhoneNumberVerificationStatus, ListedNumber,
    QueryChatappPhoneNumbers,
};
use cams::{Error, Freshness, Operation};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired};
use tokio::time::Instant;

use crate::Cams;
use crate::changes::LastChange;
use crate::evidence::{Evidence, Presence};
use crate::numbers::{Question, Target};

use super::number::messages::{already_live, banned, kept, not_in_space};
use super::number::plan::{NumberPlan, target_of_plan};
use super::number::standing::{Standing, is_limited, is_live, standing};
use super::number::verification;
use super::number::{NumberLifecycle, NumberOperation, private_state};

pub use schema::Model;

/// The operations that the resource calls.
pub(crate) const OPERATIONS: [&str; 6] = [
    ChatappMigrationRegister::ACTION,
    ChatappMigrationVerified::ACTION,
    ChatappPhoneNumberDeregister::ACTION,
    ChatappSyncPhoneNumber::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
    QueryChatappPhoneNumbers::ACTION,
];

/// The key of the private state for the number that a destroy of the object takes out of service.
const CUTS: &str = "cuts";

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
            let cut = cut.and_then(|replaced| replaced.get::<String>(CUTS));
            let target = target_of_plan(change.plan);
            if cut.is_some() && cut == target.ok().as_ref().map(in_private_state) {
                context.warn(messages::cuts(change.plan));
            }
            return;
        };
        if planned.is_replacement {
            context.warn_once(messages::registers());
            if prior.is_cut_by_destroy() {
                context.warn(messages::cuts(prior));
            }
        } else if Self::sends(context, prior, change.plan) {
            context.warn_once(messages::registers());
            let plan = &mut *change.plan;
            for shown in [
                &mut plan.status,
                &mut plan.quality_rating,
                &mut plan.messaging_limit_tier,
                &mut plan.verified_name,
                &mut plan.name_status,
                &mut plan.is_official,
            ] {
                *shown = Field::Unknown;
            }
        } else if prior.triggers != change.plan.triggers {
            context.warn_once(messages::only_stored());
        }
    }

    fn plan_destroy(context: Context<'_, Cams, Self>, state: &Self) {
        if state.is_cut_by_destroy() {
            context.warn(messages::cuts(state));
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
        Desired { config, plan }: Desired<Self>,
    ) -> Result<Self, Diagnostics> {
        let again = prior.is_some();
        // What no later list shows stays as it was known.
        let plan = match prior {
            Some(prior) => Self {
                status: prior.status,
                quality_rating: prior.quality_rating,
                messaging_limit_tier: prior.messaging_limit_tier,
                verified_name: prior.verified_name,
                name_status: prior.name_status,
                is_official: prior.is_official,
                ..plan
            },
            None => plan,
        };
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
                .warn(kept::<Model>(operation.search.target));
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
        match self.is_cut_by_destroy() {
            true => private.set(CUTS, in_private_state(target)),
            false => private.remove(CUTS),
        }
    }
}

impl Model {
    /// Whether destroying the object takes a live number out of service.
    fn is_cut_by_destroy(&self) -> bool {
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
        let was_live = matches!(standing(&listed.rows), Standing::Live(_));
        let (number, id) = match standing(&listed.rows) {
            Standing::Banned(_) => return Err(banned::<Model>(target).into()),
            Standing::Live(row) if adopts => {
                *turn = LastChange::Created;
                return Ok(self.adopt(plan, row));
            }
            Standing::Live(_) if again => (self.search.written(), None),
            _ if found.evidence == Evidence::Absent => {
                return Err(not_in_space::<Model>(target).into());
            }
            _ => {
                let code = verification::code(code);
                let verified = self.verify(&mut claim, &found, code).await?;
                let id = verified.id();
                (verified.number, id)
            }
        };
        let plan = Model {
            id: plan.id.or_if_unknown(id),
            ..plan
        };
        // The state has what the list showed before, if no later list can be read.
        let plan = with_row(plan, standing(&listed.rows).row());
        let register = ChatappMigrationRegister {
            cust_space_id: target.cust_space_id.clone(),
            number,
        };
        claim.keep();
        let claims = &self.context.provider().claims;
        claims.note_start(&target.cust_space_id);
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

/// The state with what a row of the list shows. What no row shows stays as it is known.
pub(crate) fn with_row(model: Model, row: Option<&ListedNumber>) -> Model {
    let shown = |known: Field<String>, of: fn(&ListedNumber) -> &Option<String>| {
        let shown = row.and_then(|row| of(row).clone());
        shown.or(known.text().map(str::to_owned)).into()
    };
    Model {
        id: shown(model.id, |_| &None),
        status: shown(model.status, |row| &row.status),
        quality_rating: shown(model.quality_rating, |row| &row.quality_rating),
        messaging_limit_tier: shown(model.messaging_limit_tier, |row| &row.messaging_limit_tier),
        verified_name: shown(model.verified_name, |row| &row.verified_name),
        name_status: shown(model.name_status, |row| &row.name_status),
        is_official: shown(model.is_official, |row| &row.is_official),
        ..model
    }
}
