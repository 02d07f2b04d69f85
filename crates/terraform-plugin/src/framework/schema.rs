//! The schema of a kind or of the provider block: its attributes and their rules.

use std::borrow::Cow;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

mod check;

pub(crate) use check::{SchemaRole, check, check_names};

/// Checks one configured value, which is not null and known as a whole or in parts, and adds what
/// is wrong with it to the diagnostics. The path is that of the attribute.
pub type Validator = Box<dyn Fn(&Value, &Path, &mut Diagnostics) + Send + Sync>;

/// The attributes of a resource, of another kind, or of the provider block.
#[derive(Default)]
pub struct Schema {
    /// The version, from 0. Raise it whenever stored state needs an upgrade to be read. Only a
    /// resource has stored state.
    pub version: i64,
    /// The version of the identity, from 0. Raise it whenever stored identities need an upgrade to be
    /// read. Only a resource has an identity.
    pub identity_version: i64,
    /// What it is for, in Markdown.
    pub description: Cow<'static, str>,
    /// The attributes, in the order in which documentation shows them.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The object type that values of this schema have.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }
}

/// An attribute, or a block with attributes of its own.
#[must_use]
pub struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) description: Cow<'static, str>,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) default: Option<Value>,
    pub(crate) requires_replace: bool,
    pub(crate) use_state_for_unknown: bool,
    /// What it is in the identity, if it is a part of it.
    pub(crate) identity: Option<&'static str>,
    pub(crate) validators: Vec<Validator>,
}

/// What an attribute holds.
pub(crate) enum Kind {
    /// A block, `name { … }`, at most once. Terraform refuses a name in it that the block does not
    /// have, while it silently drops one that the object of an attribute does not have.
    Block(Vec<Attribute>),
    /// A list of objects, each with these attributes. Only the provider can set it.
    Objects(Vec<Attribute>),
    /// A value of this type.
    Plain(Type),
}

impl Attribute {
    fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            description: Cow::Borrowed(""),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            default: None,
            requires_replace: false,
            use_state_for_unknown: false,
            identity: None,
            validators: Vec::new(),
        }
    }

    /// An attribute that holds a string.
    pub fn string(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::String))
    }

    /// An attribute that holds a bool.
    pub fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Bool))
    }

    /// An attribute that holds a map of strings.
    pub fn map(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Map(Box::new(Type::String))))
    }

    /// A computed attribute that holds a list of objects with these attributes, each of them
    /// computed.
    pub fn objects(name: &'static str, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Kind::Objects(attributes)).computed()
    }

    /// An optional block with these attributes, each of them required or optional.
    pub fn block(name: &'static str, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Kind::Block(attributes)).optional()
    }

    /// Makes it required: the configuration must set it.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Makes it optional: the configuration may set it.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Makes it computed: the provider sets it where the configuration does not.
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// Makes it sensitive: Terraform hides its value in its output.
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Makes it write-only: its value is in the configuration alone, never in a plan or a state.
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Sets the description, in Markdown. Its first sentence stands in the error for a missing
    /// attribute.
    pub fn describe(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the value that is planned where the configuration sets none. It makes the attribute
    /// computed, since the provider then sets it.
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.computed()
    }

    /// Makes a change of its value replace the object: it is destroyed and created again.
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// Keeps the value that the provider computed in an update, rather than planning an unknown
    /// one.
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// Makes it a part of the identity, which tells the remote object from all others for as long as
    /// it exists. The description of that part is plain text. An import by identity has to give it.
    pub fn identifies(mut self, description: &'static str) -> Self {
        self.identity = Some(description);
        self
    }

    /// Adds a check of configured values.
    pub fn validate(
        mut self,
        validator: impl Fn(&Value, &Path, &mut Diagnostics) + Send + Sync + 'static,
    ) -> Self {
        self.validators.push(Box::new(validator));
        self
    }

    /// Whether a configuration can set it, because it is required or optional.
    pub(crate) fn configurable(&self) -> bool {
        self.required || self.optional
    }

    /// The type of its value.
    pub(crate) fn ty(&self) -> Type {
        match &self.kind {
            Kind::Block(attributes) => object_type(attributes),
            Kind::Objects(attributes) => Type::List(Box::new(object_type(attributes))),
            Kind::Plain(ty) => ty.clone(),
        }
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
    let attributes = attributes.iter();
    let attributes = attributes.map(|attribute| (attribute.name.to_owned(), attribute.ty()));
    Type::Object(attributes.collect())
}
