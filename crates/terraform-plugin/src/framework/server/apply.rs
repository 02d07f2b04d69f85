//! The RPC ApplyResourceChange: create, update and delete, and what Terraform stores however they
//! end.

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::tfplugin6::apply_resource_change::{Request, Response};
use crate::wire::value::Value;

use super::super::erased::ErasedResource;
use super::super::operations::guard;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::resource::Desired;
use super::super::session::Session;
use super::{Shared, response, values};

pub(super) async fn apply<P: Provider>(
    shared: &Shared<P>,
    session: &Session,
    request: Request,
) -> Result<Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let prior = values::decode(request.prior_state.as_ref(), &definition.ty, "prior state")?;
    let planned = values::decode(
        request.planned_state.as_ref(),
        &definition.ty,
        "planned state",
    )?;
    let planned_identity =
        values::decode_identity(request.planned_identity.as_ref(), &definition.identity_ty)?;
    let config = values::decode(request.config.as_ref(), &definition.ty, "configuration")?;
    let data = shared.data()?;
    session.restore_private(&request.planned_private);

    let updates = !prior.is_null() && !planned.is_null();
    let desired = Desired {
        config,
        plan: planned,
    };
    let (state, mut diagnostics) = perform(resource, &data, session, prior, desired).await;
    let mut state = settle(state, &mut diagnostics);
    null_write_only(&definition.schema.attributes, &mut state);

    // The object is stored even if its identity cannot be computed.
    let identity = match state.is_null() {
        true => Ok(Value::Null),
        false => guard(async { resource.identity(&state) }).await,
    };
    let identity = identity.unwrap_or_else(|more| {
        diagnostics.extend(more);
        Value::Null
    });
    if updates {
        diagnostics.extend(identity_change(&planned_identity, &identity));
    }
    Ok(Response {
        new_state: Some(values::encode(&state, &definition.ty, "new state")?),
        private: match state.is_null() {
            true => Vec::new(),
            false => session.private(),
        },
        new_identity: values::encode_identity(&identity, &definition.identity_ty)?,
        ..response::of(diagnostics)
    })
}

/// Runs the operation, and gives the state to store together with the diagnostics of a failure.
///
/// After a failure, the state is the one that the operation saved, or else the prior one, which is
/// null for an object that was to be created.
async fn perform<D: Send + Sync + 'static>(
    resource: &dyn ErasedResource<D>,
    data: &D,
    session: &Session,
    prior: Value,
    desired: Desired<Value>,
) -> (Value, Diagnostics) {
    let result = match (prior.is_null(), desired.plan.is_null()) {
        (true, _) => guard(resource.create(data, session, desired)).await,
        (false, true) => guard(resource.delete(data, session, prior.clone()))
            .await
            .map(|()| Value::Null),
        (false, false) => guard(resource.update(data, session, prior.clone(), desired)).await,
    };
    match result {
        Ok(state) => (state, Diagnostics::default()),
        Err(diagnostics) => (session.saved().unwrap_or(prior), diagnostics),
    }
}

/// Replaces what is still unknown after the operation by null, and adds an error for each such
/// value. Terraform refuses a new state with unknown values, and would lose the object.
fn settle(state: Value, diagnostics: &mut Diagnostics) -> Value {
    for path in state.unknown_paths() {
        diagnostics.push(
            Diagnostic::error(
                "Unknown Value After Apply",
                format!(
                    "The provider did not say what {path} became. This is always a bug in the \
                     provider: please report it."
                ),
            )
            .at(path),
        );
    }
    state.with_unknowns_as_null()
}

/// The error for an object whose identity has changed, if it has. That a part becomes known which
/// was null or unknown is not a change.
pub(super) fn identity_change(before: &Value, after: &Value) -> Option<Diagnostic> {
    let parts = before.attributes().zip(after.attributes());
    let changed = parts.is_some_and(|(before, after)| {
        before.iter().any(|(name, part)| {
            !part.is_null() && part.is_wholly_known() && after.get(name) != Some(part)
        })
    });
    changed.then(|| {
        Diagnostic::error(
            "Unexpected Identity Change",
            "The object's identity is no longer the one Terraform stored, although an identity \
             never changes. This is always a bug in the provider: please report it.",
        )
    })
}
