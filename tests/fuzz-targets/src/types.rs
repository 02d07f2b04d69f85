//! Inputs that begin with a type.

use serde_json::Value as Json;
use terraform_plugin::wire::ty::Type;

/// Splits an input into the type in its first line, in Terraform's JSON form, and the bytes of a
/// value in the rest. Returns `None` if the first line is not a type.
pub(crate) fn split(input: &[u8]) -> Option<(Type, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (ty, value) = input.split_at_checked(end)?;
    let ty = serde_json::from_slice(ty).ok()?;
    Some((parsed(&ty)?, value.get(1..)?))
}

/// Reads a type as Terraform writes one, if the framework has it.
fn parsed(json: &Json) -> Option<Type> {
    if let Json::String(name) = json {
        return Some(match name.as_str() {
            "bool" => Type::Bool,
            "string" => Type::String,
            _ => return None,
        });
    }
    let [Json::String(kind), of] = json.as_array()?.as_slice() else {
        return None;
    };
    Some(match (kind.as_str(), of) {
        ("list", of) => Type::List(Box::new(parsed(of)?)),
        ("map", of) => Type::Map(Box::new(parsed(of)?)),
        ("object", Json::Object(attributes)) => {
            let attributes = attributes.iter();
            let attributes = attributes.map(|(name, ty)| Some((name.clone(), parsed(ty)?)));
            Type::Object(attributes.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
