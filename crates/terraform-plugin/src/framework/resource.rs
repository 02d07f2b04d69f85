//! Managed resources: the trait that the author of one implements, and what its methods are given.

use std::future::Future;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::path::Path;

use super::context::{Context, Replaced};
use super::model::Model;
use super::schema::Schema;

/// A managed resource.
///
/// Every operation may fail with diagnostics. Only errors should be in them: [`Context::warn`] is
/// for warnings, which the user sees in any case.
pub trait Resource: Send + Sync + 'static {
    /// What the provider's configuration became, `Data` of [`Provider`](super::provider::Provider).
    type Provider: Send + Sync + 'static;
    /// The model of configuration, plan and state.
    type Model: Model;

    /// The type in HCL, which begins with the provider's name.
    fn type_name(&self) -> &'static str;

    /// The schema of the resource. The attributes that [identify](super::schema::Attribute::identifies)
    /// the object are its identity, with the values that its state has.
    fn schema(&self) -> Schema;

    /// Checks what concerns several attributes together; validators of the schema check single
    /// ones. Values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::default()
    }

    /// Adjusts the plan of a create or update after the schema's own rules.
    ///
    /// Terraform plans a change twice. The second plan is made during apply, when everything is
    /// known, and must not contradict the first: values that were planned as known have to stay as
    /// they are.
    ///
    /// # Errors
    ///
    /// Why the object must not be changed in this way. They refuse the plan.
    fn plan(
        &self,
        _context: Context<'_, Self::Provider, Self::Model>,
        _change: &mut Change<'_, Self::Model>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// The diagnostics of a plan to destroy the object.
    fn plan_destroy(
        &self,
        _context: Context<'_, Self::Provider, Self::Model>,
        _state: &Self::Model,
    ) -> Diagnostics {
        Diagnostics::default()
    }

    /// Creates the object.
    ///
    /// As soon as it exists, call [`Context::save`] with what is known of it. Then Terraform stores
    /// it even if the rest of the operation fails.
    ///
    /// # Errors
    ///
    /// Why the object was not created, or not wholly.
    fn create(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        desired: Desired<Self::Model>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Reads the object. `None` means that it does not exist any more, and removes it from the
    /// state.
    ///
    /// # Errors
    ///
    /// Why it could not be read. The state then stays as it was.
    fn read(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        state: Self::Model,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Changes the object without replacing it.
    ///
    /// # Errors
    ///
    /// Why it was not changed, or not wholly. The prior state is then stored, or what
    /// [`Context::save`] was called with.
    fn update(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        prior: Self::Model,
        desired: Desired<Self::Model>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Deletes the object. That it does not exist any more is a success.
    ///
    /// # Errors
    ///
    /// Why it was not deleted. It then stays in the state.
    fn delete(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        state: Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// Gives as much state as [`Resource::read`] needs to find the object. Terraform reads it right
    /// afterwards.
    ///
    /// # Errors
    ///
    /// Why there is no such object, or why the target does not name one.
    fn import(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        target: ImportTarget<Self::Model>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}

/// The state that a create or an update has to bring about.
#[derive(Clone, Debug)]
pub struct Desired<M> {
    /// The configuration. Write-only values are only here.
    pub config: M,
    /// The planned state. The new state must have the same value wherever this one is known.
    pub plan: M,
}

/// The object that is to be imported, as the user names it.
#[derive(Clone, Debug)]
pub enum ImportTarget<M> {
    /// The second argument of `terraform import`, or the `id` of an import block.
    Id(String),
    /// The `identity` of an import block, all of which is known. The other attributes are null.
    Identity(M),
}

/// A create or an update that is being planned.
#[derive(Debug)]
pub struct Change<'a, M> {
    /// The configuration as the user wrote it.
    pub config: &'a M,
    /// The prior state; `None` when the object is to be created.
    pub prior: Option<&'a M>,
    /// The planned state by the schema's rules, which the author may adjust.
    pub plan: &'a mut M,
    /// The attributes whose change replaces the object, besides those that the schema's own rules
    /// find. The author may add to them.
    pub replace: &'a mut Vec<Path>,
    /// What the provider remembers of the object that this one is to replace.
    ///
    /// Terraform plans a replacement twice: first as a change of the old object, then as a new
    /// object without prior state. Only the second plan has this, which distinguishes it from the
    /// plan of an object that replaces nothing. It is also `None` where nothing is remembered of
    /// the old object.
    pub replaced: Option<Replaced>,
}
