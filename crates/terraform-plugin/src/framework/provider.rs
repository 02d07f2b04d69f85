//! The trait that the author of a provider implements, and the list of what a provider offers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::ty::Type;

use super::action::Action;
use super::data_source::DataSource;
use super::erased::{
    Call, Definition, ErasedResource, FunctionDefinition, Invoke, List, Offer, Read,
    ResourceDefinition,
};
use super::function::{ArgumentTuple, Function, FunctionError};
use super::list_resource::{ListResource, Listing};
use super::model::{FieldType, Model, mismatch, parse};
use super::resource::Resource;
use super::schema::{Schema, SchemaRole, is_name};

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
    pub(super) resources: OfferTable<dyn ErasedResource<D>, ResourceDefinition>,
    pub(super) data_sources: OfferTable<Read<D>>,
    pub(super) actions: OfferTable<Invoke<D>>,
    pub(super) lists: OfferTable<List<D>>,
    pub(super) functions: OfferTable<Call, FunctionDefinition>,
    /// The type of the objects of each list.
    listed: BTreeMap<&'static str, Type>,
    /// The first thing that is wrong with them.
    problem: Option<String>,
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
            listed: BTreeMap::new(),
            problem: None,
        }
    }

    /// These offers and a resource.
    pub fn resource(mut self, resource: impl Resource<Provider = D>) -> Self {
        let (name, resource) = (resource.type_name(), Arc::new(resource));
        let definition = ResourceDefinition::new(&resource);
        self.resources
            .add(&mut self.problem, name, definition, Box::new(resource));
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
            .add(&mut self.problem, name, definition, read);
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
            .add(&mut self.problem, name, definition, invoke);
        self
    }

    /// These offers and a list of the objects of one of the resources.
    pub fn list<L: ListResource>(mut self, list: L) -> Self
    where
        L::Resource: Resource<Provider = D>,
    {
        let (name, list) = (list.type_name(), Arc::new(list));
        let definition = Definition::new(&list, list.schema(), SchemaRole::Input, L::validate);
        let list: Box<List<D>> = Box::new(move |context, config, output| {
            let list = list.clone();
            let found = Listing::new(output);
            Box::pin(async move { list.list(context, parse(config)?, found).await })
        });
        let listed = <L::Resource as Resource>::Model::ty();
        self.listed.insert(name, listed);
        self.lists.add(&mut self.problem, name, definition, list);
        self
    }

    /// These offers and a function.
    pub fn function<F: Function>(mut self, function: F) -> Self {
        let name = function.name();
        let definition = FunctionDefinition {
            signature: function.signature(),
            arguments: F::Arguments::types(),
            output: F::Output::ty(),
        };
        let parameters = definition.signature.parameters;
        let names: BTreeSet<_> = parameters.iter().map(|(name, _)| *name).collect();
        let problem = if let Some(name) = names.iter().chain([&name]).find(|name| !is_name(name)) {
            Some(format!("{name} is not a name that HCL can write"))
        } else if names.len() < parameters.len() {
            Some("a parameter is there twice".to_owned())
        } else {
            (names.len() != definition.arguments.len())
                .then(|| "it has not as many parameters as arguments".to_owned())
        };
        let call: Box<Call> = Box::new(move |arguments| {
            let arguments = F::Arguments::from_values(arguments).map_err(|position| {
                let text = "The argument must be neither null nor unknown.";
                FunctionError::of_argument(position, text)
            })?;
            Ok(function.call(arguments)?.into_value())
        });
        self.functions
            .add(&mut self.problem, name, (definition, problem), call);
        self
    }

    /// What is wrong with the offers, if something is.
    pub(super) fn problem(&self) -> Option<String> {
        let mut lists = self.listed.iter().filter_map(|(name, listed)| {
            let problem = match self.resources.offers.get(name) {
                Some(resource) => mismatch(listed, &resource.definition.base.ty)?,
                None => "the provider has no such resource".to_owned(),
            };
            Some(format!("list resource {name}: {problem}"))
        });
        self.problem.clone().or_else(|| lists.next())
    }
}

impl<D> fmt::Debug for Offers<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offers").finish_non_exhaustive()
    }
}

/// All offers of one kind, by their names.
pub(super) struct OfferTable<C: ?Sized, D = Definition> {
    /// What one of them is called in the title of an error.
    title: &'static str,
    pub(super) offers: BTreeMap<&'static str, Offer<C, D>>,
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

    /// Adds an offer. If something is wrong with it and nothing was before, that is the problem.
    fn add(
        &mut self,
        first: &mut Option<String>,
        name: &'static str,
        (definition, problem): (D, Option<String>),
        code: Box<C>,
    ) {
        let before = self.offers.insert(name, Offer { definition, code });
        let misnamed = (!is_name(name)).then(|| "it is not a name that HCL can write".to_owned());
        let twice = before.map(|_| "it is there twice".to_owned());
        if let Some(problem) = problem.or(misnamed).or(twice) {
            first.get_or_insert(format!("{} {name}: {problem}", self.noun()));
        }
    }

    /// The offer of this name, or the error for one that the provider does not have.
    pub(super) fn find(&self, name: &str) -> Result<&Offer<C, D>, Diagnostics> {
        let offer = self.offers.get(name).ok_or_else(|| {
            let (title, noun) = (self.title, self.noun());
            Diagnostic::error(
                format!("Unknown {title} Type"),
                format!(
                    "This version of the provider has no {noun} {name}. Upgrade the provider, or \
                     remove the {noun}."
                ),
            )
        })?;
        Ok(offer)
    }
}
