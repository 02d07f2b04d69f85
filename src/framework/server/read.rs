//! ReadResource.

use crate::protocol::diagnostic::Diagnostics;
use crate::protocol::tfplugin6::read_resource::{Request, Response};
use crate::protocol::value::Value;

use super::super::operations::guard;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::session::Session;
use super::apply::identity_change;
use super::{Shared, answer};

pub(super) async fn read<P: Provider>(
    shared: &Shared<P>,
    session: &Session,
    request: Request,
) -> Result<Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let before = answer::decode(
        request.current_state.as_ref(),
        &definition.ty,
        "current state",
    )?;
    let identity_before =
        answer::decode_identity(request.current_identity.as_ref(), &definition.identity_ty)?;
    let data = shared.data()?;
    session.restore_private(&request.private);

    let found = match guard(resource.read(&data, session, before)).await {
        Ok(found) => found.map(Value::with_unknowns_as_null),
        // What could not be read stays as it was stored.
        Err(told) => {
            return Ok(Response {
                new_state: request.current_state,
                new_identity: request.current_identity,
                private: session.private(),
                ..answer::of(told)
            });
        }
    };
    let Some(mut state) = found else {
        return Ok(Response {
            new_state: Some(answer::encode(&Value::Null, &definition.ty, "state")?),
            ..Response::default()
        });
    };
    null_write_only(&definition.schema.attributes, &mut state);
    let identity = resource.identity(&state)?;
    let mut told = Diagnostics::default();
    told.extend(identity_change(&identity_before, &identity));
    Ok(Response {
        new_state: Some(answer::encode(&state, &definition.ty, "state")?),
        new_identity: answer::encode_identity(&identity, &definition.identity_ty)?,
        private: session.private(),
        ..answer::of(told)
    })
}
