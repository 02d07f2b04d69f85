//! Data sources: the trait that the author of one implements.

use std::future::Future;

use crate::wire::diagnostic::Diagnostics;

use super::context::Context;
use super::model::Model;
use super::schema::Schema;

/// A data source, which reads something that Terraform does not manage.
pub trait DataSource: Send + Sync + 'static {
    /// What the provider's configuration became, `Data` of [`Provider`](super::provider::Provider).
    type Provider: Send + Sync + 'static;
    /// The model of the configuration and of what is read.
    type Model: Model;

    /// The type in HCL, which begins with the provider's name.
    fn type_name(&self) -> &'static str;

    /// The schema, whose computed attributes are what is read.
    fn schema(&self) -> Schema;

    /// Checks what concerns several attributes together; validators of the schema check single
    /// ones. Values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::default()
    }

    /// Reads it. The configuration is known; the result is the configuration with the computed
    /// attributes.
    ///
    /// # Errors
    ///
    /// Why it could not be read.
    fn read(
        &self,
        context: Context<'_, Self::Provider>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}
