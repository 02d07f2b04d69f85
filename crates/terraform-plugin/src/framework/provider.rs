//! The trait that the author of a provider implements, and the list of what a provider offers.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};

use super::action::Action;
use super::data_source::DataSource;
use super::erased::{
    Call, Definition, ErasedResource, FunctionDefinition, Invoke, List, Offer, Read,
    ResourceDefinition,
};
use super::function::{Function, FunctionError};
use super::list_resource::{ListResource, Listing};
use super::model::{FieldType, Model, check_model, parse};
use super::resource::Resource;
use super::schema::{Schema, SchemaRole, check_names};

/// A provider: its configuration, and what it offers.
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

    /// What the provider offers.
    fn offers(&self) -> Offers<Self::Data>;

    /// Makes the data that operations work with. `terraform_version` is that of the CLI, such as
    /// `1.14.0`. During a plan, values may be unknown.
    ///
    /// The diagnostics beside the data are warnings.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration. The operations that need the provider's data then fail
    /// too, so a value that is still unknown should not be an error.
    fn configure(
        &self,
        config: Self::Config,
        terraform_version: &str,
    ) -> impl Future<Output = Result<(Self::Data, Diagnostics), Diagnostics>> + Send;

    /// Warnings that concern no single object and that became known during an operation, such as a
    /// shared directory that cannot be used. The framework asks for them whenever an operation has
    /// ended, and adds them to its diagnostics. Each should be given once.
    fn notices(&self, _data: &Self::Data) -> Diagnostics {
        Diagnostics::default()
    }
}

/// What a provider offers whose configuration becomes a `D`.
#[must_use]
pub struct Offers<D> {
    pub(crate) resources: OfferTable<dyn ErasedResource<D>, ResourceDefinition>,
    pub(crate) data_sources: OfferTable<Read<D>>,
    pub(crate) actions: OfferTable<Invoke<D>>,
    pub(crate) lists: OfferTable<List<D>>,
    pub(crate) functions: OfferTable<Call, FunctionDefinition>,
    /// The first thing that is wrong with them, if something is.
    pub(crate) checked: Result<(), String>,
}

impl<D: Send + Sync + 'static> Offers<D> {
    /// No offers yet.
    #[expect(
        clippy::new_without_default,
        reason = "every provider offers something"
    )]
    pub fn new() -> Self {
        Self {
            resources: OfferTable::new("Resource"),
            data_sources: OfferTable::new("Data Source"),
            actions: OfferTable::new("Action"),
            lists: OfferTable::new("List Resource"),
            functions: OfferTable::new("Function"),
            checked: Ok(()),
        }
    }

    /// These offers and a resource.
    pub fn resource(mut self, resource: impl Resource<Provider = D>) -> Self {
        let (name, resource) = (resource.type_name(), Arc::new(resource));
        let definition = ResourceDefinition::new(&resource);
        self.resources
            .add(&mut self.checked, name, definition, Box::new(resource));
        self
    }

    /// These offers and a data source.
    pub fn data_source<S: DataSource<Provider = D>>(mut self, source: S) -> Self {
        let (name, source) = (source.type_name(), Arc::new(source));
        let definition = Definition::new(&source, source.schema(), SchemaRole::Read, S::validate);
        let read: Box<Read<D>> = Box::new(move |context, config| {
            let source = source.clone();
            Box::pin(async move { Ok(source.read(context, parse(config)?).await?.into_value()) })
        });
        self.data_sources
            .add(&mut self.checked, name, definition, read);
        self
    }

    /// These offers and an action.
    pub fn action<A: Action<Provider = D>>(mut self, action: A) -> Self {
        let (name, action) = (action.type_name(), Arc::new(action));
        let definition = Definition::new(&action, action.schema(), SchemaRole::Input, A::validate);
        let invoke: Box<Invoke<D>> = Box::new(move |context, config, progress| {
            let action = action.clone();
            Box::pin(async move { action.invoke(context, parse(config)?, progress).await })
        });
        self.actions
            .add(&mut self.checked, name, definition, invoke);
        self
    }

    /// These offers and a list of the objects of a resource, which is among them already.
    pub fn list<L: ListResource>(mut self, list: L) -> Self
    where
        L::Resource: Resource<Provider = D>,
    {
        let (name, list) = (list.type_name(), Arc::new(list));
        let listed = match self.resources.offers.get(name) {
            Some(resource) => {
                let model = <L::Resource as Resource>::Model::ty();
                check_model(&model, &resource.definition.base.ty)
            }
            None => Err("the provider has no such resource".to_owned()),
        };
        let definition = Definition::new(&list, list.schema(), SchemaRole::Input, L::validate);
        let list: Box<List<D>> = Box::new(move |context, config, output| {
            let list = list.clone();
            let found = Listing::new(output);
            Box::pin(async move { list.list(context, parse(config)?, found).await })
        });
        self.lists
            .add(&mut self.checked, name, listed.and(definition), list);
        self
    }

    /// These offers and a function.
    pub fn function<const N: usize, F: Function<N>>(mut self, function: F) -> Self {
        let (name, signature) = (function.name(), function.signature());
        let names = signature.parameters.map(|(name, _)| name);
        let named = check_names(names).map_err(|problem| format!("parameter {problem}"));
        let definition = named.map(|()| FunctionDefinition {
            summary: signature.summary,
            description: signature.description,
            parameters: signature.parameters.to_vec(),
            output: F::Output::ty(),
        });
        let call: Box<Call> = Box::new(move |arguments| {
            let texts = arguments.into_iter().map_while(String::from_known).take(N);
            let arguments = texts.collect::<Vec<_>>().try_into();
            let arguments = arguments.map_err(|before: Vec<_>| {
                let text = "The argument must be neither null nor unknown.";
                FunctionError::of_argument(before.len(), text)
            })?;
            Ok(function.call(arguments)?.into_value())
        });
        self.functions
            .add(&mut self.checked, name, definition, call);
        self
    }
}

/// All offers of one kind, by their names.
pub(crate) struct OfferTable<C: ?Sized, D = Definition> {
    /// What one of them is called in the title of an error.
    title: &'static str,
    pub(crate) offers: BTreeMap<&'static str, Offer<C, D>>,
}

impl<C: ?Sized, D> OfferTable<C, D> {
    fn new(title: &'static str) -> Self {
        Self {
            title,
            offers: BTreeMap::new(),
        }
    }

    /// What one of them is called in a sentence.
    fn noun(&self) -> String {
        self.title.to_ascii_lowercase()
    }

    /// Adds an offer. What is wrong with the first one goes into `checked`.
    fn add(
        &mut self,
        checked: &mut Result<(), String>,
        name: &'static str,
        definition: Result<D, String>,
        code: Box<C>,
    ) {
        let added = definition.and_then(|definition| {
            check_names([name])?;
            match self.offers.insert(name, Offer { definition, code }) {
                Some(_) => Err("it is there twice".to_owned()),
                None => Ok(()),
            }
        });
        if checked.is_ok() {
            *checked = added.map_err(|problem| format!("{} {name}: {problem}", self.noun()));
        }
    }

    /// The offer of this name, or the error for one that the provider does not have.
    pub(crate) fn find(&self, name: &str) -> Result<&Offer<C, D>, Diagnostics> {
        self.offers.get(name).ok_or_else(|| {
            let (title, noun) = (self.title, self.noun());
            Diagnostic::error(
                format!("Unknown {title} Type"),
                format!(
                    "This version of the provider has no {noun} {name}. Upgrade the provider, or \
                     remove the {noun}."
                ),
            )
            .into()
        })
    }
}
