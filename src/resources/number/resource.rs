//! The resource for a number: what all of them do alike, around what each does itself.

use std::marker::PhantomData;

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;

use crate::Cams;
use crate::validators;

use super::plan::{plan, target_of_plan, target_of_state};
use super::{NumberLifecycle, NumberOperation, import, private_state};

/// What the failure of a refresh means for the number.
const UNCHANGED: &str = "The state stays unchanged. Plan or apply again to continue.";

/// The resource whose model is an `M`.
#[derive(Debug, Default)]
pub(crate) struct NumberResource<M>(PhantomData<fn() -> M>);

impl<M: NumberLifecycle> Resource for NumberResource<M> {
    type Provider = Cams;
    type Model = M;

    fn type_name(&self) -> &'static str {
        M::TYPE
    }

    fn schema(&self) -> Schema {
        Schema {
            description: M::description().into(),
            attributes: M::attributes(),
            ..Schema::default()
        }
    }

    fn validate(&self, config: &M) -> Diagnostics {
        let mut diagnostics = validators::validate_number(config.number(), M::ATTRIBUTE_OF);
        config.check(&mut diagnostics);
        diagnostics
    }

    async fn plan(
        &self,
        context: Context<'_, Cams, M>,
        change: &mut Change<'_, M>,
    ) -> Result<(), Diagnostics> {
        let planned = plan(context, change).await?;
        M::plan(context, change, planned).await;
        Ok(())
    }

    fn plan_destroy(&self, context: Context<'_, Cams, M>, state: &M) -> Diagnostics {
        M::plan_destroy(context, state);
        Diagnostics::default()
    }

    async fn create(
        &self,
        context: Context<'_, Cams, M>,
        desired: Desired<M>,
    ) -> Result<M, Diagnostics> {
        let target = target_of_plan(&desired.plan)?;
        let limit = desired.plan.limit(M::CREATE);
        let operation = NumberOperation::new(context, &target, &limit, M::OUTCOME)?;
        let create = M::apply(&operation, None, desired);
        let created = operation.run(create).await?;
        private_state::note_start(context);
        created.note(context, &target);
        Ok(created)
    }

    async fn read(
        &self,
        context: Context<'_, Cams, M>,
        state: M,
    ) -> Result<Option<M>, Diagnostics> {
        let target = target_of_state(&state)?;
        let limit = state.limit(M::READ);
        // An imported resource has no id yet.
        private_state::identify(context);
        let operation = NumberOperation::new(context, &target, &limit, UNCHANGED)?;
        let read = operation.run(operation.refresh(state)).await?;
        if let Some(state) = &read {
            state.note(context, &target);
        }
        Ok(read)
    }

    async fn update(
        &self,
        context: Context<'_, Cams, M>,
        prior: M,
        desired: Desired<M>,
    ) -> Result<M, Diagnostics> {
        let target = target_of_plan(&desired.plan)?;
        let limit = desired.plan.limit(M::UPDATE);
        let sends = M::sends(context, &prior, &desired.plan);
        private_state::end_import(context);
        let updated = match sends {
            true => {
                let operation = NumberOperation::new(context, &target, &limit, M::OUTCOME)?;
                let update = M::apply(&operation, Some(prior), desired);
                operation.run(update).await?
            }
            false => desired.plan,
        };
        updated.note(context, &target);
        Ok(updated)
    }

    async fn delete(&self, context: Context<'_, Cams, M>, state: M) -> Result<(), Diagnostics> {
        if !state.has_delete() {
            // There is no call to make, and the plan said so.
            return Ok(());
        }
        let target = target_of_state(&state)?;
        let limit = state.limit(M::UPDATE);
        let operation = NumberOperation::new(context, &target, &limit, M::OUTCOME_OF_DELETE)?;
        operation.run(M::delete(&operation, state)).await
    }

    async fn import(
        &self,
        context: Context<'_, Cams, M>,
        target: ImportTarget<M>,
    ) -> Result<M, Diagnostics> {
        let target = import::target(&target)?;
        private_state::begin_import(context);
        Ok(M::of(target).imported())
    }
}
