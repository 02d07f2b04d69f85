//! The rules of planning, as a function of configuration, prior state and what Terraform proposes.

use crate::protocol::path::Path;
use crate::protocol::value::Value;

use super::schema::{Attribute, Kind, Modifier, Nesting};

/// Makes the planned value of an object with `attributes`.
///
/// `proposed` is Terraform's merge of configuration and prior state. In order: defaults where the configuration is
/// null, write-only values out, computed values unknown if anything changes, and each attribute's own modifiers.
pub(super) fn attributes(
    attributes: &[Attribute],
    config: &Value,
    prior: &Value,
    proposed: Value,
) -> Value {
    let mut planned = proposed;
    walk(attributes, config, &mut planned, &mut fill);
    if planned != *prior {
        walk(attributes, config, &mut planned, &mut mark_unknown);
    }
    keep_state(attributes, config, prior, &mut planned);
    planned
}

/// The paths whose change from `prior` to `planned` replaces the resource, sorted. Nothing replaces what does not exist yet.
pub(super) fn replacements(attributes: &[Attribute], prior: &Value, planned: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    if !prior.is_null() && !planned.is_null() {
        collect_replacements(attributes, prior, planned, &Path::root(), &mut paths);
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Visits every attribute of every object in `value` with its configured counterpart; `visit` says whether to go inside.
fn walk(
    attributes: &[Attribute],
    config: &Value,
    value: &mut Value,
    visit: &mut impl FnMut(&Attribute, &Value, &mut Value) -> bool,
) {
    let Value::Map(values) = value else { return };
    for attribute in attributes {
        let configured = child(config, attribute.name);
        let value = values.entry(attribute.name.to_owned()).or_default();
        if !visit(attribute, configured, value) {
            continue;
        }
        if let Kind::Nested(nesting, attributes) = &attribute.kind {
            each_object(*nesting, value, |place, value| {
                walk(attributes, place.of(configured), value, visit);
            });
        }
    }
}

fn fill(attribute: &Attribute, configured: &Value, value: &mut Value) -> bool {
    if attribute.write_only {
        *value = Value::Null;
        return false;
    }
    if let (Value::Null, Some(default)) = (configured, &attribute.default) {
        *value = default.clone();
        return false;
    }
    true
}

fn mark_unknown(attribute: &Attribute, configured: &Value, value: &mut Value) -> bool {
    let computed = attribute.computed && attribute.default.is_none() && configured.is_null();
    if computed {
        *value = Value::Unknown;
    }
    !computed
}

fn keep_state(attributes: &[Attribute], config: &Value, prior: &Value, planned: &mut Value) {
    let Value::Map(values) = planned else { return };
    for attribute in attributes {
        let (configured, before) = (child(config, attribute.name), child(prior, attribute.name));
        let Some(value) = values.get_mut(attribute.name) else {
            continue;
        };
        let keeps = attribute.modifiers.contains(&Modifier::UseStateForUnknown);
        if keeps && !prior.is_null() && value.is_unknown() && !configured.is_unknown() {
            *value = before.clone();
        }
        if let Kind::Nested(nesting, attributes) = &attribute.kind {
            // Which element of a set an element was before, nobody can tell.
            let before = if *nesting == Nesting::Set {
                &Value::Null
            } else {
                before
            };
            each_object(*nesting, value, |place, value| {
                keep_state(attributes, place.of(configured), place.of(before), value);
            });
        }
    }
}

fn collect_replacements(
    attributes: &[Attribute],
    prior: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Vec<Path>,
) {
    for attribute in attributes {
        let (before, after) = (child(prior, attribute.name), child(planned, attribute.name));
        if before == after {
            continue;
        }
        let path = path.attribute(attribute.name);
        if attribute.modifiers.contains(&Modifier::RequiresReplace) {
            found.push(path.clone());
        }
        if let (Kind::Nested(Nesting::Single, attributes), Value::Map(_), Value::Map(_)) =
            (&attribute.kind, before, after)
        {
            collect_replacements(attributes, before, after, &path, found);
        }
    }
}

/// Where in a nested attribute's value one of its objects stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Element(usize),
    Entry(&'a str),
    Itself,
}

impl Place<'_> {
    /// The object at the same place of another value.
    fn of<'v>(&self, value: &'v Value) -> &'v Value {
        match (self, value) {
            (_, Value::Unknown) => value,
            (Self::Element(position), Value::List(elements)) => {
                elements.get(*position).unwrap_or(&Value::Null)
            }
            (Self::Entry(key), entries) => child(entries, key),
            (Self::Itself, object) => object,
            (Self::Element(_), _) => &Value::Null,
        }
    }
}

fn each_object(nesting: Nesting, value: &mut Value, mut each: impl FnMut(Place<'_>, &mut Value)) {
    match value {
        Value::List(elements) => {
            for (position, element) in elements.iter_mut().enumerate() {
                each(Place::Element(position), element);
            }
        }
        Value::Map(entries) if nesting == Nesting::Map => {
            for (key, element) in entries.iter_mut() {
                each(Place::Entry(key), element);
            }
        }
        single => each(Place::Itself, single),
    }
}

fn child<'a>(value: &'a Value, name: &str) -> &'a Value {
    match value {
        Value::Map(values) => values.get(name).unwrap_or(&Value::Null),
        // What an unknown object holds is unknown too.
        Value::Unknown => value,
        _ => &Value::Null,
    }
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
            Attribute::new(
                "parts",
                Kind::Nested(
                    Nesting::Map,
                    vec![
                        Attribute::string("label").required(),
                        Attribute::string("serial")
                            .computed()
                            .use_state_for_unknown(),
                    ],
                ),
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

    fn resource(name: &str, id: Value, seen: Value, size: Value, parts: Value) -> Value {
        object([
            ("id", id),
            ("name", name.into()),
            ("size", size),
            ("seen", seen),
            ("key", Value::Null),
            ("parts", parts),
        ])
    }

    fn config(name: &str, parts: Value) -> Value {
        resource(name, Value::Null, Value::Null, Value::Null, parts)
    }

    fn part(label: &str, serial: Value) -> Value {
        object([("label", label.into()), ("serial", serial)])
    }

    #[test]
    fn a_new_resource_has_defaults_and_unknown_computed_values() {
        let config = config("a", object([("x", part("l", Value::Null))]));
        let planned = attributes(&schema(), &config, &Value::Null, config.clone());
        let parts = object([("x", part("l", Value::Unknown))]);
        assert_eq!(
            planned,
            resource("a", Value::Unknown, Value::Unknown, "small".into(), parts)
        );
    }

    #[test]
    fn nothing_becomes_unknown_where_nothing_changes() {
        let parts = object([("x", part("l", "s1".into()))]);
        let prior = resource("a", "1".into(), "now".into(), "small".into(), parts);
        let config = config("a", object([("x", part("l", Value::Null))]));
        assert_eq!(attributes(&schema(), &config, &prior, prior.clone()), prior);
        assert_eq!(replacements(&schema(), &prior, &prior), []);
    }

    #[test]
    fn a_change_makes_computed_values_unknown_but_for_those_that_keep_their_state() {
        let prior_parts = object([("x", part("l", "s1".into()))]);
        let prior = resource("a", "1".into(), "now".into(), "small".into(), prior_parts);
        let parts = object([
            ("w", part("new", Value::Null)),
            ("x", part("l", Value::Null)),
        ]);
        let proposed = resource("b", "1".into(), "now".into(), "small".into(), parts.clone());
        let planned = attributes(&schema(), &config("b", parts), &prior, proposed);
        let expected = object([
            ("w", part("new", Value::Unknown)),
            ("x", part("l", "s1".into())),
        ]);
        assert_eq!(
            planned,
            resource("b", "1".into(), Value::Unknown, "small".into(), expected)
        );
        assert_eq!(
            replacements(&schema(), &prior, &planned),
            [Path::root().attribute("name")]
        );
    }

    #[test]
    fn a_write_only_value_is_never_planned() {
        let mut config = config("a", Value::Null);
        if let Value::Map(values) = &mut config {
            values.insert("key".into(), "s3cr3t".into());
        }
        let planned = attributes(&schema(), &config, &Value::Null, config.clone());
        assert_eq!(child(&planned, "key"), &Value::Null);
    }

    #[test]
    fn creating_and_destroying_replace_nothing() {
        let some = config("a", Value::Null);
        assert_eq!(replacements(&schema(), &Value::Null, &some), []);
        assert_eq!(replacements(&schema(), &some, &Value::Null), []);
    }
}
