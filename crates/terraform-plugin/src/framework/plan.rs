//! The rules of planning: functions of the configuration, the prior state and the state that
//! Terraform proposes, without I/O.
//!
//! Terraform merges configuration and prior state into a proposed state. It leaves to the provider
//! what has a default, what is not known before apply, and what replaces the object. The rules
//! concern the attributes of the resource itself: what is inside a block is configured, and what is
//! inside a list of objects is computed together with the list.

use crate::wire::path::Path;
use crate::wire::value::Value;

use super::schema::Attribute;

/// Makes the planned state of an object with `attributes` from the state that Terraform proposes.
///
/// The rules apply in this order:
///
/// 1. An attribute that the configuration does not set gets its default, and write-only values are
///    removed.
/// 2. If anything differs from the prior state then, every computed attribute that the
///    configuration does not set becomes unknown, because the provider may compute it anew. One
///    that keeps its state has the prior value instead. If nothing differs, all stay as they are: a
///    plan without a change must be equal to the prior state.
pub(crate) fn planned(
    attributes: &[Attribute],
    config: &Value,
    prior: &Value,
    mut proposed: Value,
) -> Value {
    let Value::Map(planned) = &mut proposed else {
        return proposed;
    };
    for attribute in attributes {
        let value = planned.entry(attribute.name.to_owned()).or_default();
        if attribute.write_only {
            *value = Value::Null;
        } else if let (Value::Null, Some(default)) = (of(config, attribute), &attribute.default) {
            *value = default.clone();
        }
    }
    if prior.attributes() == Some(planned) {
        return proposed;
    }
    let computed = attributes.iter().filter(|attribute| {
        attribute.computed && attribute.default.is_none() && of(config, attribute).is_null()
    });
    for attribute in computed {
        let value = match attribute.use_state_for_unknown && !prior.is_null() {
            true => of(prior, attribute).clone(),
            false => Value::Unknown,
        };
        planned.insert(attribute.name.to_owned(), value);
    }
    proposed
}

/// The attributes whose change from `prior` to `planned` replaces the object. There are none if the
/// object does not exist yet, or is to be destroyed.
pub(crate) fn replacements(attributes: &[Attribute], prior: &Value, planned: &Value) -> Vec<Path> {
    if prior.is_null() || planned.is_null() {
        return Vec::new();
    }
    let replacing = attributes.iter().filter(|attribute| {
        attribute.requires_replace && of(prior, attribute) != of(planned, attribute)
    });
    replacing
        .map(|attribute| Path::root().attribute(attribute.name))
        .collect()
}

/// Replaces write-only values by null. Terraform refuses a plan or state that holds one.
pub(crate) fn null_write_only(attributes: &[Attribute], value: &mut Value) {
    let Value::Map(values) = value else { return };
    for attribute in attributes.iter().filter(|attribute| attribute.write_only) {
        values.insert(attribute.name.to_owned(), Value::Null);
    }
}

/// The value of an attribute in an object. It is null where there is none.
fn of<'a>(object: &'a Value, attribute: &Attribute) -> &'a Value {
    let values = object.attributes();
    let value = values.and_then(|values| values.get(attribute.name));
    value.unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Vec<Attribute> {
        vec![
            Attribute::string("id").computed().use_state_for_unknown(),
            Attribute::string("name").required().requires_replace(),
            Attribute::string("size").optional().default("small"),
            Attribute::string("seen").computed(),
            Attribute::string("key").optional().write_only(),
            Attribute::block("limits", vec![Attribute::string("label").required()]),
            Attribute::string("zone")
                .optional()
                .computed()
                .use_state_for_unknown(),
        ]
    }

    fn resource(name: &str, id: Value, seen: Value, size: Value, zone: Value) -> Value {
        Value::object([
            ("id", id),
            ("name", name.into()),
            ("size", size),
            ("seen", seen),
            ("key", Value::Null),
            ("limits", Value::object([("label", "l".into())])),
            ("zone", zone),
        ])
    }

    fn config(name: &str, zone: Value) -> Value {
        resource(name, Value::Null, Value::Null, Value::Null, zone)
    }

    #[test]
    fn a_new_resource_has_defaults_and_unknown_computed_values() {
        let config = config("a", "z".into());
        assert_eq!(
            planned(&schema(), &config, &Value::Null, config.clone()),
            resource(
                "a",
                Value::Unknown,
                Value::Unknown,
                "small".into(),
                "z".into()
            )
        );
    }

    #[test]
    fn nothing_becomes_unknown_where_nothing_changes() {
        let prior = resource("a", "1".into(), "now".into(), "small".into(), "z".into());
        let config = config("a", Value::Null);
        assert_eq!(planned(&schema(), &config, &prior, prior.clone()), prior);
        assert_eq!(replacements(&schema(), &prior, &prior), []);
    }

    #[test]
    fn a_change_makes_computed_values_unknown_except_those_that_keep_their_state() {
        let prior = resource("a", "1".into(), "now".into(), "small".into(), "z".into());
        let proposed = resource("b", "1".into(), "now".into(), Value::Null, "z".into());
        let planned = planned(&schema(), &config("b", Value::Null), &prior, proposed);
        assert_eq!(
            planned,
            resource("b", "1".into(), Value::Unknown, "small".into(), "z".into())
        );
        assert_eq!(
            replacements(&schema(), &prior, &planned),
            [Path::root().attribute("name")]
        );
    }

    #[test]
    fn a_configured_value_that_is_unknown_stays_unknown() {
        let prior = resource("a", "1".into(), "now".into(), "small".into(), "z".into());
        let config = config("a", Value::Unknown);
        let proposed = resource("a", "1".into(), "now".into(), Value::Null, Value::Unknown);
        assert_eq!(
            planned(&schema(), &config, &prior, proposed),
            resource(
                "a",
                "1".into(),
                Value::Unknown,
                "small".into(),
                Value::Unknown
            )
        );
    }

    #[test]
    fn a_write_only_value_is_never_planned() {
        let mut config = config("a", Value::Null);
        if let Value::Map(values) = &mut config {
            values.insert("key".into(), "s3cr3t".into());
        }
        let planned = planned(&schema(), &config, &Value::Null, config.clone());
        let values = planned.attributes().expect("an object");
        assert_eq!(values["key"], Value::Null);
    }

    #[test]
    fn creating_and_destroying_replace_nothing() {
        let some = config("a", Value::Null);
        assert_eq!(replacements(&schema(), &Value::Null, &some), []);
        assert_eq!(replacements(&schema(), &some, &Value::Null), []);
    }
}
