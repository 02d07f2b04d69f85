//! Each kind behind an object-safe trait.
//!
//! The traits of the kinds have a type for each model, so their implementations cannot stand in one
//! table. [`Erased`] wraps one and converts between its models and plain values. What it is made
//! with besides is whether the kind's schema and model make sense; see [`check`](super::schema).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::wire::diagnostic::{Diagnostics, Result};
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::action::{Action, Progress};
use super::context::Context;
use super::data_source::DataSource;
use super::function::{ArgumentTuple, Function, FunctionError, Signature};
use super::identity::IdentitySchema;
use super::list_resource::{ListOutput, ListResource, Listing};
use super::model::{FieldType, Model, mismatch, parse};
use super::plan;
use super::resource::{Change, Desired, ImportTarget, Resource};
use super::schema::{self, Role, Schema, is_name};

/// The name of an offer, and what is wrong with it if something is.
pub(super) struct Checked {
    pub(super) name: &'static str,
    pub(super) problem: Option<String>,
}

/// An offer together with what the server has to know of it, asked of its author once at the start.
pub(super) struct Erased<T, D = Definition> {
    offer: Arc<T>,
    pub(super) definition: D,
}

/// What the server has to know of every kind that has a schema.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) schema: Schema,
    /// The type of the schema's values.
    pub(super) ty: Type,
    /// The author's own checks of a configuration.
    pub(super) validate: Validate,
}

type Validate = Box<dyn Fn(Value) -> Result<Diagnostics> + Send + Sync>;

impl<T: Send + Sync + 'static> Erased<T> {
    /// Wraps an offer, given the methods of its trait by which it describes itself.
    pub(super) fn new<M: Model>(
        offer: T,
        name: fn(&T) -> &'static str,
        schema: fn(&T) -> Schema,
        role: Role,
        validate: fn(&T, &M) -> Diagnostics,
    ) -> (Self, Checked) {
        let offer = Arc::new(offer);
        let (name, schema) = (name(&offer), schema(&offer));
        let ty = schema.ty();
        let problem = (!is_name(name)).then(|| "it is not a name that HCL can write".to_owned());
        let problem = problem
            .or_else(|| schema::problem(&schema.attributes, role))
            .or_else(|| mismatch(&M::ty(), &ty));
        let author = offer.clone();
        let definition = Definition {
            name,
            schema,
            ty,
            validate: Box::new(move |config| Ok(validate(&author, &parse(config)?))),
        };
        (Self { offer, definition }, Checked { name, problem })
    }
}

/// What the server has to know of a resource besides.
pub(super) struct ResourceDefinition {
    pub(super) base: Definition,
    pub(super) identity_schema: IdentitySchema,
    pub(super) identity_ty: Type,
}

/// The result of planning a create or an update.
pub(super) struct ChangePlan {
    /// The planned state, unknown where only apply can tell.
    pub(super) state: Value,
    /// The attributes whose change replaces the object, sorted.
    pub(super) replace: Vec<Path>,
}

/// A resource, in values of its schema. `P` is what the provider's configuration becomes.
#[tonic::async_trait]
pub(super) trait ErasedResource<P>: Send + Sync {
    fn definition(&self) -> &ResourceDefinition;
    fn identity(&self, state: &Value) -> Result<Value>;
    fn plan_destroy(&self, context: Context<'_, P>, state: Value) -> Result<()>;
    async fn plan(
        &self,
        context: Context<'_, P>,
        config: Value,
        prior: Value,
        proposed: Value,
    ) -> Result<ChangePlan>;
    /// Creates, updates or deletes the object, which is what null as prior or planned state says.
    async fn apply(
        &self,
        context: Context<'_, P>,
        prior: Value,
        desired: Desired<Value>,
    ) -> Result<Value>;
    /// The state as it is now; null if the object does not exist any more.
    async fn read(&self, context: Context<'_, P>, state: Value) -> Result<Value>;
    async fn import(&self, context: Context<'_, P>, target: ImportTarget<Value>) -> Result<Value>;
}

impl<R: Resource> Erased<R, ResourceDefinition> {
    pub(super) fn resource(resource: R) -> (Self, Checked) {
        let (Erased { offer, definition }, Checked { name, problem }) =
            Erased::new(resource, R::type_name, R::schema, Role::Stored, R::validate);
        let identity_schema = offer.identity_schema();
        let identity_ty = identity_schema.ty();
        let problem = problem
            .or_else(|| mismatch(&R::Identity::ty(), &identity_ty))
            .or_else(|| identity_schema.problem());
        let definition = ResourceDefinition {
            base: definition,
            identity_schema,
            identity_ty,
        };
        (Self { offer, definition }, Checked { name, problem })
    }
}

#[tonic::async_trait]
impl<R: Resource> ErasedResource<R::Provider> for Erased<R, ResourceDefinition> {
    fn definition(&self) -> &ResourceDefinition {
        &self.definition
    }

    fn identity(&self, state: &Value) -> Result<Value> {
        Ok(self.offer.identity(&parse(state.clone())?).into_value())
    }

    fn plan_destroy(&self, context: Context<'_, R::Provider>, state: Value) -> Result<()> {
        let context = context.of_object();
        let diagnostics = self.offer.plan_destroy(context, &parse(state)?);
        diagnostics.into_iter().for_each(|it| context.warn(it));
        Ok(())
    }

    async fn plan(
        &self,
        context: Context<'_, R::Provider>,
        config: Value,
        prior: Value,
        proposed: Value,
    ) -> Result<ChangePlan> {
        let context = context.of_object();
        let attributes = &self.definition.base.schema.attributes;
        // The schema's rules come first: the author adjusts their result, and what is replaced
        // depends on the plan as the author leaves it.
        let mut plan = parse(plan::planned(attributes, &config, &prior, proposed))?;
        let stored: Option<R::Model> = match prior.is_null() {
            true => None,
            false => Some(parse(prior.clone())?),
        };
        let mut replace = Vec::new();
        let mut change = Change {
            config: &parse(config)?,
            prior: stored.as_ref(),
            plan: &mut plan,
            replace: &mut replace,
            replaced: context.replaced(),
        };
        self.offer.plan(context, &mut change).await?;
        let state = plan.into_value();
        replace.extend(plan::replacements(attributes, &prior, &state));
        replace.sort();
        replace.dedup();
        Ok(ChangePlan { state, replace })
    }

    async fn apply(
        &self,
        context: Context<'_, R::Provider>,
        prior: Value,
        Desired { config, plan }: Desired<Value>,
    ) -> Result<Value> {
        let context = context.of_object();
        if plan.is_null() && !prior.is_null() {
            self.offer.delete(context, parse(prior)?).await?;
            return Ok(Value::Null);
        }
        let (config, plan) = (parse(config)?, parse(plan)?);
        let desired = Desired { config, plan };
        let applied = match prior.is_null() {
            true => self.offer.create(context, desired).await?,
            false => self.offer.update(context, parse(prior)?, desired).await?,
        };
        Ok(applied.into_value())
    }

    async fn read(&self, context: Context<'_, R::Provider>, state: Value) -> Result<Value> {
        let state = self.offer.read(context.of_object(), parse(state)?).await?;
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
        let imported = self.offer.import(context.of_object(), target).await?;
        Ok(imported.into_value())
    }
}

/// A data source, in values of its schema.
#[tonic::async_trait]
pub(super) trait ErasedDataSource<P>: Send + Sync {
    fn definition(&self) -> &Definition;
    async fn read(&self, context: Context<'_, P>, config: Value) -> Result<Value>;
}

#[tonic::async_trait]
impl<S: DataSource> ErasedDataSource<S::Provider> for Erased<S> {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn read(&self, context: Context<'_, S::Provider>, config: Value) -> Result<Value> {
        let read = self.offer.read(context, parse(config)?).await?;
        Ok(read.into_value())
    }
}

/// An action, in values of its schema.
#[tonic::async_trait]
pub(super) trait ErasedAction<P>: Send + Sync {
    fn definition(&self) -> &Definition;
    async fn invoke(
        &self,
        context: Context<'_, P>,
        config: Value,
        progress: Progress<'_>,
    ) -> Result<()>;
}

#[tonic::async_trait]
impl<A: Action> ErasedAction<A::Provider> for Erased<A> {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn invoke(
        &self,
        context: Context<'_, A::Provider>,
        config: Value,
        progress: Progress<'_>,
    ) -> Result<()> {
        self.offer.invoke(context, parse(config)?, progress).await
    }
}

/// A list resource, in values of its schema.
#[tonic::async_trait]
pub(super) trait ErasedList<P>: Send + Sync {
    fn definition(&self) -> &Definition;
    /// The type of the objects that are listed.
    fn listed(&self) -> Type;
    async fn list(
        &self,
        context: Context<'_, P>,
        config: Value,
        output: ListOutput<'_>,
    ) -> Result<()>;
}

#[tonic::async_trait]
impl<L: ListResource> ErasedList<<L::Resource as Resource>::Provider> for Erased<L> {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn listed(&self) -> Type {
        <L::Resource as Resource>::Model::ty()
    }

    async fn list(
        &self,
        context: Context<'_, <L::Resource as Resource>::Provider>,
        config: Value,
        output: ListOutput<'_>,
    ) -> Result<()> {
        let found = Listing::new(output);
        self.offer.list(context, parse(config)?, found).await
    }
}

/// What the server has to know of a function.
pub(super) struct FunctionDefinition {
    pub(super) name: &'static str,
    pub(super) signature: Signature,
    pub(super) arguments: Vec<Type>,
    pub(super) output: Type,
}

/// A function, in values of its types.
pub(super) trait ErasedFunction: Send + Sync {
    fn definition(&self) -> &FunctionDefinition;
    fn call(&self, arguments: Vec<Value>) -> std::result::Result<Value, FunctionError>;
}

impl<F: Function> Erased<F, FunctionDefinition> {
    pub(super) fn function(function: F) -> (Self, Checked) {
        let definition = FunctionDefinition {
            name: function.name(),
            signature: function.signature(),
            arguments: F::Arguments::types(),
            output: F::Output::ty(),
        };
        let parameters = definition.signature.parameters.iter();
        let names: BTreeSet<_> = parameters.map(|(name, _)| *name).collect();
        let mut all = names.iter().copied().chain([definition.name]);
        let problem = if let Some(name) = all.find(|name| !is_name(name)) {
            Some(format!("{name} is not a name that HCL can write"))
        } else if names.len() < definition.signature.parameters.len() {
            Some("a parameter is there twice".to_owned())
        } else {
            (names.len() != definition.arguments.len())
                .then(|| "it has not as many parameters as arguments".to_owned())
        };
        let (offer, name) = (Arc::new(function), definition.name);
        (Self { offer, definition }, Checked { name, problem })
    }
}

impl<F: Function> ErasedFunction for Erased<F, FunctionDefinition> {
    fn definition(&self) -> &FunctionDefinition {
        &self.definition
    }

    fn call(&self, arguments: Vec<Value>) -> std::result::Result<Value, FunctionError> {
        let arguments = F::Arguments::from_values(arguments).map_err(|position| {
            FunctionError::of_argument(position, "The argument must be neither null nor unknown.")
        })?;
        Ok(self.offer.call(arguments)?.into_value())
    }
}
