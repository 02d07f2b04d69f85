//! The RPC ReadResource, by which Terraform refreshes an object.

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::read_resource::{Request, Response};
use crate::wire::value::Value;

use super::super::operations::guard;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::session::Session;
use super::apply::identity_change;
use super::{Shared, response, values};

pub(super) async fn read<P: Provider>(
    shared: &Shared<P>,
    session: &Session,
    request: Request,
) -> Result<Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let before = values::decode(
        request.current_state.as_ref(),
        &definition.ty,
        "current state",
    )?;
    let identity_before =
        values::decode_identity(request.current_identity.as_ref(), &definition.identity_ty)?;
    let data = shared.data()?;
    session.restore_private(&request.private);

    let current = match guard(resource.read(&data, session, before)).await {
        Ok(current) => current.map(Value::with_unknowns_as_null),
        // An object that could not be read stays as it was stored.
        Err(diagnostics) => {
            return Ok(Response {
                new_state: request.current_state,
                new_identity: request.current_identity,
                private: session.private(),
                ..response::of(diagnostics)
            });
        }
    };
    let Some(mut state) = current else {
        return Ok(Response {
            new_state: Some(values::encode(&Value::Null, &definition.ty, "state")?),
            ..Response::default()
        });
    };
    null_write_only(&definition.schema.attributes, &mut state);
    let identity = resource.identity(&state)?;
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(identity_change(&identity_before, &identity));
    Ok(Response {
        new_state: Some(values::encode(&state, &definition.ty, "state")?),
        new_identity: values::encode_identity(&identity, &definition.identity_ty)?,
        private: session.private(),
        ..response::of(diagnostics)
    })
}
