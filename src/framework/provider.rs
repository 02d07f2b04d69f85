//! What a provider is to its author.

use std::fmt;
use std::future::Future;

use crate::protocol::diagnostic::Diagnostics;

use super::erased::{Erased, ErasedResource};
use super::model::Model;
use super::resource::Resource;
use super::schema::Schema;

/// A provider: its configuration block and its resources.
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Config: Model;
    /// What the configuration becomes: shared by all operations of the process.
    type Data: Send + Sync + 'static;

    /// `registry.terraform.io/NAMESPACE/TYPE`.
    fn address(&self) -> &'static str;

    /// The attributes of the provider block.
    fn schema(&self) -> Schema;

    /// The resources.
    fn resources(&self) -> Resources<Self::Data>;

    /// Checks what no single attribute can tell. Values may be unknown.
    fn validate(&self, _config: &Self::Config) -> Diagnostics {
        Diagnostics::default()
    }

    /// Makes the configuration usable. During a plan, values may be unknown.
    ///
    /// The diagnostics beside the result are warnings.
    fn configure(
        &self,
        config: Self::Config,
        terraform_version: &str,
    ) -> impl Future<Output = Result<(Self::Data, Diagnostics), Diagnostics>> + Send;
}

/// The resources of a provider whose configuration becomes a `D`.
pub struct Resources<D>(pub(super) Vec<Box<dyn ErasedResource<D>>>);

impl<D> Resources<D> {
    /// None yet.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// These and one more.
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
