//! The checks of a configuration against its schema that Terraform leaves to providers.

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::value::Value;

use super::schema::{Attribute, Kind};

/// Checks `config`, an object of `attributes` at `path`, and adds what is wrong with it.
///
/// Terraform itself refuses wrong types. It accepts a configured attribute that only the provider
/// can set: that is refused here. So is a configured write-only value if the CLI does not know
/// write-only attributes, because it would store the value. `write_only_allowed` says whether it
/// does.
pub(crate) fn check(
    attributes: &[Attribute],
    config: &Value,
    path: &Path,
    write_only_allowed: bool,
    diagnostics: &mut Diagnostics,
) {
    let Value::Map(values) = config else { return };
    for attribute in attributes {
        let value = values.get(attribute.name).unwrap_or(&Value::Null);
        let path = path.attribute(attribute.name);
        if value.is_null() {
            if attribute.required {
                diagnostics.push(missing(attribute, &path));
            }
            continue;
        }
        if !attribute.configurable() {
            let text = format!(
                "The provider sets {path} and reports it; a configuration cannot. Remove {path} \
                 from the configuration."
            );
            diagnostics.push(Diagnostic::error("Read-Only Attribute", text).at(path));
            continue;
        }
        if attribute.write_only && !write_only_allowed {
            let text = format!(
                "{path} is never stored, which this version of Terraform or OpenTofu cannot \
                 guarantee. Use Terraform 1.11 or OpenTofu 1.11, or later, or remove {path}."
            );
            let error = Diagnostic::error("Write-Only Attribute Not Supported", text);
            diagnostics.push(error.at(path.clone()));
        }
        if value.is_unknown() {
            continue;
        }
        for validator in &attribute.validators {
            validator(value, &path, diagnostics);
        }
        if let Kind::Block(attributes) = &attribute.kind {
            check(attributes, value, &path, write_only_allowed, diagnostics);
        }
    }
}

fn missing(attribute: &Attribute, path: &Path) -> Diagnostic {
    let what = match attribute.description.split_once(". ") {
        Some((first, _)) => first,
        None => attribute.description.trim_end_matches('.'),
    };
    let text = format!("{path} is required: {what}. Set it in the configuration.");
    Diagnostic::error("Missing Attribute", text).at(path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::diagnostic::has_errors;

    fn attributes() -> Vec<Attribute> {
        vec![
            Attribute::string("id").computed(),
            Attribute::string("name")
                .required()
                .describe("The name. More."),
            Attribute::string("key").optional().write_only(),
            Attribute::block(
                "inner",
                vec![Attribute::string("must").required().describe("A must.")],
            ),
            Attribute::objects("many", vec![Attribute::bool("on").computed()]),
        ]
    }

    fn errors(value: &Value) -> Vec<String> {
        let mut errors = Diagnostics::default();
        check(&attributes(), value, &Path::root(), false, &mut errors);
        assert_eq!(has_errors(&errors), !errors.is_empty());
        let paths = errors.iter().map(|error| error.path.clone());
        paths
            .map(|path| path.expect("a path").to_string())
            .collect()
    }

    #[test]
    fn a_good_configuration_passes() {
        let value = Value::object([("name", "a".into()), ("id", Value::Null)]);
        assert_eq!(errors(&value), [""; 0]);
    }

    #[test]
    fn an_unknown_value_counts_as_given() {
        assert_eq!(errors(&Value::object([("name", Value::Unknown)])), [""; 0]);
    }

    #[test]
    fn read_only_missing_and_write_only_attributes_are_all_found_at_once() {
        let value = Value::object([
            ("id", "x".into()),
            ("key", "x".into()),
            ("inner", Value::object([("must", Value::Null)])),
            (
                "many",
                Value::List(vec![Value::object([("on", true.into())])]),
            ),
        ]);
        assert_eq!(errors(&value), ["id", "name", "key", "inner.must", "many"]);
    }
}
