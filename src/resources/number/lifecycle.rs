//! What each resource for a number does itself, and when the state forgets a number.

use std::future::Future;

use cams::operations::ListedNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::resource::{Change, Desired};

use crate::Cams;
use crate::evidence::{Evidence, Presence, has_moved_out};
use crate::numbers::{Question, Target};

use super::plan::NumberPlan;
use super::{NumberModel, NumberOperation, messages, private_state};

/// What a resource for a number does beyond what all of them do.
pub(crate) trait NumberLifecycle: NumberModel {
    /// What the failure of a create or an update means for the number, in whole sentences.
    const OUTCOME: &'static str;
    /// What the failure of a destroy means for it.
    const OUTCOME_OF_DELETE: &'static str = Self::OUTCOME;

    /// Checks a configuration beyond its number.
    fn check(&self, _invalid: &mut Diagnostics) {}

    /// Adjusts a plan whose space and number are planned, and warns about it.
    fn plan(
        _context: Context<'_, Cams, Self>,
        _change: &mut Change<'_, Self>,
        _planned: NumberPlan,
    ) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Warns about a plan to destroy the object.
    fn plan_destroy(_context: Context<'_, Cams, Self>, _state: &Self) {}

    /// Whether an update makes a call. If not, the new state is what was planned.
    fn sends(context: Context<'_, Cams, Self>, prior: &Self, plan: &Self) -> bool;

    /// Creates the object, or updates the one with this prior state.
    ///
    /// # Errors
    ///
    /// If the object is not as desired afterwards, or may not be. A create stores nothing then, unless
    /// it has saved a state before.
    fn apply(
        operation: &NumberOperation<'_, Self>,
        prior: Option<Self>,
        desired: Desired<Self>,
    ) -> impl Future<Output = Result<Self, Diagnostics>> + Send;

    /// Whether destroying the object makes a call, for which [`Self::delete`] is there.
    fn has_delete(&self) -> bool {
        false
    }

    /// Destroys the object.
    ///
    /// # Errors
    ///
    /// If the object may still be there.
    fn delete(
        _operation: &NumberOperation<'_, Self>,
        _state: Self,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// What a refresh asks about the number.
    fn question(&self, _cams: &Cams) -> Question<'static> {
        Question {
            without_id: true,
            ..Question::default()
        }
    }

    /// The state of a number that a refresh has found in the space. There are no rows if only the
    /// lookup shows it.
    fn refreshed(
        _operation: &NumberOperation<'_, Self>,
        state: Self,
        _presence: Presence,
        _rows: &[ListedNumber],
    ) -> impl Future<Output = Self> + Send {
        async { state }
    }

    /// The state that an import begins with, from one that names the number alone: with the defaults,
    /// so that a configuration without them changes nothing.
    fn imported(self) -> Self {
        self
    }

    /// Notes in the private state what later plans have to know of the state.
    fn note(&self, _context: Context<'_, Cams, Self>, _target: &Target) {}
}

impl<M: NumberLifecycle> NumberOperation<'_, M> {
    /// The state as it is now. The state forgets a number only if it is proved absent, and its create
    /// is more than an hour ago. One that was imported and never read must be found.
    ///
    /// # Errors
    ///
    /// If neither operation answers, or does not show a number that is imported.
    pub(crate) async fn refresh(&self, state: M) -> Result<Option<M>, Diagnostics> {
        let (context, target) = (self.context, self.search.target);
        let is_imported = private_state::was_never_read(context);
        let may_forget = !private_state::just_started(context);
        let question = Question {
            lookups: Some(&context.provider().lookups).filter(|_| !is_imported),
            may_forget,
            ..state.question(context.provider())
        };
        let found = self.find(question).await?;
        match found.evidence {
            Evidence::Present(presence) => {
                if is_imported {
                    private_state::note_start(context);
                }
                let rows = found.listed.map(|listed| listed.rows).unwrap_or_default();
                Ok(Some(M::refreshed(self, state, presence, &rows).await))
            }
            Evidence::Absent if is_imported => Ok(None),
            Evidence::Absent if may_forget => {
                let has_moved_out = found.listed.as_ref().is_ok_and(has_moved_out);
                context.warn(messages::removed_from_state::<M>(target, has_moved_out));
                Ok(None)
            }
            Evidence::Inconclusive if is_imported => {
                Err(messages::not_importable(target, found.failed()).into())
            }
            Evidence::Inconclusive
                if matches!(found.looked_up, Some(Ok(_))) && found.listed.is_ok() =>
            {
                context.warn_once(messages::not_confirmed::<M>(target));
                Ok(Some(state))
            }
            Evidence::Absent | Evidence::Inconclusive => Ok(Some(state)),
        }
    }
}
