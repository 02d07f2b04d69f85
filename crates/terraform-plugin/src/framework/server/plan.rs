//! The RPC PlanResourceChange: the plan of a create, an update or a destroy.

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::plan_resource_change::{Request, Response};

use super::super::provider::Provider;
use super::super::session::Session;
use super::{Shared, response, values};

pub(super) async fn plan<P: Provider>(
    shared: &Shared<P>,
    session: &Session,
    request: Request,
) -> Result<Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let prior = values::decode(request.prior_state.as_ref(), &definition.ty, "prior state")?;
    let proposed = values::decode(
        request.proposed_new_state.as_ref(),
        &definition.ty,
        "proposed state",
    )?;

    let data = shared.data()?;
    if proposed.is_null() {
        session.restore_private(&request.prior_private);
        let diagnostics = resource.plan_destroy(&data, session, prior)?;
        return Ok(Response {
            planned_state: Some(values::encode(&proposed, &definition.ty, "planned state")?),
            planned_private: request.prior_private,
            planned_identity: request.prior_identity,
            ..response::of(diagnostics)
        });
    }

    let config = values::decode(request.config.as_ref(), &definition.ty, "configuration")?;
    // For an object that replaces another, Terraform sends the private state of the one that is
    // replaced. A new object begins without any, and is only shown it.
    match prior.is_null() {
        true => session.restore_replaced(&request.prior_private),
        false => session.restore_private(&request.prior_private),
    }
    let planned = resource
        .plan(&data, session, config, prior.clone(), proposed)
        .await?;
    // An object keeps its identity for as long as it exists. For one that is replaced, Terraform
    // plans a second time without a prior state, and then the new object gets its own identity.
    let planned_identity = match request.prior_identity {
        Some(identity) if !prior.is_null() => Some(identity),
        // OpenTofu stores a planned identity even if parts of it are unknown, and then fails to
        // write the plan.
        _ => match resource.identity(&planned.state)? {
            identity if identity.is_wholly_known() => {
                values::encode_identity(&identity, &definition.identity_ty)?
            }
            _ => None,
        },
    };
    Ok(Response {
        planned_state: Some(values::encode(
            &planned.state,
            &definition.ty,
            "planned state",
        )?),
        requires_replace: planned.replace.iter().map(Into::into).collect(),
        planned_private: session.private(),
        planned_identity,
        ..Response::default()
    })
}
