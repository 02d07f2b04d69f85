//! What the server knows of an offer, and the author's code of each kind in values of its schema.
//!
//! The traits of the kinds have a type for each model, so their implementations cannot stand in one
//! table. A kind with one operation becomes a function that converts between models and plain
//! values; a resource, which has several, becomes an [`ErasedResource`].

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::wire::diagnostic::{Diagnostics, Result};
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::action::Progress;
use super::context::Context;
use super::function::FunctionError;
use super::identity;
use super::list_resource::ListOutput;
use super::model::{FieldType, Model, check_model, parse};
use super::resource::{Change, Desired, ImportTarget, Resource};
use super::schema::{self, Schema, SchemaRole};

/// An offer: what the server has to know of it, asked of its author once at the start, and the
/// author's code.
pub(crate) struct Offer<C: ?Sized, D> {
    pub(crate) definition: D,
    pub(crate) code: Box<C>,
}

/// What the server has to know of everything that has a schema.
pub(crate) struct Definition {
    pub(crate) schema: Schema,
    /// The type of the schema's values.
    pub(crate) ty: Type,
    /// The author's own checks of a configuration.
    pub(crate) validate: Validate,
}

type Validate = Box<dyn Fn(Value) -> Result<Diagnostics> + Send + Sync>;

impl Definition {
    /// The definition of what `author` implements. The error says what is wrong with it.
    pub(crate) fn new<T: Send + Sync + 'static, M: Model>(
        author: &Arc<T>,
        schema: Schema,
        role: SchemaRole,
        validate: fn(&T, &M) -> Diagnostics,
    ) -> std::result::Result<Self, String> {
        let (author, ty) = (author.clone(), schema.ty());
        schema::check(&schema.attributes, role)?;
        check_model(&M::ty(), &ty)?;
        Ok(Self {
            schema,
            ty,
            validate: Box::new(move |config| Ok(validate(&author, &parse(config)?))),
        })
    }
}

/// What the server has to know of a resource besides.
pub(crate) struct ResourceDefinition {
    pub(crate) base: Definition,
    /// The type of the identity, whose attributes the schema has too.
    pub(crate) identity_ty: Type,
}

impl ResourceDefinition {
    pub(crate) fn new<R: Resource>(resource: &Arc<R>) -> std::result::Result<Self, String> {
        let base = Definition::new(resource, resource.schema(), SchemaRole::Stored, R::validate)?;
        let identity_ty = identity::ty(&base.schema);
        Ok(Self { base, identity_ty })
    }
}

/// What the server has to know of a function.
pub(crate) struct FunctionDefinition {
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    /// The name and the description of each parameter. All of them are strings.
    pub(crate) parameters: Vec<(&'static str, &'static str)>,
    pub(crate) output: Type,
}

/// A resource. `P` is what the provider's configuration becomes.
pub(crate) type ResourceOffer<P> = Offer<dyn ErasedResource<P>, ResourceDefinition>;

/// Reads a data source.
pub(crate) type Read<P> =
    dyn for<'a> Fn(Context<'a, P>, Value) -> BoxFuture<'a, Result<Value>> + Send + Sync;

/// Does what an action is for.
pub(crate) type Invoke<P> =
    dyn for<'a> Fn(Context<'a, P>, Value, Progress<'a>) -> BoxFuture<'a, Result<()>> + Send + Sync;

/// Lists the objects of a resource.
pub(crate) type List<P> = dyn for<'a> Fn(Context<'a, P>, Value, ListOutput<'a>) -> BoxFuture<'a, Result<()>>
    + Send
    + Sync;

/// Computes the result of a function.
pub(crate) type Call =
    dyn Fn(Vec<Value>) -> std::result::Result<Value, FunctionError> + Send + Sync;

/// A resource, in values of its schema.
#[tonic::async_trait]
pub(crate) trait ErasedResource<P>: Send + Sync {
    fn plan_destroy(&self, context: Context<'_, P>, state: Value) -> Result<()>;
    /// Adjusts the plan of a create or an update, which the schema's rules have made. Gives the
    /// planned state, and the attributes whose change replaces the object beside those rules.
    async fn plan(
        &self,
        context: Context<'_, P>,
        config: Value,
        prior: Value,
        plan: Value,
    ) -> Result<(Value, Vec<Path>)>;
    /// Creates, updates or deletes the object, which is what null as prior or planned state says.
    async fn apply(
        &self,
        context: Context<'_, P>,
        prior: Value,
        desired: Desired<Value>,
    ) -> Result<Value>;
    /// The state as it is now; null if the object does not exist any more.
    async fn read(&self, context: Context<'_, P>, state: Value) -> Result<Value>;
    /// The state that an import begins with. An identity is a state with nothing else.
    async fn import(&self, context: Context<'_, P>, target: ImportTarget<Value>) -> Result<Value>;
}

#[tonic::async_trait]
impl<R: Resource> ErasedResource<R::Provider> for Arc<R> {
    fn plan_destroy(&self, context: Context<'_, R::Provider>, state: Value) -> Result<()> {
        let context = context.of_object();
        let diagnostics = R::plan_destroy(self, context, &parse(state)?);
        diagnostics.into_iter().for_each(|it| context.warn(it));
        Ok(())
    }

    async fn plan(
        &self,
        context: Context<'_, R::Provider>,
        config: Value,
        prior: Value,
        plan: Value,
    ) -> Result<(Value, Vec<Path>)> {
        let context = context.of_object();
        let prior: Option<R::Model> = match prior {
            Value::Null => None,
            prior => Some(parse(prior)?),
        };
        let (mut plan, mut replace) = (parse(plan)?, Vec::new());
        let mut change = Change {
            config: &parse(config)?,
            prior: prior.as_ref(),
            plan: &mut plan,
            replace: &mut replace,
            replaced: context.replaced(),
        };
        R::plan(self, context, &mut change).await?;
        Ok((plan.into_value(), replace))
    }

    async fn apply(
        &self,
        context: Context<'_, R::Provider>,
        prior: Value,
        Desired { config, plan }: Desired<Value>,
    ) -> Result<Value> {
        let context = context.of_object();
        if plan.is_null() && !prior.is_null() {
            R::delete(self, context, parse(prior)?).await?;
            return Ok(Value::Null);
        }
        let (config, plan) = (parse(config)?, parse(plan)?);
        let desired = Desired { config, plan };
        let applied = match prior.is_null() {
            true => R::create(self, context, desired).await?,
            false => R::update(self, context, parse(prior)?, desired).await?,
        };
        Ok(applied.into_value())
    }

    async fn read(&self, context: Context<'_, R::Provider>, state: Value) -> Result<Value> {
        let state = R::read(self, context.of_object(), parse(state)?).await?;
        Ok(state.map(FieldType::into_value).unwrap_or_default())
    }

    async fn import(
        &self,
        context: Context<'_, R::Provider>,
        target: ImportTarget<Value>,
    ) -> Result<Value> {
        let target = match target {
            ImportTarget::Id(id) => ImportTarget::Id(id),
            ImportTarget::Identity(identity) => ImportTarget::Identity(parse(identity)?),
        };
        let imported = R::import(self, context.of_object(), target).await?;
        Ok(imported.into_value())
    }
}
