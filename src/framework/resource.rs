//! What a resource is to its author.

use std::fmt;
use std::future::Future;

use tokio_util::sync::CancellationToken;

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};
use crate::protocol::path::Path;
use crate::protocol::ty::Type;
use crate::protocol::value::Value;

use super::model::{Model, parse};
use super::private::{Private, Replaced};
use super::schema::{IdentitySchema, Schema};
use super::session::Session;

/// A managed resource, in domain words.
pub trait Resource: Send + Sync + 'static {
    /// What the provider's configuration became.
    type Provider: Send + Sync + 'static;
    /// Configuration, plan and state.
    type Model: Model;
    /// What identifies the remote object.
    type Identity: Model;

    /// The name in HCL, with the provider's prefix.
    fn type_name(&self) -> &'static str;

    /// The attributes.
    fn schema(&self) -> Schema;

    /// The attributes of the identity.
    fn identity_schema(&self) -> IdentitySchema;

    /// The identity of the object with this planned or stored state.
    fn identity(&self, state: &Self::Model) -> Self::Identity;

    /// How to read state of earlier schema versions, each straight to the current one.
    fn upgrades(&self) -> Vec<Upgrade> {
        Vec::new()
    }

    /// How to read identities of earlier identity schema versions, each straight to the current
    /// one.
    fn identity_upgrades(&self) -> Vec<Upgrade> {
        Vec::new()
    }

    /// Checks what no single attribute can tell. Values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::default()
    }

    /// Adjusts the plan of a create or update after the schema's own rules. An error refuses the
    /// plan.
    ///
    /// Terraform plans a change twice, and the second plan, made during apply when everything is
    /// known, must not contradict the first: known planned values stay as they are.
    fn plan(
        &self,
        _context: Context<'_, Self::Provider, Self::Model>,
        _change: &mut Change<'_, Self::Model>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// What to tell who plans to destroy the object.
    fn plan_destroy(
        &self,
        _context: Context<'_, Self::Provider, Self::Model>,
        _state: &Self::Model,
    ) -> Diagnostics {
        Diagnostics::default()
    }

    /// Makes the object. As soon as it exists, [`Context::save`] what is known.
    fn create(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        desired: Desired<Self::Model>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Looks at the object; `None` if it is gone.
    fn read(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        state: Self::Model,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Changes the object in place.
    fn update(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        prior: Self::Model,
        desired: Desired<Self::Model>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Removes the object. One that is already gone is removed.
    fn delete(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        state: Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// As much state as [`Resource::read`] needs to find the object.
    fn import(
        &self,
        context: Context<'_, Self::Provider, Self::Model>,
        target: ImportTarget<Self::Identity>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}

/// What a create or update is to bring about.
#[derive(Clone, Debug)]
pub struct Desired<M> {
    /// As written: the only place of write-only values.
    pub config: M,
    /// As planned: what the state must agree with afterwards.
    pub plan: M,
}

/// What an import is given.
#[derive(Clone, Debug)]
pub enum ImportTarget<I> {
    /// The text behind the address, or the `id` of an import block.
    Id(String),
    /// The `identity` of an import block, with all required attributes.
    Identity(I),
}

/// The way from an earlier version of a schema, or of an identity's schema, to the current one.
pub struct Upgrade {
    pub(super) from: i64,
    pub(super) ty: Type,
    /// What keeps stored values of that type from being read into the version's model.
    pub(super) mismatch: Option<String>,
    pub(super) convert: Box<dyn Fn(Value) -> Result<Value, Diagnostics> + Send + Sync>,
}

impl Upgrade {
    /// From what version `from` stored, an object of type `ty`, by way of that version's model.
    /// `New` is the current model of the state or of the identity. An error says why this state
    /// cannot be read, and what to do.
    pub fn new<Old: Model, New: Model>(
        from: i64,
        ty: Type,
        convert: fn(Old) -> Result<New, Diagnostics>,
    ) -> Self {
        let convert = Box::new(move |stored| Ok(convert(parse(stored)?)?.into_value()));
        let mismatch = Old::mismatch(&ty);
        Self {
            from,
            ty,
            mismatch,
            convert,
        }
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// A create or update being planned.
#[derive(Debug)]
pub struct Change<'a, M> {
    /// As written.
    pub config: &'a M,
    /// As stored; `None` when the object is to be created.
    pub prior: Option<&'a M>,
    /// As planned so far; to be adjusted.
    pub plan: &'a mut M,
    /// Paths whose change replaces the object.
    pub replace: &'a mut Vec<Path>,
    /// What the provider remembers of the object that this one is to replace.
    ///
    /// Terraform plans a replacement twice: first as a change of the old object, then as a new object
    /// without prior state. Only the second plan has this, so that it can be told from the plan of an
    /// object that replaces nothing. It is also `None` where nothing is remembered of the old object.
    pub replaced: Option<Replaced>,
}

/// What an operation has at hand.
#[derive(Debug)]
pub struct Context<'a, P, M> {
    provider: &'a P,
    session: &'a Session,
    model: std::marker::PhantomData<fn(M)>,
}

impl<'a, P, M: Model> Context<'a, P, M> {
    pub(super) fn new(provider: &'a P, session: &'a Session) -> Self {
        Self {
            provider,
            session,
            model: std::marker::PhantomData,
        }
    }

    /// The configured provider.
    pub fn provider(&self) -> &'a P {
        self.provider
    }

    /// Fires when the user asks Terraform to stop. Waits end at once; what is known is returned.
    pub fn stop(&self) -> &'a CancellationToken {
        self.session.stop()
    }

    /// Tells the user something that is no error.
    pub fn warn(&self, diagnostic: Diagnostic) {
        self.session.tell(diagnostic);
    }

    /// What the provider remembers of the object beside its attributes. Changes are stored with the
    /// object.
    pub fn private(&self) -> Private<'a> {
        Private::new(self.session)
    }

    /// From here on this is what Terraform stores, however the operation ends: error, stop or panic.
    /// What is unknown in it is stored as null.
    pub fn save(&self, state: &M) {
        self.session.save(state.clone().into_value());
    }
}

impl<P, M> Clone for Context<'_, P, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, M> Copy for Context<'_, P, M> {}
