//! Conversions between the types of this module and the generated messages.

use super::diagnostic::{Diagnostic, Severity};
use super::json;
use super::msgpack;
use super::path::{Path, PathStep, ValueError};
use super::tfplugin6 as wire;
use super::tfplugin6::attribute_path::step::Selector;
use super::ty::Type;
use super::value::Value;

/// Reads a value of type `ty`. Terraform sends it as MessagePack or as JSON. If the message is
/// missing or empty, the value is null.
///
/// # Errors
///
/// If the bytes are not those of such a value.
pub fn decode_value(value: Option<&wire::DynamicValue>, ty: &Type) -> Result<Value, ValueError> {
    match value {
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty),
        Some(value) if !value.json.is_empty() => json::decode(&value.json, ty),
        _ => Ok(Value::Null),
    }
}

/// Writes a value of type `ty`, as MessagePack.
///
/// # Errors
///
/// If the value does not have the type.
pub fn encode_value(value: &Value, ty: &Type) -> Result<wire::DynamicValue, ValueError> {
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
        let steps = path.steps().iter().map(|step| match step {
            PathStep::Attribute(name) => Selector::AttributeName(name.clone()),
            PathStep::Index(index) => {
                Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX))
            }
            PathStep::Key(key) => Selector::ElementKeyString(key.clone()),
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
        let path = Path::root().attribute("a").then(PathStep::Index(1));
        let error: wire::Diagnostic = Diagnostic::error("S", "D").at(path).into();
        assert_eq!(error.severity(), wire::diagnostic::Severity::Error);
        assert_eq!(error.attribute.expect("a path").steps.len(), 2);
        let warning: wire::Diagnostic = Diagnostic::warning("S", "D").into();
        assert_eq!(warning.severity(), wire::diagnostic::Severity::Warning);
        assert_eq!(warning.attribute, None);
        let whole: wire::Diagnostic = Diagnostic::error("S", "D").at(Path::root()).into();
        assert_eq!(whole.attribute, None);
    }

    #[test]
    fn values_go_out_as_messagepack() {
        let value = encode_value(&"a".into(), &Type::String).expect("a string");
        assert_eq!(
            (&value.msgpack[..], &value.json[..]),
            (&b"\xa1a"[..], &b""[..])
        );
    }
}
