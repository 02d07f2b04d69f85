//! The rules of planning: functions of the configuration, the prior state and the state that
//! Terraform proposes, without I/O.
//!
//! Terraform merges configuration and prior state into a proposed state. It leaves to the provider
//! what has a default, what is not known before apply, and what replaces the object.

use crate::wire::value::Value;

use super::schema::{Attribute, Kind, Modifier};

mod place;
mod replacements;
#[cfg(test)]
mod tests;

pub(super) use replacements::replacements;

use place::{child, each_object};

/// Makes the planned state of an object with `attributes` from the state that Terraform proposes.
///
/// The rules apply in this order:
///
/// 1. An attribute that the configuration does not set gets its default, and write-only values are
///    removed. 2. If anything differs from the prior state then, every computed attribute that the
///    configuration does not set becomes unknown, because the provider may compute it anew. If
///    nothing differs, none does: a plan without a change must be equal to the prior state. 3.
///    Attributes that keep their state get the prior value back.
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

/// Replaces write-only values by null. Terraform refuses a plan or state that holds one.
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

/// Calls `visit` with every attribute of an object, its part of the configuration and its value,
/// which `visit` may change. If `visit` returns true, the objects nested in the attribute are
/// visited too.
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

/// Sets the default where the configuration sets nothing, and removes write-only values.
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

/// Makes a computed value unknown where the configuration sets nothing and there is no default.
fn mark_unknown(attribute: &Attribute, configured: &Value, value: &mut Value) -> bool {
    let computed = attribute.computed && attribute.default.is_none() && configured.is_null();
    if computed {
        *value = Value::Unknown;
    }
    !computed
}

/// Gives attributes that keep their state the prior value in the place of an unknown one. A new
/// object has no prior value, and an unknown configuration may still set another.
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
