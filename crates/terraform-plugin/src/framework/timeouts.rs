//! The block `timeouts`, by which a user limits how long the operations of a resource may take.

use std::fmt;
use std::time::Duration;

use crate::wire::value::Value;

use super::duration;
use super::model::{Field, FieldType};
use super::schema::Attribute;

/// The name of the block.
pub const BLOCK: &str = "timeouts";

/// The block `timeouts`, with an entry for each operation that can take time. The description is in
/// Markdown, and tells what is included in the time and what happens at its end.
pub fn block(description: &'static str, operations: Vec<Attribute>) -> Attribute {
    Attribute::block(BLOCK, operations).describe(description)
}

/// An operation that can take time.
#[derive(Clone, Copy, Debug)]
pub struct Timed {
    /// Its name, such as `create`, which is that of its entry in the block.
    pub name: &'static str,
    /// How long it may take unless the configuration says otherwise, such as `20m`.
    pub default: &'static str,
}

impl Timed {
    /// The entry of the operation: an optional string that must be a duration. The description says
    /// what the operation is; the default is added to it.
    pub fn attribute(self, description: &str) -> Attribute {
        Attribute::string(self.name)
            .optional()
            .describe(format!(
                "{description} Default value is `{}`.",
                self.default
            ))
            .validate(duration::validate)
    }

    /// How long the operation may take by this block, or by default.
    pub fn limit_in<T: FieldType + Clone>(self, block: &Field<T>) -> TimeLimit {
        let block = block.clone().into_value();
        let entry = block
            .attributes()
            .and_then(|entries| entries.get(self.name));
        let configured: Option<Field<String>> = entry.and_then(Value::as_str).map(Into::into);
        self.limit(configured.as_ref())
    }

    /// How long the operation may take: as configured, or by default. Text that is no duration
    /// counts as none: it is refused when the configuration is validated.
    pub fn limit(self, configured: Option<&Field<String>>) -> TimeLimit {
        let configured = configured.and_then(Field::text);
        let valid = configured.filter(|text| duration::parse(text).is_some());
        let text = valid.unwrap_or(self.default);
        TimeLimit {
            operation: self,
            text: text.to_owned(),
            duration: duration::parse(text).unwrap_or(Duration::MAX),
        }
    }
}

/// How long one operation may take.
#[derive(Clone, Debug)]
pub struct TimeLimit {
    /// The operation that it limits.
    pub operation: Timed,
    /// How long the operation may take.
    pub duration: Duration,
    text: String,
}

/// Shows the entry of the block and its value, such as `timeouts.create = 30m`.
impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BLOCK}.{} = {}", self.operation.name, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: Timed = Timed {
        name: "create",
        default: "20m",
    };

    #[test]
    fn what_is_configured_goes_before_the_default() {
        let limit = |field: Field<String>| {
            let limit = CREATE.limit(Some(&field));
            (limit.duration, limit.to_string())
        };
        let default = (
            Duration::from_secs(1200),
            "timeouts.create = 20m".to_owned(),
        );
        assert_eq!(limit(Field::Null), default);
        assert_eq!(limit("soon".into()), default);
        assert_eq!(CREATE.limit(None).duration, default.0);
        let nothing = (Duration::from_nanos(1), "timeouts.create = 1ns".to_owned());
        assert_eq!(limit("1ns".into()), nothing);
    }
}
