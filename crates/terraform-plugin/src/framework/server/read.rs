//! The RPC ReadResource, by which Terraform refreshes an object.

use crate::wire::diagnostic::Result;
use crate::wire::tfplugin6::read_resource::{Request, Response};

use super::super::context;
use super::super::identity;
use super::super::operations::guard;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::apply::identity_change;
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn read_resource(&self, request: Request) -> Result<Response> {
        let resource = self.resource(&request.type_name)?;
        let definition = &resource.definition;
        let (ty, identity_ty) = (&definition.base.ty, &definition.identity_ty);
        let before = values::decode(request.current_state.as_ref(), ty, "current state")?;
        let identity_before =
            values::decode_identity(request.current_identity.as_ref(), identity_ty)?;
        let data = self.data()?;
        self.record().private = context::decode(&request.private);

        let call = self.context(&data);
        let mut state = match guard(resource.code.read(call, before)).await {
            Ok(state) => state.with_unknowns_as_null(),
            // An object that could not be read stays as it was stored.
            Err(errors) => {
                let mut record = self.record();
                record.diagnostics.extend(errors);
                return Ok(Response {
                    new_state: request.current_state,
                    new_identity: request.current_identity,
                    private: context::encode(&record.private),
                    ..Response::default()
                });
            }
        };
        null_write_only(&definition.base.schema.attributes, &mut state);
        let identity = identity::of_state(&definition.base.schema, &state);
        let mut record = self.record();
        record
            .diagnostics
            .extend(identity_change(&identity_before, &identity));
        Ok(Response {
            new_state: values::encode(&state, ty, "state")?,
            new_identity: values::encode_identity(&identity, identity_ty)?,
            private: match state.is_null() {
                true => Vec::new(),
                false => context::encode(&record.private),
            },
            ..Response::default()
        })
    }
}
