//! The rules of planning, as a function of configuration, prior state and what Terraform proposes.

use std::borrow::Cow;
use std::collections::BTreeSet;

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

/// Takes write-only values out of what is to be stored.
pub(super) fn null_write_only(attributes: &[Attribute], value: &mut Value) {
    walk(
        attributes,
        &Value::Null,
        value,
        &mut |attribute, _, value| {
            if attribute.write_only {
                *value = Value::Null;
            }
            !attribute.write_only
        },
    );
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
                let configured = place.configured(attributes, configured, value);
                walk(attributes, &configured, value, visit);
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
            each_object(*nesting, value, |place, value| {
                let configured = place.configured(attributes, configured, value);
                keep_state(attributes, &configured, place.of(before), value);
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
        if let Kind::Nested(nesting, attributes) = &attribute.kind {
            collect_nested(*nesting, attributes, (before, after), &path, found);
        }
    }
}

/// The same for the objects of a nested attribute. One that is new or gone has changed in all that
/// it holds.
fn collect_nested(
    nesting: Nesting,
    attributes: &[Attribute],
    (before, after): (&Value, &Value),
    path: &Path,
    found: &mut Vec<Path>,
) {
    // What is inside an unknown value, or which element of a set was which before, nobody can tell:
    // so the path of the whole is what replaces the resource.
    if before.is_unknown() || after.is_unknown() || nesting == Nesting::Set {
        let [was, is] = [before, after].map(|value| replacing_parts(attributes, value));
        let unknown = before.is_unknown() || after.is_unknown();
        if was != is || (unknown && has_replacing(attributes)) {
            found.push(path.clone());
        }
        return;
    }
    match nesting {
        Nesting::List | Nesting::Set => {
            let lengths = [before, after].map(|value| match value {
                Value::List(elements) => elements.len(),
                _ => 0,
            });
            for position in 0..lengths.into_iter().max().unwrap_or_default() {
                let place = Place::Element(position);
                let path = path.index(position);
                collect_replacements(attributes, place.of(before), place.of(after), &path, found);
            }
        }
        Nesting::Map => {
            let maps = [before, after];
            let keys = maps.iter().filter_map(|value| value.attributes());
            let keys: BTreeSet<&String> = keys.flat_map(|entries| entries.keys()).collect();
            for key in keys {
                let place = Place::Entry(key);
                let path = path.key(key);
                collect_replacements(attributes, place.of(before), place.of(after), &path, found);
            }
        }
        Nesting::Single => collect_replacements(attributes, before, after, path, found),
    }
}

/// Of each element of a set, what replaces the resource where it changes; in an order that does not
/// depend on the set's.
fn replacing_parts(attributes: &[Attribute], set: &Value) -> Vec<String> {
    let Value::List(elements) = set else {
        return Vec::new();
    };
    let mut parts: Vec<String> = elements
        .iter()
        .map(|element| {
            let parts = attributes.iter().filter_map(|attribute| {
                let value = child(element, attribute.name);
                let replaces = attribute.modifiers.contains(&Modifier::RequiresReplace);
                match &attribute.kind {
                    _ if replaces => Some(format!("{}={value:?}", attribute.name)),
                    Kind::Nested(_, inner) if has_replacing(inner) => {
                        Some(format!("{}={value:?}", attribute.name))
                    }
                    _ => None,
                }
            });
            parts.collect::<Vec<_>>().join(",")
        })
        .filter(|part| !part.is_empty())
        .collect();
    parts.sort();
    parts
}

fn has_replacing(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.modifiers.contains(&Modifier::RequiresReplace)
            || matches!(&attribute.kind, Kind::Nested(_, inner) if has_replacing(inner))
    })
}

/// Where in a nested attribute's value one of its objects stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Element(usize),
    Entry(&'a str),
    Itself,
    /// In a set, which has no places.
    Member,
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
            // Which element of a set an element was before, nobody can tell.
            (Self::Element(_) | Self::Member, _) => &Value::Null,
        }
    }

    /// What the configuration has for the object `value` at this place.
    fn configured<'v>(
        &self,
        attributes: &[Attribute],
        config: &'v Value,
        value: &Value,
    ) -> Cow<'v, Value> {
        let (Self::Member, Value::List(elements)) = (self, config) else {
            return Cow::Borrowed(self.of(config));
        };
        let counterparts = elements
            .iter()
            .filter_map(|element| Some((agreement(attributes, element, value)?, element)));
        match counterparts.max_by_key(|(agreement, _)| *agreement) {
            Some((_, element)) => Cow::Borrowed(element),
            // Not of the configuration: nothing of it is to be filled in.
            None => Cow::Owned(value.clone()),
        }
    }
}

/// How many attributes of `value`, an element of a set, are as the configured element `config` has
/// them; `None` if one of them is not. Terraform fills in only what the configuration leaves to the
/// provider.
fn agreement(attributes: &[Attribute], config: &Value, value: &Value) -> Option<usize> {
    let mut agreeing = 0;
    for attribute in attributes {
        let configured = child(config, attribute.name);
        let planned = child(value, attribute.name);
        let left_open = configured.is_null() && attribute.computed;
        if configured == planned {
            agreeing += 1;
        } else if let Kind::Nested(Nesting::Single, inner) = &attribute.kind {
            agreeing += agreement(inner, configured, planned)?;
        } else if !left_open && !matches!(attribute.kind, Kind::Nested(..)) && !attribute.write_only
        {
            return None;
        }
    }
    Some(agreeing)
}

fn each_object(nesting: Nesting, value: &mut Value, mut each: impl FnMut(Place<'_>, &mut Value)) {
    match value {
        Value::List(elements) => {
            for (position, element) in elements.iter_mut().enumerate() {
                let place = match nesting {
                    Nesting::Set => Place::Member,
                    _ => Place::Element(position),
                };
                each(place, element);
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

    /// A resource with one nested attribute, of parts whose label replaces and whose size has a
    /// default.
    fn nested(nesting: Nesting) -> Vec<Attribute> {
        let parts = vec![
            Attribute::string("label").required().requires_replace(),
            Attribute::string("size").optional().default("small"),
            Attribute::string("serial").computed(),
        ];
        vec![Attribute::new("parts", Kind::Nested(nesting, parts)).optional()]
    }

    fn sized(label: &str, size: Value, serial: Value) -> Value {
        object([("label", label.into()), ("size", size), ("serial", serial)])
    }

    #[test]
    fn what_requires_a_replacement_does_so_inside_collections_too() {
        let part = |label: &str| sized(label, "small".into(), "s".into());
        let list = |labels: &[&str]| {
            let parts = labels.iter().map(|label| part(label)).collect();
            object([("parts", Value::List(parts))])
        };
        let map = |label: &str| object([("parts", object([("k", part(label))]))]);
        let parts = Path::root().attribute("parts");
        let lists = nested(Nesting::List);
        for (before, after, position) in [
            (&["a", "b"][..], &["a", "c"][..], 1),
            (&["a"], &["a", "b"], 1),
            (&["a", "b"], &["a"], 1),
        ] {
            assert_eq!(
                replacements(&lists, &list(before), &list(after)),
                [parts.index(position).attribute("label")]
            );
        }
        assert_eq!(
            replacements(&nested(Nesting::Map), &map("a"), &map("b")),
            [parts.key("k").attribute("label")]
        );
        let sets = nested(Nesting::Set);
        assert_eq!(
            replacements(&sets, &list(&["a", "b"]), &list(&["b", "a"])),
            []
        );
        assert_eq!(
            replacements(&sets, &list(&["a", "b"]), &list(&["b", "c"])),
            std::slice::from_ref(&parts)
        );
        let resized = Value::List(vec![sized("a", "large".into(), "s".into())]);
        assert_eq!(
            replacements(&sets, &list(&["a"]), &object([("parts", resized)])),
            []
        );
        let unknown = object([("parts", Value::Unknown)]);
        assert_eq!(replacements(&lists, &list(&["a"]), &unknown), [parts]);
    }

    #[test]
    fn elements_of_a_set_are_planned_by_what_they_are_and_not_by_their_order() {
        let config = object([(
            "parts",
            Value::List(vec![
                sized("a", "large".into(), Value::Null),
                sized("b", Value::Null, Value::Null),
            ]),
        )]);
        let proposed = object([(
            "parts",
            Value::List(vec![
                sized("b", Value::Null, Value::Null),
                sized("a", "large".into(), Value::Null),
            ]),
        )]);
        let planned = attributes(&nested(Nesting::Set), &config, &Value::Null, proposed);
        let expected = vec![
            sized("b", "small".into(), Value::Unknown),
            sized("a", "large".into(), Value::Unknown),
        ];
        assert_eq!(child(&planned, "parts"), &Value::List(expected));
    }

    #[test]
    fn creating_and_destroying_replace_nothing() {
        let some = config("a", Value::Null);
        assert_eq!(replacements(&schema(), &Value::Null, &some), []);
        assert_eq!(replacements(&schema(), &some, &Value::Null), []);
    }
}
