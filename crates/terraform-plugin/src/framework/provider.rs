//! The trait that the author of a provider implements, and the list of what a provider offers.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};

use super::action::Action;
use super::data_source::DataSource;
use super::erased::{
    Checked, Erased, ErasedAction, ErasedDataSource, ErasedFunction, ErasedList, ErasedResource,
};
use super::function::Function;
use super::list_resource::ListResource;
use super::model::{Model, mismatch};
use super::resource::Resource;
use super::schema::{Role, Schema};

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
    pub(super) resources: OfferTable<dyn ErasedResource<D>>,
    pub(super) data_sources: OfferTable<dyn ErasedDataSource<D>>,
    pub(super) actions: OfferTable<dyn ErasedAction<D>>,
    pub(super) lists: OfferTable<dyn ErasedList<D>>,
    pub(super) functions: OfferTable<dyn ErasedFunction>,
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
        }
    }

    /// These offers and a resource.
    pub fn resource(mut self, resource: impl Resource<Provider = D>) -> Self {
        let (erased, checked) = Erased::resource(resource);
        self.resources.add(checked, Box::new(erased));
        self
    }

    /// These offers and a data source.
    pub fn data_source<S: DataSource<Provider = D>>(mut self, source: S) -> Self {
        let (erased, checked) =
            Erased::new(source, S::type_name, S::schema, Role::Read, S::validate);
        self.data_sources.add(checked, Box::new(erased));
        self
    }

    /// These offers and an action.
    pub fn action<A: Action<Provider = D>>(mut self, action: A) -> Self {
        let (erased, checked) =
            Erased::new(action, A::type_name, A::schema, Role::Input, A::validate);
        self.actions.add(checked, Box::new(erased));
        self
    }

    /// These offers and a list of the objects of one of the resources.
    pub fn list<L: ListResource>(mut self, list: L) -> Self
    where
        L::Resource: Resource<Provider = D>,
    {
        let (erased, checked) =
            Erased::new(list, L::type_name, L::schema, Role::Input, L::validate);
        self.lists.add(checked, Box::new(erased));
        self
    }

    /// These offers and a function.
    pub fn function(mut self, function: impl Function) -> Self {
        let (erased, checked) = Erased::function(function);
        self.functions.add(checked, Box::new(erased));
        self
    }

    /// What is wrong with the offers, if something is.
    pub(super) fn problem(&self) -> Option<String> {
        let lists = self.lists.offers.iter().find_map(|(name, list)| {
            let problem = match self.resources.offers.get(name) {
                Some(resource) => mismatch(&list.listed(), &resource.definition().base.ty)?,
                None => "the provider has no such resource".to_owned(),
            };
            Some(format!("list resource {name}: {problem}"))
        });
        let tables = [
            &self.resources.problem,
            &self.data_sources.problem,
            &self.actions.problem,
            &self.lists.problem,
            &self.functions.problem,
        ];
        tables.into_iter().find_map(Clone::clone).or(lists)
    }
}

impl<D> fmt::Debug for Offers<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offers").finish_non_exhaustive()
    }
}

/// All offers of one kind, by their names.
pub(super) struct OfferTable<T: ?Sized> {
    /// What one of them is called in the title of an error.
    title: &'static str,
    pub(super) offers: BTreeMap<&'static str, Box<T>>,
    /// The first thing that is wrong with them.
    problem: Option<String>,
}

impl<T: ?Sized> OfferTable<T> {
    fn new(title: &'static str) -> Self {
        Self {
            title,
            offers: BTreeMap::new(),
            problem: None,
        }
    }

    /// What one of them is called in a sentence.
    fn noun(&self) -> String {
        self.title.to_ascii_lowercase()
    }

    fn add(&mut self, Checked { name, problem }: Checked, offer: Box<T>) {
        let before = self.offers.insert(name, offer);
        let twice = before.map(|_| "it is there twice".to_owned());
        let problem = problem.or(twice);
        let noun = self.noun();
        let problem = problem.map(|problem| format!("{noun} {name}: {problem}"));
        self.problem = self.problem.take().or(problem);
    }

    /// The offer of this name, or the error for one that the provider does not have.
    pub(super) fn find(&self, name: &str) -> Result<&T, Diagnostics> {
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
