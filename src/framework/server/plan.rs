//! PlanResourceChange.

use crate::protocol::diagnostic::Diagnostics;
use crate::protocol::tfplugin6::plan_resource_change::{Request, Response};

use super::super::provider::Provider;
use super::super::session::Session;
use super::{Shared, answer};

pub(super) async fn plan<P: Provider>(
    shared: &Shared<P>,
    session: &Session,
    request: Request,
) -> Result<Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let prior = answer::decode(request.prior_state.as_ref(), &definition.ty, "prior state")?;
    let proposed = answer::decode(
        request.proposed_new_state.as_ref(),
        &definition.ty,
        "proposed state",
    )?;

    let data = shared.data()?;
    if proposed.is_null() {
        session.restore_private(&request.prior_private);
        let told = resource.plan_destroy(&data, session, prior)?;
        return Ok(Response {
            planned_state: Some(answer::encode(&proposed, &definition.ty, "planned state")?),
            planned_private: request.prior_private,
            planned_identity: request.prior_identity,
            ..answer::of(told)
        });
    }

    let config = answer::decode(request.config.as_ref(), &definition.ty, "configuration")?;
    // A new object has nothing of the one it replaces, whose private state Terraform sends all the
    // same.
    match prior.is_null() {
        true => session.restore_replaced(&request.prior_private),
        false => session.restore_private(&request.prior_private),
    }
    let planned = resource
        .plan(&data, session, config, prior.clone(), proposed)
        .await?;
    // An object keeps its identity for life; one that is replaced gets its own in a second plan without prior state.
    let planned_identity = match request.prior_identity {
        Some(identity) if !prior.is_null() => Some(identity),
        // OpenTofu stores what is planned here without asking whether it is known, and cannot write
        // it then.
        _ => match resource.identity(&planned.state)? {
            identity if identity.is_wholly_known() => {
                answer::encode_identity(&identity, &definition.identity_ty)?
            }
            _ => None,
        },
    };
    Ok(Response {
        planned_state: Some(answer::encode(
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
