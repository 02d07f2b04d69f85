//! The trait that the author of a provider implements.

use std::fmt;
use std::future::Future;

use crate::wire::diagnostic::Diagnostics;

use super::erased::{Erased, ErasedResource};
use super::model::Model;
use super::resource::Resource;
use super::schema::Schema;

/// A provider: its configuration, and its resources.
pub trait Provider: Send + Sync + 'static {
    /// The model of the provider block.
    type Config: Model;
    /// What the configuration becomes, such as an API client. All operations of the process share
    /// it.
    type Data: Send + Sync + 'static;

    /// The address in the registry, in the form `registry.terraform.io/NAMESPACE/TYPE`.
    fn address(&self) -> &'static str;

    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// The resources that the provider offers.
    fn resources(&self) -> Resources<Self::Data>;

    /// Checks what concerns several attributes of the provider block together; validators of the
    /// schema check single ones. Values may be unknown.
    fn validate(&self, _config: &Self::Config) -> Diagnostics {
        Diagnostics::default()
    }

    /// Makes the data that operations work with. `terraform_version` is that of the CLI, such as
    /// `1.14.0`. During a plan, values may be unknown.
    ///
    /// The diagnostics beside the data are warnings. If there are errors, the operations that need
    /// the provider's data fail too, so a value that is still unknown should not be one.
    fn configure(
        &self,
        config: Self::Config,
        terraform_version: &str,
    ) -> impl Future<Output = Result<(Self::Data, Diagnostics), Diagnostics>> + Send;

    /// Warnings that concern no single resource and that came to light during an operation, such as
    /// a shared place that cannot be used. They are asked for whenever an operation of a resource
    /// has ended, and told with it. Each should be given once.
    fn notices(&self, _data: &Self::Data) -> Diagnostics {
        Diagnostics::default()
    }
}

/// The resources of a provider whose configuration becomes a `D`.
pub struct Resources<D>(pub(super) Vec<Box<dyn ErasedResource<D>>>);

impl<D> Resources<D> {
    /// An empty list, to which [`Resources::and`] adds.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// These resources and one more.
    #[must_use]
    pub fn and(mut self, resource: impl Resource<Provider = D>) -> Self {
        self.0.push(Box::new(Erased::new(resource)));
        self
    }
}

impl<D> fmt::Debug for Resources<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(
                self.0
                    .iter()
                    .map(|resource| resource.definition().type_name),
            )
            .finish()
    }
}
