//! The RPC PlanResourceChange: the plan of a create, an update or a destroy.

use crate::wire::diagnostic::Result;
use crate::wire::tfplugin6::plan_resource_change::{Request, Response};

use super::super::context;
use super::super::identity;
use super::super::plan;
use super::super::provider::Provider;
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn plan_resource_change(&self, request: Request) -> Result<Response> {
        let resource = self.resource(&request.type_name)?;
        let definition = &resource.definition;
        let ty = &definition.base.ty;
        let prior = values::decode(request.prior_state.as_ref(), ty, "prior state")?;
        let proposed = values::decode(request.proposed_new_state.as_ref(), ty, "proposed state")?;

        let data = self.data()?;
        let call = self.context(&data);
        let private = context::decode(&request.prior_private);
        if proposed.is_null() {
            self.record().private = private;
            resource.code.plan_destroy(call, prior)?;
            return Ok(Response {
                planned_state: values::encode(&proposed, ty, "planned state")?,
                planned_private: request.prior_private,
                planned_identity: request.prior_identity,
                ..Response::default()
            });
        }

        let config = values::decode(request.config.as_ref(), ty, "configuration")?;
        // For an object that replaces another, Terraform sends the private state of the one that is
        // replaced. A new object begins without any, and can only look at it.
        match prior.is_null() {
            true if request.prior_private.is_empty() => {}
            true => self.record().replaced = Some(private),
            false => self.record().private = private,
        }
        // The schema's rules come first: the author adjusts their result, and what is replaced
        // depends on the plan as the author leaves it.
        let attributes = &definition.base.schema.attributes;
        let plan = plan::planned(attributes, &config, &prior, proposed);
        let planned = resource
            .code
            .plan(call, config, prior.clone(), plan)
            .await?;
        let (state, mut replace) = planned;
        replace.extend(plan::replacements(attributes, &prior, &state));
        replace.sort();
        replace.dedup();
        // An object keeps its identity for as long as it exists. For one that is replaced,
        // Terraform plans a second time without a prior state, and then the new object gets its own
        // identity.
        let planned_identity = match request.prior_identity {
            Some(identity) if !prior.is_null() => Some(identity),
            // OpenTofu stores a planned identity even if parts of it are unknown, and then fails to
            // write the plan.
            _ => match identity::of_state(&definition.base.schema, &state) {
                identity if identity.is_wholly_known() => {
                    values::encode_identity(&identity, &definition.identity_ty)?
                }
                _ => None,
            },
        };
        Ok(Response {
            planned_state: values::encode(&state, ty, "planned state")?,
            requires_replace: replace.iter().map(Into::into).collect(),
            planned_private: context::encode(&self.record().private),
            planned_identity,
            ..Response::default()
        })
    }
}
