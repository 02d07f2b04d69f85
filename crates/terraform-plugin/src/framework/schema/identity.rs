//! The schema of an identity, which tells a remote object from all others for as long as it exists.

use crate::wire::ty::Type;

/// The attributes of an identity.
#[derive(Debug, Default)]
pub struct IdentitySchema {
    /// The version, from 0. Raise it whenever stored identities need an upgrade to be read.
    pub version: i64,
    /// The attributes. Terraform allows strings, numbers, bools and lists of these.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Debug)]
pub struct IdentityAttribute {
    /// The name, as HCL writes it.
    pub name: &'static str,
    /// The type: a string, a number, a bool, or a list of these.
    pub ty: Type,
    /// A description in plain text.
    pub description: &'static str,
    /// Whether an import by identity has to give it. If not, it may.
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

    /// Why Terraform would refuse this schema, in words; `None` if it would not.
    pub(in super::super) fn problem(&self) -> Option<String> {
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
