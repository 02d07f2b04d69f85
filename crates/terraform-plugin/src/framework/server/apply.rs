//! The RPC ApplyResourceChange: create, update and delete, and what Terraform stores however they
//! end.

use crate::wire::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::wire::tfplugin6::apply_resource_change::{Request, Response};
use crate::wire::value::Value;

use super::super::context;
use super::super::identity;
use super::super::operations::guard;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::resource::Desired;
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn apply_resource_change(&self, request: Request) -> Result<Response> {
        let resource = self.resource(&request.type_name)?;
        let definition = &resource.definition;
        let (ty, identity_ty) = (&definition.base.ty, &definition.identity_ty);
        let prior = values::decode(request.prior_state.as_ref(), ty, "prior state")?;
        let plan = values::decode(request.planned_state.as_ref(), ty, "planned state")?;
        let config = values::decode(request.config.as_ref(), ty, "configuration")?;
        let planned_identity =
            values::decode_identity(request.planned_identity.as_ref(), identity_ty)?;
        let data = self.data()?;
        self.record().private = context::decode(&request.planned_private);

        // After a failure, the state is the one that the operation saved, or else the prior one,
        // which is null for an object that was to be created.
        let updates = !prior.is_null() && !plan.is_null();
        let desired = Desired { config, plan };
        let call = self.context(&data);
        let applied = guard(resource.code.apply(call, prior.clone(), desired)).await;
        let (state, mut errors) = match applied {
            Ok(state) => (state, Diagnostics::default()),
            Err(errors) => {
                let saved = self.record().saved.take();
                (saved.unwrap_or(prior), errors)
            }
        };
        // Terraform refuses a new state with unknown values, and would lose the object.
        errors.extend(values::left_unknown(&state, "After Apply"));
        let mut state = state.with_unknowns_as_null();
        null_write_only(&definition.base.schema.attributes, &mut state);

        let identity = identity::of_state(&definition.base.schema, &state);
        if updates {
            errors.extend(identity_change(&planned_identity, &identity));
        }
        let mut record = self.record();
        record.diagnostics.extend(errors);
        Ok(Response {
            new_state: values::encode(&state, ty, "new state")?,
            private: match state.is_null() {
                true => Vec::new(),
                false => context::encode(&record.private),
            },
            new_identity: values::encode_identity(&identity, identity_ty)?,
            ..Response::default()
        })
    }
}

/// The error for an object whose identity has changed, if it has. That a part becomes known which
/// was null or unknown is not a change.
pub(crate) fn identity_change(before: &Value, after: &Value) -> Option<Diagnostic> {
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
