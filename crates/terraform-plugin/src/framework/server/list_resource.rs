//! The RPC ListResource, by which `terraform query` finds the objects that a resource could manage.

use tonic::Response;
use tonic::codegen::BoxStream;

use crate::wire::diagnostic::{Diagnostic, Result};
use crate::wire::tfplugin6::list_resource::{Event, Request};
use crate::wire::value::Value;

use super::super::erased::ResourceOffer;
use super::super::identity;
use super::super::list_resource::ListOutput;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::{Server, values};
use base::foreign_text;

impl<P: Provider> Server<P> {
    /// Lists objects. The stream has one event for each, and one more for the diagnostics if there
    /// are any.
    pub(crate) fn list(&self, request: Request) -> Response<BoxStream<Event>> {
        let name = Some(("tf_list_resource_type", request.type_name.clone()));
        // Terraform takes a list as ended with its stream.
        let last = |diagnostic: Vec<_>| {
            (!diagnostic.is_empty()).then(|| Event {
                diagnostic,
                ..Event::default()
            })
        };
        self.stream("ListResource", &name, last, |call, events| async move {
            let offers = &call.shared.offers;
            let list = offers.lists.find(&request.type_name)?;
            let resource = offers.resources.find(&request.type_name)?;
            let ty = &list.definition.ty;
            let config = values::decode(request.config.as_ref(), ty, "configuration")?;
            let data = call.data()?;
            let context = call.context(&data);
            let with_object = request.include_resource_object;
            let output = ListOutput {
                events: &events,
                stop: context.stop(),
                event: &|name, state| event(resource, &name, state, with_object),
                wanted: u64::try_from(request.limit).ok().filter(|limit| *limit > 0),
            };
            (list.code)(context, config, output).await
        })
    }
}

/// The event for an object with this state.
fn event<D>(
    resource: &ResourceOffer<D>,
    display_name: &str,
    mut state: Value,
    with_object: bool,
) -> Result<Event> {
    let definition = &resource.definition;
    null_write_only(&definition.base.schema.attributes, &mut state);
    let identity = identity::of_state(&definition.base.schema, &state);
    if !values::is_complete(&identity) {
        return Err(Diagnostic::error(
            "Incomplete Identity",
            "The provider listed an object without saying all parts of its identity. This is \
             always a bug in the provider: please report it.",
        )
        .into());
    }
    Ok(Event {
        identity: values::encode_identity(&identity, &definition.identity_ty)?,
        display_name: foreign_text::line(display_name),
        resource_object: match with_object {
            true => values::encode(&state, &definition.base.ty, "listed object")?,
            false => None,
        },
        diagnostic: Vec::new(),
    })
}
