//! `cams_number_verification`: a number whose phone was proved, days before its registration.

mod messages;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use cams::Freshness;
use cams::operations::ListedNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired};

use crate::Cams;
use crate::evidence::{self, Presence};
use crate::numbers::{Question, Search, Target};

use super::number::messages::{already_live, banned, not_in_space};
use super::number::plan::{NumberPlan, target_of_plan};
use super::number::standing::{Standing, standing};
use super::number::{NumberLifecycle, NumberOperation, READ, verification};

pub use schema::Model;
pub(crate) use schema::OPERATIONS;

/// `cams_number_verification`, which submits the code that a phone received.
impl NumberLifecycle for Model {
    const OUTCOME: &'static str = "The code was not submitted. Apply again to continue.";

    async fn plan(
        context: Context<'_, Cams, Self>,
        change: &mut Change<'_, Self>,
        planned: NumberPlan,
    ) {
        let submits = |prior| Self::sends(context, prior, change.plan);
        if !planned.is_replacement && !change.prior.is_none_or(submits) {
            return;
        }
        if change.prior.is_some() {
            change.plan.code_verification_status = Field::Unknown;
        }
        let has_code = change.config.verify_code_wo.is_unknown()
            || verification::code(&change.config.verify_code_wo).is_some();
        if !has_code && let Ok(target) = target_of_plan(change.plan) {
            warn_of_missing_code(context, &target).await;
        }
    }

    fn sends(_context: Context<'_, Cams, Self>, prior: &Self, plan: &Self) -> bool {
        prior.verify_code_wo_version != plan.verify_code_wo_version
    }

    /// Submits the code, unless the number is verified or live already.
    async fn apply(
        operation: &NumberOperation<'_, Self>,
        _prior: Option<Self>,
        Desired { config, plan }: Desired<Self>,
    ) -> Result<Self, Diagnostics> {
        let target = operation.search.target;
        let mut claim = operation.claim().await?;
        let (found, listed) = operation.find_before_sending().await?;
        match standing(&listed.rows) {
            Standing::Banned(_) => return Err(banned::<Self>(target).into()),
            Standing::Live(row) => {
                operation.context.warn_once(already_live::<Self>(target));
                let shown = row.code_verification_status.clone();
                return Ok(with_status(plan, None, shown));
            }
            _ if found.evidence == evidence::Evidence::Absent => {
                return Err(not_in_space::<Self>(target).into());
            }
            _ => {}
        }
        let code = verification::code(&config.verify_code_wo);
        let known = operation.verification(&found).await?;
        let verified = operation.verify(&mut claim, known, code).await?;
        let status = evidence::VERIFIED.to_owned();
        Ok(with_status(plan, verified.id(), Some(status)))
    }

    fn question(&self, _cams: &Cams) -> Question<'static> {
        Question {
            known: Presence {
                id: self.id.known().cloned(),
                status: None,
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
        let freshness = Freshness::SyncedSince(operation.context.provider().began);
        // Only a synchronized list shows a verification. On a live number it means nothing.
        let synced = match standing(rows) {
            Standing::Live(_) => None,
            _ => operation.search.listed(freshness).await.ok(),
        };
        let rows = synced.as_ref().map_or(rows, |listed| &listed.rows);
        let row = standing(rows).row();
        let shown = row.and_then(|row| row.code_verification_status.clone());
        let known = state.code_verification_status.known().cloned();
        with_status(state, None, shown.or(known))
    }
}

/// The state of a number with this id, if it is not planned, and this status.
fn with_status(model: Model, id: Option<String>, status: Option<String>) -> Model {
    Model {
        id: model.id.or_if_unknown(id),
        code_verification_status: status.into(),
        ..model
    }
}

/// Warns once about numbers that need a code and have none, as far as the list shows it. Nothing
/// depends on the answer: if there is none, the apply finds out.
async fn warn_of_missing_code(context: Context<'_, Cams, Model>, target: &Target) {
    let Ok(client) = context.provider().client() else {
        return;
    };
    let limit = READ.limit(None);
    let bounds = cams::Bounds::new(limit.duration, context.stop().clone());
    let search = Search {
        client,
        bounds,
        target,
    };
    let Ok(listed) = search.listed(Freshness::Shared).await else {
        return;
    };
    let standing = standing(&listed.rows);
    if !standing.is_verified() && !matches!(standing, Standing::Live(_)) {
        context.warn_once(messages::no_code(target));
    }
}
