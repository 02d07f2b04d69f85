//! The schema of an identity, which tells a remote object from all others for as long as it exists.

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

/// The attributes of an identity.
#[derive(Debug, Default)]
pub struct IdentitySchema {
    /// The version, from 0. Raise it whenever stored identities need an upgrade to be read.
    pub version: i64,
    /// The attributes.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Debug)]
pub struct IdentityAttribute {
    /// The name, as HCL writes it.
    pub name: &'static str,
    /// The type. Terraform allows strings, numbers, bools and lists of these.
    pub ty: Type,
    /// A description in plain text.
    pub description: &'static str,
    /// Whether an import by identity has to give it. If not, it may.
    pub required_for_import: bool,
}

impl IdentitySchema {
    /// The object type that identities of this schema have.
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter();
        let attributes =
            attributes.map(|attribute| (attribute.name.to_owned(), attribute.ty.clone()));
        Type::Object(attributes.collect())
    }

    /// What is wrong with this schema, if something is.
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

    /// Checks that an identity has all the attributes that an import by identity requires.
    pub(super) fn check_import(&self, identity: &Value) -> Result<(), Diagnostics> {
        let given = |name: &str| {
            let value = identity.attributes().and_then(|values| values.get(name));
            value.is_some_and(|value| !value.is_null() && value.is_wholly_known())
        };
        let required = self.attributes.iter().filter(|it| it.required_for_import);
        let missing = required.filter(|attribute| !given(attribute.name));
        let missing: Diagnostics = missing
            .map(|IdentityAttribute { name, .. }| {
                let advice = "Add it to the identity of the import block.";
                Diagnostic::error(
                    "Incomplete Identity",
                    format!("The identity needs {name}. {advice}"),
                )
                .at(Path::root().attribute(*name))
            })
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::diagnostic::has_errors;

    fn schema(ty: Type) -> IdentitySchema {
        IdentitySchema {
            version: 0,
            attributes: vec![IdentityAttribute {
                name: "space",
                ty,
                description: "",
                required_for_import: true,
            }],
        }
    }

    #[test]
    fn an_identity_must_be_complete() {
        let checked = |values: &[Value]| {
            let values = values
                .iter()
                .map(|value| ("space".to_owned(), value.clone()));
            schema(Type::String).check_import(&Value::Map(values.collect()))
        };
        assert_eq!(checked(&["a".into()]), Ok(()));
        for incomplete in [&[Value::Null][..], &[Value::Unknown], &[]] {
            assert!(checked(incomplete).is_err_and(|errors| has_errors(&errors)));
        }
    }

    #[test]
    fn an_identity_holds_no_objects() {
        let list = |element| Type::List(Box::new(element));
        assert_eq!(schema(list(Type::String)).problem(), None);
        for ty in [
            Type::Map(Box::new(Type::String)),
            Type::Object([].into()),
            list(list(Type::String)),
        ] {
            assert!(schema(ty).problem().is_some());
        }
    }
}
