//! Between our types and the generated messages.

use super::diagnostic::{Diagnostic, Severity};
use super::error::{DecodeError, EncodeError};
use super::json::{self, Unlisted};
use super::msgpack;
use super::path::{Path, Step};
use super::tfplugin6 as wire;
use super::ty::Type;
use super::value::Value;

/// Reads a value: MessagePack if there is any, else JSON, else null.
pub fn decode_value(value: Option<&wire::DynamicValue>, ty: &Type) -> Result<Value, DecodeError> {
    match value {
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty),
        Some(value) if !value.json.is_empty() => json::decode(&value.json, ty, Unlisted::Reject),
        _ => Ok(Value::Null),
    }
}

/// Writes a value.
pub fn encode_value(value: &Value, ty: &Type) -> Result<wire::DynamicValue, EncodeError> {
    Ok(wire::DynamicValue {
        msgpack: msgpack::encode(value, ty)?,
        json: Vec::new(),
    })
}

impl From<Diagnostic> for wire::Diagnostic {
    fn from(diagnostic: Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            Severity::Error => wire::diagnostic::Severity::Error,
            Severity::Warning => wire::diagnostic::Severity::Warning,
        };
        Self {
            severity: severity.into(),
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            attribute: diagnostic.path.as_ref().map(Into::into),
        }
    }
}

impl From<&Path> for wire::AttributePath {
    fn from(path: &Path) -> Self {
        use wire::attribute_path::step::Selector;
        let steps = path.steps().iter().map(|step| match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
        });
        Self {
            steps: steps
                .map(|selector| wire::attribute_path::Step {
                    selector: Some(selector),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messagepack_goes_before_json_and_nothing_is_null() {
        let both = wire::DynamicValue {
            msgpack: vec![0xc3],
            json: b"false".to_vec(),
        };
        assert_eq!(
            decode_value(Some(&both), &Type::Bool),
            Ok(Value::Bool(true))
        );
        let json = wire::DynamicValue {
            msgpack: Vec::new(),
            json: b"false".to_vec(),
        };
        assert_eq!(
            decode_value(Some(&json), &Type::Bool),
            Ok(Value::Bool(false))
        );
        assert_eq!(
            decode_value(Some(&wire::DynamicValue::default()), &Type::Bool),
            Ok(Value::Null)
        );
        assert_eq!(decode_value(None, &Type::Bool), Ok(Value::Null));
    }

    #[test]
    fn a_diagnostic_always_has_a_severity() {
        let path = Path::root().attribute("a").index(1).key("k");
        let error: wire::Diagnostic = Diagnostic::error("S", "D").at(path).into();
        assert_eq!(error.severity(), wire::diagnostic::Severity::Error);
        assert_eq!(error.attribute.expect("a path").steps.len(), 3);
        let warning: wire::Diagnostic = Diagnostic::warning("S", "D").into();
        assert_eq!(warning.severity(), wire::diagnostic::Severity::Warning);
    }
}
