//! Which changes of a plan replace the object.

use std::collections::BTreeSet;

use crate::wire::path::Path;
use crate::wire::value::Value;

use super::super::schema::{Attribute, Kind, Modifier, Nesting};
use super::place::{Place, child};

/// The attributes whose change from `prior` to `planned` replaces the object, sorted. There are
/// none if the object does not exist yet, or is to be destroyed.
pub(in super::super) fn replacements(
    attributes: &[Attribute],
    prior: &Value,
    planned: &Value,
) -> Vec<Path> {
    let mut paths = Vec::new();
    if !prior.is_null() && !planned.is_null() {
        collect_replacements(attributes, prior, planned, &Path::root(), &mut paths);
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Adds the attributes of one object whose change replaces the resource.
fn collect_replacements(
    attributes: &[Attribute],
    prior: &Value,
    planned: &Value,
    path: &Path,
    paths: &mut Vec<Path>,
) {
    for attribute in attributes {
        let (before, after) = (child(prior, attribute.name), child(planned, attribute.name));
        if before == after {
            continue;
        }
        let path = path.attribute(attribute.name);
        if attribute.modifiers.contains(&Modifier::RequiresReplace) {
            paths.push(path.clone());
        }
        if let Kind::Nested(nesting, attributes) = &attribute.kind {
            collect_nested(*nesting, attributes, (before, after), &path, paths);
        }
    }
}

/// Adds the attributes of the objects of a nested attribute whose change replaces the resource. An
/// object that is new, or that is gone, has changed in all its attributes.
fn collect_nested(
    nesting: Nesting,
    attributes: &[Attribute],
    (before, after): (&Value, &Value),
    path: &Path,
    paths: &mut Vec<Path>,
) {
    // It cannot be told what is inside an unknown value, nor which element of a set was which
    // before. So it is the nested attribute as a whole whose change replaces the resource.
    if before.is_unknown() || after.is_unknown() || nesting == Nesting::Set {
        let [was, is] = [before, after].map(|value| replacing_parts(attributes, value));
        let unknown = before.is_unknown() || after.is_unknown();
        if was != is || (unknown && has_replacing(attributes)) {
            paths.push(path.clone());
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
                collect_replacements(attributes, place.of(before), place.of(after), &path, paths);
            }
        }
        Nesting::Map => {
            let maps = [before, after];
            let keys = maps.iter().filter_map(|value| value.attributes());
            let keys: BTreeSet<&String> = keys.flat_map(|entries| entries.keys()).collect();
            for key in keys {
                let place = Place::Entry(key);
                let path = path.key(key);
                collect_replacements(attributes, place.of(before), place.of(after), &path, paths);
            }
        }
        Nesting::Single => collect_replacements(attributes, before, after, path, paths),
    }
}

/// For each element of a set, a text of those of its values whose change replaces the resource. Two
/// sets of which these texts are the same differ in nothing that would replace it. The texts are
/// sorted, since the order of elements in a set has no meaning.
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

/// Whether the change of one of these attributes, or of one nested in them, replaces the resource.
fn has_replacing(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.modifiers.contains(&Modifier::RequiresReplace)
            || matches!(&attribute.kind, Kind::Nested(_, inner) if has_replacing(inner))
    })
}
