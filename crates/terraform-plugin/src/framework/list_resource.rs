//! List resources: the trait that the author of one implements, and how it reports what it finds.

use std::future::Future;
use std::marker::PhantomData;

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::list_resource::Event;
use crate::wire::value::Value;

use super::context::Context;
use super::model::{FieldType, Model};
use super::resource::Resource;
use super::schema::Schema;
use super::session::send;

/// A list of the remote objects that a resource could manage, for `terraform query`.
pub trait ListResource: Send + Sync + 'static {
    /// The resource whose objects it lists. The provider offers it too.
    type Resource: Resource;
    /// The model of the configuration, such as filters.
    type Config: Model;

    /// The type of the resource in HCL, which is also that of the list.
    fn type_name(&self) -> &'static str;

    /// The schema of the configuration.
    fn schema(&self) -> Schema;

    /// Checks what concerns several attributes together; validators of the schema check single
    /// ones. Values may be unknown.
    fn validate(&self, _config: &Self::Config) -> Diagnostics {
        Diagnostics::default()
    }

    /// Finds the objects, and reports each by [`Listing::report`]. The configuration is known.
    ///
    /// # Errors
    ///
    /// Why not all objects could be found. Those that were reported before are kept.
    fn list(
        &self,
        context: Context<'_, <Self::Resource as Resource>::Provider>,
        config: Self::Config,
        found: Listing<'_, Self::Resource>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

/// Takes the objects that a list finds, and sends each to Terraform.
pub struct Listing<'a, R> {
    output: ListOutput<'a>,
    resource: PhantomData<fn(R)>,
}

/// Where the objects of any resource go.
pub(crate) struct ListOutput<'a> {
    pub(crate) events: &'a Sender<Result<Event, Status>>,
    pub(crate) stop: &'a CancellationToken,
    /// Makes the event for an object from its display name and its state.
    pub(crate) event: &'a (dyn Fn(String, Value) -> Result<Event, Diagnostics> + Send + Sync),
    /// How many more objects Terraform wants; `None` if that is not limited.
    pub(crate) wanted: Option<u64>,
}

impl<'a, R: Resource> Listing<'a, R> {
    pub(crate) fn new(output: ListOutput<'a>) -> Self {
        Self {
            output,
            resource: PhantomData,
        }
    }

    /// Reports an object: a name that users recognize it by, and its state, of which unknown parts
    /// count as null. Its identity must be complete.
    ///
    /// It gives false when no more objects are wanted, because the limit of the query is reached, the
    /// query has ended, or the list is to stop and Terraform does not read. The list should then end.
    ///
    /// # Errors
    ///
    /// If the object has no complete identity, which is a bug in the provider. The list should then
    /// return the error.
    pub async fn report(
        &mut self,
        display_name: impl Into<String>,
        state: R::Model,
    ) -> Result<bool, Diagnostics> {
        let output = &mut self.output;
        if output.wanted == Some(0) {
            return Ok(false);
        }
        let state = state.into_value().with_unknowns_as_null();
        let event = (output.event)(display_name.into(), state)?;
        let sent = send(output.events, event, output.stop).await;
        output.wanted = output.wanted.map(|wanted| wanted - 1);
        Ok(sent && output.wanted != Some(0))
    }
}
