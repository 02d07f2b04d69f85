//! The checks of a configuration against its schema that Terraform leaves to providers.

use std::collections::BTreeMap;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::value::Value;

use super::schema::{Attribute, Kind, Nesting};

/// Checks `config`, an object of `attributes`.
///
/// Terraform itself refuses wrong types, and a missing required attribute of a block. It accepts a
/// configured attribute that only the provider can set, and a missing required attribute of a
/// nested object: those are refused here. So is a configured write-only value if the CLI does not
/// know write-only attributes, because it would store the value. `write_only_allowed` tells whether
/// it does.
pub(super) fn config(
    attributes: &[Attribute],
    config: &Value,
    write_only_allowed: bool,
) -> Diagnostics {
    let mut check = Check {
        write_only_allowed,
        diagnostics: Diagnostics::default(),
    };
    check.object(attributes, config, &Path::root());
    check.diagnostics
}

/// A check under way, with the diagnostics so far.
struct Check {
    write_only_allowed: bool,
    diagnostics: Diagnostics,
}

impl Check {
    fn object(&mut self, attributes: &[Attribute], object: &Value, path: &Path) {
        let Value::Map(values) = object else { return };
        for attribute in attributes {
            let value = values.get(attribute.name).unwrap_or(&Value::Null);
            self.attribute(attribute, value, &path.attribute(attribute.name));
        }
    }

    fn attribute(&mut self, attribute: &Attribute, value: &Value, path: &Path) {
        if value.is_null() {
            if attribute.required {
                self.missing(attribute, path);
            }
            return;
        }
        if !attribute.configurable() {
            self.diagnostics.push(
                Diagnostic::error(
                    "Read-Only Attribute",
                    format!(
                        "The provider sets {path} and reports it; a configuration cannot. Remove \
                         {path} from the configuration."
                    ),
                )
                .at(path.clone()),
            );
            return;
        }
        if attribute.write_only && !self.write_only_allowed {
            self.diagnostics.push(
                Diagnostic::error(
                    "Write-Only Attribute Not Supported",
                    format!(
                        "{path} is never stored, which this version of Terraform or OpenTofu \
                         cannot guarantee. Use Terraform 1.11 or OpenTofu 1.11, or later, or \
                         remove {path}."
                    ),
                )
                .at(path.clone()),
            );
        }
        if let Some(instead) = attribute.deprecated {
            self.diagnostics.push(
                Diagnostic::warning(
                    "Deprecated Attribute",
                    format!("{path} is deprecated: {instead}"),
                )
                .at(path.clone()),
            );
        }
        if value.is_unknown() {
            return;
        }
        for validator in &attribute.validators {
            validator(value, path, &mut self.diagnostics);
        }
        if let Kind::Nested(nesting, attributes) = &attribute.kind {
            self.nested(*nesting, attributes, value, path);
        }
    }

    fn nested(&mut self, nesting: Nesting, attributes: &[Attribute], value: &Value, path: &Path) {
        match value {
            Value::List(elements) => {
                for (position, element) in elements.iter().enumerate() {
                    // An element of a set has no address in Terraform, so its diagnostics point at
                    // the set.
                    let path = if nesting == Nesting::Set {
                        path.clone()
                    } else {
                        path.index(position)
                    };
                    self.object(attributes, element, &path);
                }
            }
            Value::Map(entries) if nesting == Nesting::Map => {
                for (key, element) in entries {
                    self.object(attributes, element, &path.key(key));
                }
            }
            _ => self.object(attributes, value, path),
        }
    }

    fn missing(&mut self, attribute: &Attribute, path: &Path) {
        let what = match attribute.description.split_once(". ") {
            Some((first, _)) => first,
            None => attribute.description.trim_end_matches('.'),
        };
        self.diagnostics.push(
            Diagnostic::error(
                "Missing Attribute",
                format!("{path} is required: {what}. Set it in the configuration."),
            )
            .at(path.clone()),
        );
    }
}

/// Checks that an identity has all the attributes that an import by identity requires.
pub(super) fn identity(required: &[&str], identity: &BTreeMap<String, Value>) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    for name in required {
        if identity
            .get(*name)
            .is_none_or(|value| !value.is_wholly_known() || value.is_null())
        {
            diagnostics.push(
                Diagnostic::error(
                    "Incomplete Identity",
                    format!(
                        "The identity needs {name}. Add it to the identity of the import block."
                    ),
                )
                .at(Path::root().attribute(*name)),
            );
        }
    }
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::diagnostic::Severity;

    fn attributes() -> Vec<Attribute> {
        vec![
            Attribute::string("id").computed(),
            Attribute::string("name")
                .required()
                .describe("The name. More."),
            Attribute::string("old").optional().deprecated("use name."),
            Attribute::string("key").optional().write_only(),
            Attribute::object(
                "inner",
                vec![Attribute::string("must").required().describe("A must.")],
            )
            .optional(),
            Attribute::new(
                "many",
                Kind::Nested(Nesting::List, vec![Attribute::bool("on").computed()]),
            )
            .optional(),
        ]
    }

    fn object<const N: usize>(values: [(&str, Value); N]) -> Value {
        Value::Map(
            values
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    fn places(value: &Value) -> Vec<(Severity, String)> {
        config(&attributes(), value, false)
            .into_iter()
            .map(|diagnostic| {
                (
                    diagnostic.severity,
                    diagnostic.path.expect("a path").to_string(),
                )
            })
            .collect()
    }

    #[test]
    fn a_good_configuration_passes() {
        assert_eq!(
            places(&object([("name", "a".into()), ("id", Value::Null)])),
            []
        );
    }

    #[test]
    fn an_unknown_value_counts_as_given() {
        assert_eq!(places(&object([("name", Value::Unknown)])), []);
    }

    #[test]
    fn read_only_missing_deprecated_and_write_only_are_all_found_at_once() {
        let value = object([
            ("id", "x".into()),
            ("old", "x".into()),
            ("key", "x".into()),
            ("inner", object([("must", Value::Null)])),
            ("many", Value::List(vec![object([("on", true.into())])])),
        ]);
        let path = |severity, path: &str| (severity, path.to_owned());
        assert_eq!(
            places(&value),
            [
                path(Severity::Error, "id"),
                path(Severity::Error, "name"),
                path(Severity::Warning, "old"),
                path(Severity::Error, "key"),
                path(Severity::Error, "inner.must"),
                path(Severity::Error, "many[0].on"),
            ]
        );
    }

    #[test]
    fn an_identity_must_be_complete() {
        let identity_of = |value: Value| {
            [("space".to_owned(), value)]
                .into_iter()
                .collect::<BTreeMap<_, _>>()
        };
        assert!(identity(&["space"], &identity_of("a".into())).is_empty());
        assert!(identity(&["space"], &identity_of(Value::Null)).has_errors());
        assert!(identity(&["space"], &BTreeMap::new()).has_errors());
    }
}
