//! The schema of a resource or of the provider block: its attributes and their rules.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

mod identity;

pub use identity::{IdentityAttribute, IdentitySchema};

/// Checks one configured value, which is not null and known as a whole or in parts, and adds what
/// is wrong with it to the diagnostics. The path is that of the attribute.
pub type Validator = Box<dyn Fn(&Value, &Path, &mut Diagnostics) + Send + Sync>;

/// The attributes of a resource or of the provider block.
#[derive(Debug, Default)]
pub struct Schema {
    /// The version, from 0. Raise it whenever stored state needs an upgrade to be read.
    pub version: i64,
    /// What the resource or provider is for, in Markdown.
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

/// An attribute of a block or of a nested object.
pub struct Attribute {
    /// The name, as HCL writes it.
    pub name: &'static str,
    /// Whether it holds a value of a type, or objects with attributes of their own.
    pub kind: Kind,
    /// What it means, in Markdown. The first sentence stands in the error for a missing attribute.
    pub description: Cow<'static, str>,
    /// Whether the configuration must set it. Such an attribute is neither optional nor computed.
    pub required: bool,
    /// Whether the configuration may set it.
    pub optional: bool,
    /// Whether the provider sets it where the configuration does not.
    pub computed: bool,
    /// Whether Terraform hides its value in its output.
    pub sensitive: bool,
    /// Whether its value is in the configuration only, and never in a plan or a state.
    pub write_only: bool,
    /// Configurations write it as a block, `name { … }`. Terraform refuses a name that a block does
    /// not have, while it silently drops one that the object of an attribute does not have. Only a
    /// single object of a schema or of another block can be a block.
    pub block: bool,
    /// What to use instead, if it should not be used any more.
    pub deprecated: Option<&'static str>,
    /// The planned value where the configuration sets none.
    pub default: Option<Value>,
    /// The rules by which its value is planned.
    pub modifiers: Vec<Modifier>,
    /// The checks that a configured value has to pass.
    pub validators: Vec<Validator>,
}

/// What an attribute holds.
#[derive(Debug)]
pub enum Kind {
    /// One or several objects, each with these attributes.
    Nested(Nesting, Vec<Attribute>),
    /// A value of this type.
    Plain(Type),
}

/// How many objects a nested attribute holds, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// Any number of objects, told apart by their position.
    List,
    /// Any number of objects, each under a key, which is a string.
    Map,
    /// Any number of objects without an order, each of which is there once.
    Set,
    /// Exactly one object, unless the attribute is null.
    Single,
}

/// A rule for planning an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// A change of the value replaces the object: it is destroyed and created again.
    RequiresReplace,
    /// A value that the provider computed stays as it is in an update, rather than becoming
    /// unknown.
    UseStateForUnknown,
}

impl Attribute {
    /// An attribute of this kind, which is neither required nor optional nor computed yet.
    pub fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            description: Cow::Borrowed(""),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            block: false,
            deprecated: None,
            default: None,
            modifiers: Vec::new(),
            validators: Vec::new(),
        }
    }

    /// An attribute that holds a string.
    pub fn string(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::String))
    }

    /// An attribute that holds a number.
    pub fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Number))
    }

    /// An attribute that holds a bool.
    pub fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Bool))
    }

    /// An attribute that holds one object with these attributes.
    pub fn object(name: &'static str, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Kind::Nested(Nesting::Single, attributes))
    }

    /// An optional object that configurations write as a block, at most once.
    pub fn block(name: &'static str, attributes: Vec<Attribute>) -> Self {
        Self {
            block: true,
            ..Self::object(name, attributes).optional()
        }
    }

    /// Makes it required: the configuration must set it.
    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Makes it optional: the configuration may set it.
    #[must_use]
    pub fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// Makes it computed: the provider sets it where the configuration does not.
    #[must_use]
    pub fn computed(self) -> Self {
        Self {
            computed: true,
            ..self
        }
    }

    /// Makes it sensitive: Terraform hides its value in its output.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    /// Makes it write-only: its value is never in a plan or a state.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self {
            write_only: true,
            ..self
        }
    }

    /// Makes it deprecated. A configuration that sets it gets a warning, which ends in `instead`.
    #[must_use]
    pub fn deprecated(self, instead: &'static str) -> Self {
        Self {
            deprecated: Some(instead),
            ..self
        }
    }

    /// Sets the description, which is in Markdown.
    #[must_use]
    pub fn describe(self, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            description: description.into(),
            ..self
        }
    }

    /// Sets the value that is planned where the configuration sets none. It makes the attribute
    /// computed, since the provider then sets it.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self {
            default: Some(value.into()),
            computed: true,
            ..self
        }
    }

    /// Makes a change of its value replace the object.
    #[must_use]
    pub fn requires_replace(self) -> Self {
        self.modify(Modifier::RequiresReplace)
    }

    /// Keeps the value that the provider computed until the object is replaced.
    #[must_use]
    pub fn use_state_for_unknown(self) -> Self {
        self.modify(Modifier::UseStateForUnknown)
    }

    /// Adds a check of configured values.
    #[must_use]
    pub fn validate(
        mut self,
        validator: impl Fn(&Value, &Path, &mut Diagnostics) + Send + Sync + 'static,
    ) -> Self {
        self.validators.push(Box::new(validator));
        self
    }

    /// Whether a configuration can set it, because it is required or optional.
    pub fn configurable(&self) -> bool {
        self.required || self.optional
    }

    /// The type of its value, objects included.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => {
                let object = object_type(attributes);
                match nesting {
                    Nesting::List => Type::List(Box::new(object)),
                    Nesting::Map => Type::Map(Box::new(object)),
                    Nesting::Set => Type::Set(Box::new(object)),
                    Nesting::Single => object,
                }
            }
        }
    }

    fn modify(mut self, modifier: Modifier) -> Self {
        self.modifiers.push(modifier);
        self
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.ty()))
            .collect::<BTreeMap<_, _>>(),
    )
}
