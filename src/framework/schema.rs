//! What a resource or provider block may hold.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::protocol::diagnostic::Diagnostics;
use crate::protocol::path::Path;
use crate::protocol::ty::Type;
use crate::protocol::value::Value;

/// Checks one known, configured value and says what is wrong with it.
pub type Validator = Box<dyn Fn(&Value, &Path, &mut Diagnostics) + Send + Sync>;

/// The attributes of a resource, a provider block or an identity.
#[derive(Debug, Default)]
pub struct Schema {
    /// Raised whenever stored state needs an upgrade to be read.
    pub version: i64,
    /// Markdown.
    pub description: Cow<'static, str>,
    /// In the order in which documentation shows them.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The object type that values of this schema have.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }
}

/// One attribute.
pub struct Attribute {
    /// As HCL writes it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Markdown.
    pub description: Cow<'static, str>,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider sets it where the configuration does not.
    pub computed: bool,
    /// Terraform hides it in its output.
    pub sensitive: bool,
    /// It is in the configuration only: never in a plan or a state.
    pub write_only: bool,
    /// What to use instead, where it should no longer be used.
    pub deprecated: Option<&'static str>,
    /// The value where the configuration sets none.
    pub default: Option<Value>,
    /// How its plan is made.
    pub modifiers: Vec<Modifier>,
    /// What a configured value must fulfil.
    pub validators: Vec<Validator>,
}

/// What an attribute holds.
#[derive(Debug)]
pub enum Kind {
    /// Attributes of its own.
    Nested(Nesting, Vec<Attribute>),
    /// A value of a type.
    Plain(Type),
}

/// How often a nested attribute's object may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// In order.
    List,
    /// By key.
    Map,
    /// Without order.
    Set,
    /// Once.
    Single,
}

/// A rule for planning an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// A change of the value replaces the resource.
    RequiresReplace,
    /// What the provider computed before stays as it is.
    UseStateForUnknown,
}

impl Attribute {
    /// An attribute of the given kind, neither required, optional nor computed yet.
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
            deprecated: None,
            default: None,
            modifiers: Vec::new(),
            validators: Vec::new(),
        }
    }

    /// A string.
    pub fn string(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::String))
    }

    /// A number.
    pub fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Number))
    }

    /// A boolean.
    pub fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Bool))
    }

    /// An object with attributes of its own.
    pub fn object(name: &'static str, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Kind::Nested(Nesting::Single, attributes))
    }

    /// The same, required.
    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The same, optional.
    #[must_use]
    pub fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The same, computed.
    #[must_use]
    pub fn computed(self) -> Self {
        Self {
            computed: true,
            ..self
        }
    }

    /// The same, hidden in output.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    /// The same, never stored.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self {
            write_only: true,
            ..self
        }
    }

    /// The same, no longer to be used; `instead` says what to do.
    #[must_use]
    pub fn deprecated(self, instead: &'static str) -> Self {
        Self {
            deprecated: Some(instead),
            ..self
        }
    }

    /// The same, with a Markdown description.
    #[must_use]
    pub fn describe(self, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            description: description.into(),
            ..self
        }
    }

    /// The same, with a value for where the configuration sets none. Makes it computed.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self {
            default: Some(value.into()),
            computed: true,
            ..self
        }
    }

    /// The same; a change replaces the resource.
    #[must_use]
    pub fn requires_replace(self) -> Self {
        self.modify(Modifier::RequiresReplace)
    }

    /// The same; a computed value stays until something replaces the resource.
    #[must_use]
    pub fn use_state_for_unknown(self) -> Self {
        self.modify(Modifier::UseStateForUnknown)
    }

    /// The same, with one more check.
    #[must_use]
    pub fn validate(
        mut self,
        validator: impl Fn(&Value, &Path, &mut Diagnostics) + Send + Sync + 'static,
    ) -> Self {
        self.validators.push(Box::new(validator));
        self
    }

    /// Whether a configuration can set it.
    pub fn configurable(&self) -> bool {
        self.required || self.optional
    }

    /// The type of its value.
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

/// What identifies a remote object for as long as it lives.
#[derive(Debug, Default)]
pub struct IdentitySchema {
    /// Raised whenever stored identities need an upgrade to be read.
    pub version: i64,
    /// Primitive attributes, and lists of them, only.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Debug)]
pub struct IdentityAttribute {
    /// As HCL writes it.
    pub name: &'static str,
    /// What it holds: a string, a number, a bool, or a list of these.
    pub ty: Type,
    /// Plain text.
    pub description: &'static str,
    /// An import must give it; otherwise it may.
    pub required_for_import: bool,
}

impl IdentitySchema {
    /// The object type that identities of this schema have.
    pub fn ty(&self) -> Type {
        Type::Object(
            self.attributes
                .iter()
                .map(|attribute| (attribute.name.to_owned(), attribute.ty.clone()))
                .collect(),
        )
    }

    /// What Terraform would refuse in this schema, in words.
    pub(super) fn problem(&self) -> Option<String> {
        let primitive = |ty: &Type| matches!(ty, Type::Bool | Type::Number | Type::String);
        let unfit = self
            .attributes
            .iter()
            .find(|attribute| !match &attribute.ty {
                Type::List(element) => primitive(element),
                ty => primitive(ty),
            })?;
        Some(format!(
            "{}: an identity holds strings, numbers, bools and lists of these, and not {}",
            unfit.name, unfit.ty
        ))
    }
}
