//! Helpers of the fuzz targets.

use std::path::Path;

use alibaba_cloud::credentials::{Configured, Files, resolve};
use terraform_plugin::wire::ty::Type;

/// Splits an input into the type in its first line, in Terraform's JSON form, and the bytes of a
/// value in the rest. Returns `None` if the first line is not a type.
pub fn typed(input: &[u8]) -> Option<(Type, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (ty, value) = input.split_at_checked(end)?;
    let ty = serde_json::from_slice(ty).ok()?;
    Some((parsed(&ty)?, value.get(1..)?))
}

/// Reads a type as Terraform writes one, if the framework has it.
fn parsed(json: &serde_json::Value) -> Option<Type> {
    use serde_json::Value as Json;
    if let Json::String(name) = json {
        return Some(match name.as_str() {
            "bool" => Type::Bool,
            "number" => Type::Number,
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

/// A text that represents a secret.
pub const CANARY: &str = "c4n4ry";

/// The content with the canary inserted at a position that depends on the content.
pub fn with_canary(content: &[u8]) -> Vec<u8> {
    let sum: usize = content.iter().map(|byte| usize::from(*byte)).sum();
    let (before, after) = content.split_at(sum % (content.len() + 1));
    [before, CANARY.as_bytes(), after].concat()
}

/// What the provider reports about credentials if this file is in the home directory: their source,
/// or why there are none.
pub fn report_for(path: &str, content: &[u8]) -> String {
    let environment = [
        ("HOME", "/h"),
        ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
    ]
    .into_iter()
    .collect();
    let (path, content) = (format!("/h/{path}"), content.to_vec());
    let files = Files::with(move |read| (read == Path::new(&path)).then(|| content.clone()));
    match resolve(&Configured::default(), &environment, &files) {
        Ok(source) => source.describe().to_owned(),
        Err(problem) => format!("{problem} {problem:?}"),
    }
}
