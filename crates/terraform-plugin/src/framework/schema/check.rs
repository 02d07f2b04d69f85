//! Schemas that make no sense for their kind. They are refused when the provider starts, before
//! Terraform or a user meets them.

use std::collections::BTreeSet;

use super::{Attribute, Kind};
use crate::wire::ty::Type;

/// What the values of a schema are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchemaRole {
    /// Input alone: the provider block, an action, the configuration of a list, and a block.
    Input,
    /// A data source, whose values are read anew each time.
    Read,
    /// A resource, whose values are planned and stored.
    Stored,
    /// The objects of a list that the provider sets.
    Output,
}

/// The arguments that Terraform itself gives to resources, data sources and actions.
const RESERVED: [&str; 7] = [
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];

/// Refuses attributes that make no sense. The error says which, and why.
pub(crate) fn check(attributes: &[Attribute], role: SchemaRole) -> Result<(), String> {
    check_names(attributes.iter().map(|attribute| attribute.name))?;
    attributes.iter().try_for_each(|attribute| {
        let name = attribute.name;
        if let Some(problem) = problem(attribute, role) {
            return Err(format!("{name} {problem}"));
        }
        let inner = match &attribute.kind {
            Kind::Block(inner) => check(inner, SchemaRole::Input),
            Kind::Objects(inner) => check(inner, SchemaRole::Output),
            Kind::Plain(_) => Ok(()),
        };
        inner.map_err(|problem| format!("{name}: {problem}"))
    })
}

/// Refuses a name that is there twice, or that HCL cannot write: lower-case letters, digits and
/// underscores, beginning with a letter.
pub(crate) fn check_names(names: impl IntoIterator<Item = &'static str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    names.into_iter().try_for_each(|name| {
        let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.bytes().all(rest) {
            return Err(format!("{name} is not a name that HCL can write"));
        }
        match seen.insert(name) {
            true => Ok(()),
            false => Err(format!("{name} is there twice")),
        }
    })
}

/// What is wrong with an attribute itself, if something is.
fn problem(attribute: &Attribute, role: SchemaRole) -> Option<&'static str> {
    let (required, optional) = (attribute.required, attribute.optional);
    let (computed, write_only) = (attribute.computed, attribute.write_only);
    let planned = attribute.default.is_some()
        || attribute.requires_replace
        || attribute.use_state_for_unknown
        || attribute.identity.is_some()
        || write_only;
    let primitive = matches!(attribute.kind, Kind::Plain(Type::Bool | Type::String));
    let configurable = attribute.configurable();
    let rules = [
        (
            RESERVED.contains(&attribute.name),
            "is a name that Terraform reserves",
        ),
        (
            !configurable && !computed,
            "is neither required, optional nor computed",
        ),
        (
            required && (optional || computed),
            "is required, and optional or computed too",
        ),
        (
            computed && role == SchemaRole::Input,
            "is computed, where nothing is",
        ),
        (
            configurable && role == SchemaRole::Output,
            "can be configured, where nothing can",
        ),
        (
            planned && role != SchemaRole::Stored,
            "has a rule that only an attribute of a resource can have: a default, a replacement, \
             a kept state, write-only, or a part of the identity",
        ),
        (
            attribute.identity.is_some() && !primitive,
            "is a part of the identity, and neither a string nor a bool",
        ),
        (
            write_only && computed,
            "is write-only, and computed or with a default",
        ),
        (
            matches!(attribute.kind, Kind::Objects(_)) && configurable,
            "is a list of objects, and configurable",
        ),
        (
            matches!(attribute.kind, Kind::Block(_)) && (computed || write_only),
            "is a block, and computed or write-only",
        ),
    ];
    let broken = rules.into_iter().find(|(broken, _)| *broken);
    broken.map(|(_, problem)| problem)
}

#[cfg(test)]
mod tests {
    use super::SchemaRole::{Input, Read, Stored};
    use super::*;

    fn text(attribute: Attribute, role: SchemaRole) -> String {
        check(&[attribute], role).err().unwrap_or_default()
    }

    #[test]
    fn a_schema_that_makes_no_sense_for_its_kind_is_refused() {
        let a = || Attribute::string("a");
        for (attribute, role, expected) in [
            (a(), Stored, "a is neither"),
            (a().required().optional(), Stored, "a is required, and"),
            (a().required().computed(), Stored, "a is required, and"),
            (a().computed(), Input, "a is computed"),
            (a().optional().default("x"), Input, "a is computed"),
            (a().optional().default("x"), Read, "a has a rule"),
            (a().required().write_only(), Read, "a has a rule"),
            (a().required().requires_replace(), Input, "a has a rule"),
            (a().required().identifies("a"), Input, "a has a rule"),
            (
                Attribute::map("a").required().identifies("a"),
                Stored,
                "a is a part of the identity, and",
            ),
            (
                a().optional().computed().write_only(),
                Stored,
                "a is write-only, and",
            ),
            (
                a().optional().write_only().default("x"),
                Stored,
                "a is write-only, and",
            ),
            (Attribute::string("A").required(), Read, "A is not a name"),
            (Attribute::string("").required(), Read, " is not a name"),
            (
                Attribute::string("count").required(),
                Read,
                "count is a name",
            ),
            (
                Attribute::objects("a", vec![Attribute::string("b").optional()]),
                Read,
                "a: b can be configured",
            ),
            (
                Attribute::objects("a", Vec::new()).optional(),
                Read,
                "a is a list of objects, and configurable",
            ),
            (
                Attribute::block("a", vec![Attribute::string("b").computed()]),
                Stored,
                "a: b is computed",
            ),
            (
                Attribute::block("a", Vec::new()).computed(),
                Stored,
                "a is a block, and computed",
            ),
        ] {
            let text = text(attribute, role);
            assert!(text.starts_with(expected), "{text:?}, not {expected:?}");
        }
        let twice = [a().required(), a().computed()];
        assert_eq!(check(&twice, Stored), Err("a is there twice".to_owned()));
    }

    #[test]
    fn a_schema_that_makes_sense_is_not() {
        let resource = [
            Attribute::string("a").required().requires_replace(),
            Attribute::bool("i").required().identifies("i"),
            Attribute::string("b").optional().default("x"),
            Attribute::string("c").optional().write_only().sensitive(),
            Attribute::map("d").optional().computed(),
            Attribute::objects("e", vec![Attribute::string("f").computed()]),
            Attribute::block("g", vec![Attribute::string("h").optional()]),
        ];
        assert_eq!(check(&resource, Stored), Ok(()));
    }
}
