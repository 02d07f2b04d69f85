//! Resources of all types behind one object-safe trait.
//!
//! The trait [`Resource`] has a type for each model, so its implementations cannot stand in one
//! list. [`Erased`] wraps one and converts between its models and plain values.

use std::pin::Pin;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::model::{FieldType, parse};
use super::plan;
use super::resource::{Change, Context, Desired, ImportTarget, Resource, Upgrade};
use super::schema::{IdentitySchema, Schema};
use super::session::Session;

/// The future of one operation, whose type no longer depends on the resource.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Diagnostics>> + Send + 'a>>;

/// What the server has to know of a resource, asked of its author once at the start.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) type_name: &'static str,
    pub(super) schema: Schema,
    pub(super) ty: Type,
    pub(super) identity_schema: IdentitySchema,
    pub(super) identity_ty: Type,
    pub(super) upgrades: Vec<Upgrade>,
    pub(super) identity_upgrades: Vec<Upgrade>,
}

/// The result of planning a create or an update.
#[derive(Debug)]
pub(super) struct Planned {
    /// The planned state, unknown where only apply can tell.
    pub(super) state: Value,
    /// The attributes whose change replaces the object, sorted.
    pub(super) replace: Vec<Path>,
}

/// A resource, in values of its schema. `P` is what the provider's configuration becomes.
pub(super) trait ErasedResource<P>: Send + Sync {
    fn definition(&self) -> &Definition;
    /// How the author's models and the schemas differ, in words; `None` if they agree.
    fn mismatch(&self) -> Option<String>;
    fn validate(&self, config: Value) -> Result<Diagnostics, Diagnostics>;
    fn plan<'a>(
        &'a self,
        provider: &'a P,
        session: &'a Session,
        config: Value,
        prior: Value,
        proposed: Value,
    ) -> Work<'a, Planned>;
    fn plan_destroy(
        &self,
        provider: &P,
        session: &Session,
        state: Value,
    ) -> Result<Diagnostics, Diagnostics>;
    fn identity(&self, state: &Value) -> Result<Value, Diagnostics>;
    fn create<'a>(
        &'a self,
        provider: &'a P,
        session: &'a Session,
        desired: Desired<Value>,
    ) -> Work<'a, Value>;
    fn read<'a>(
        &'a self,
        provider: &'a P,
        session: &'a Session,
        state: Value,
    ) -> Work<'a, Option<Value>>;
    fn update<'a>(
        &'a self,
        provider: &'a P,
        session: &'a Session,
        prior: Value,
        desired: Desired<Value>,
    ) -> Work<'a, Value>;
    fn delete<'a>(&'a self, provider: &'a P, session: &'a Session, state: Value) -> Work<'a, ()>;
    fn import<'a>(
        &'a self,
        provider: &'a P,
        session: &'a Session,
        target: ImportTarget<Value>,
    ) -> Work<'a, Value>;
}

/// A resource as an [`ErasedResource`].
pub(super) struct Erased<R> {
    resource: R,
    definition: Definition,
}

impl<R: Resource> Erased<R> {
    pub(super) fn new(resource: R) -> Self {
        let (schema, identity_schema) = (resource.schema(), resource.identity_schema());
        let definition = Definition {
            type_name: resource.type_name(),
            ty: schema.ty(),
            identity_ty: identity_schema.ty(),
            upgrades: resource.upgrades(),
            identity_upgrades: resource.identity_upgrades(),
            schema,
            identity_schema,
        };
        Self {
            resource,
            definition,
        }
    }
}

impl<R: Resource> ErasedResource<R::Provider> for Erased<R> {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn mismatch(&self) -> Option<String> {
        let definition = &self.definition;
        let upgrades = definition.upgrades.iter();
        let upgrades = upgrades.chain(&definition.identity_upgrades);
        R::Model::mismatch(&definition.ty)
            .or_else(|| R::Identity::mismatch(&definition.identity_ty))
            .or_else(|| definition.identity_schema.problem())
            .or_else(|| {
                upgrades
                    .filter_map(|upgrade| upgrade.mismatch.clone())
                    .next()
            })
    }

    fn validate(&self, config: Value) -> Result<Diagnostics, Diagnostics> {
        Ok(self.resource.validate(&parse(config)?))
    }

    fn plan<'a>(
        &'a self,
        provider: &'a R::Provider,
        session: &'a Session,
        config: Value,
        prior: Value,
        proposed: Value,
    ) -> Work<'a, Planned> {
        Box::pin(async move {
            let attributes = &self.definition.schema.attributes;
            // The schema's rules come first: the author adjusts their result, and what is replaced
            // depends on the plan as the author leaves it.
            let planned = plan::attributes(attributes, &config, &prior, proposed);
            let mut plan: R::Model = parse(planned)?;
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
                replaced: session.replaced(),
            };
            let context = Context::new(provider, session);
            self.resource.plan(context, &mut change).await?;
            let state = plan.into_value();
            replace.extend(plan::replacements(attributes, &prior, &state));
            replace.sort();
            replace.dedup();
            Ok(Planned { state, replace })
        })
    }

    fn plan_destroy(
        &self,
        provider: &R::Provider,
        session: &Session,
        state: Value,
    ) -> Result<Diagnostics, Diagnostics> {
        let context = Context::new(provider, session);
        Ok(self.resource.plan_destroy(context, &parse(state)?))
    }

    fn identity(&self, state: &Value) -> Result<Value, Diagnostics> {
        Ok(self.resource.identity(&parse(state.clone())?).into_value())
    }

    fn create<'a>(
        &'a self,
        provider: &'a R::Provider,
        session: &'a Session,
        desired: Desired<Value>,
    ) -> Work<'a, Value> {
        Box::pin(async move {
            let context = Context::new(provider, session);
            let created = self.resource.create(context, typed(desired)?).await?;
            Ok(created.into_value())
        })
    }

    fn read<'a>(
        &'a self,
        provider: &'a R::Provider,
        session: &'a Session,
        state: Value,
    ) -> Work<'a, Option<Value>> {
        Box::pin(async move {
            let context = Context::new(provider, session);
            let state = self.resource.read(context, parse(state)?).await?;
            Ok(state.map(FieldType::into_value))
        })
    }

    fn update<'a>(
        &'a self,
        provider: &'a R::Provider,
        session: &'a Session,
        prior: Value,
        desired: Desired<Value>,
    ) -> Work<'a, Value> {
        Box::pin(async move {
            let context = Context::new(provider, session);
            let (prior, desired) = (parse(prior)?, typed(desired)?);
            let updated = self.resource.update(context, prior, desired).await?;
            Ok(updated.into_value())
        })
    }

    fn delete<'a>(
        &'a self,
        provider: &'a R::Provider,
        session: &'a Session,
        state: Value,
    ) -> Work<'a, ()> {
        Box::pin(async move {
            let context = Context::new(provider, session);
            self.resource.delete(context, parse(state)?).await
        })
    }

    fn import<'a>(
        &'a self,
        provider: &'a R::Provider,
        session: &'a Session,
        target: ImportTarget<Value>,
    ) -> Work<'a, Value> {
        Box::pin(async move {
            let target = match target {
                ImportTarget::Id(id) => ImportTarget::Id(id),
                ImportTarget::Identity(identity) => ImportTarget::Identity(parse(identity)?),
            };
            let context = Context::new(provider, session);
            let imported = self.resource.import(context, target).await?;
            Ok(imported.into_value())
        })
    }
}

/// Reads configuration and plan into the author's model.
fn typed<M: FieldType>(desired: Desired<Value>) -> Result<Desired<M>, Diagnostics> {
    Ok(Desired {
        config: parse(desired.config)?,
        plan: parse(desired.plan)?,
    })
}
