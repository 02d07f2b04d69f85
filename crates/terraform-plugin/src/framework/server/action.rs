//! The RPCs PlanAction and InvokeAction.

use tonic::Response;
use tonic::codegen::BoxStream;

use crate::wire::diagnostic::Result;
use crate::wire::tfplugin6::invoke_action::{self, event};
use crate::wire::tfplugin6::plan_action;

use super::super::action::Progress;
use super::super::provider::Provider;
use super::run::RpcCall;
use super::{Server, values};

impl<P: Provider> RpcCall<P> {
    /// An action has no plan. This only checks that its configuration can be read.
    pub(crate) async fn plan_action(
        &self,
        request: plan_action::Request,
    ) -> Result<plan_action::Response> {
        let action = self.shared.offers.actions.find(&request.action_type)?;
        let ty = &action.definition.ty;
        values::decode(request.config.as_ref(), ty, "configuration")?;
        Ok(plan_action::Response::default())
    }
}

impl<P: Provider> Server<P> {
    /// Does what the action is for. The stream has the messages about its progress, and at last
    /// that it has ended.
    pub(crate) fn invoke(
        &self,
        request: invoke_action::Request,
    ) -> Response<BoxStream<invoke_action::Event>> {
        let name = Some(("tf_action_type", request.action_type.clone()));
        // Terraform takes an action as done only at this event.
        let last = |diagnostics| {
            let completed = event::Type::Completed(event::Completed { diagnostics });
            Some(invoke_action::Event {
                r#type: Some(completed),
            })
        };
        self.stream("InvokeAction", &name, last, |call, events| async move {
            let action = call.shared.offers.actions.find(&request.action_type)?;
            let ty = &action.definition.ty;
            let config = values::decode(request.config.as_ref(), ty, "configuration")?;
            let data = call.data()?;
            let context = call.context(&data);
            let (events, stop) = (&events, context.stop());
            (action.code)(context, config, Progress { events, stop }).await
        })
    }
}
