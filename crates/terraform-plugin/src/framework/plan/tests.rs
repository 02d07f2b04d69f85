//! The rules of planning, with a schema small enough to see each of them.

use super::super::schema::Nesting;
use super::place::child;
use crate::wire::path::Path;

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
