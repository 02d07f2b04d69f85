//! The objects of a nested attribute, and which of them belong together in configuration, prior
//! state and plan.

use std::borrow::Cow;

use crate::wire::value::Value;

use super::super::schema::{Attribute, Kind, Nesting};

/// The place of one object in the value of a nested attribute.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// An element of a list, at this position.
    Element(usize),
    /// An entry of a map, under this key.
    Entry(&'a str),
    /// The value itself, which is a single object.
    Itself,
    /// An element of a set, whose elements have neither a position nor a key.
    Member,
}

impl Place<'_> {
    /// The object at the same place of another value of the attribute. What an unknown value holds
    /// is unknown, and where nothing is, it is null.
    pub(super) fn of<'v>(&self, value: &'v Value) -> &'v Value {
        match (self, value) {
            (_, Value::Unknown) => value,
            (Self::Element(position), Value::List(elements)) => {
                elements.get(*position).unwrap_or(&Value::Null)
            }
            (Self::Entry(key), entries) => child(entries, key),
            (Self::Itself, object) => object,
            // An element of a set cannot be found again in another value: it may have changed in
            // any of its attributes.
            (Self::Element(_) | Self::Member, _) => &Value::Null,
        }
    }

    /// The part of the configuration `config` of the attribute that belongs to the object `value`
    /// at this place.
    ///
    /// For an element of a set, it is the configured element with which most attributes agree. If
    /// none can belong to it, the element counts as wholly configured, so that nothing in it is
    /// planned.
    pub(super) fn configured<'v>(
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
            None => Cow::Owned(value.clone()),
        }
    }
}

/// In how many attributes `value`, an element of a set, agrees with the configured element
/// `config`; `None` if the two cannot belong together.
///
/// They belong together if they differ only where the configuration leaves a value to the provider,
/// in write-only attributes, and inside nested collections.
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

/// Calls `each` with every object in the value of a nested attribute, and its place.
pub(super) fn each_object(
    nesting: Nesting,
    value: &mut Value,
    mut each: impl FnMut(Place<'_>, &mut Value),
) {
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

/// The attribute `name` of an object, or the entry of a map with that key. It is null if there is
/// none.
pub(super) fn child<'a>(value: &'a Value, name: &str) -> &'a Value {
    match value {
        Value::Map(values) => values.get(name).unwrap_or(&Value::Null),
        // Everything in an unknown object is unknown too.
        Value::Unknown => value,
        _ => &Value::Null,
    }
}
