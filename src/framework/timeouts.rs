//! The block `timeouts`, by which a user limits how long the operations of a resource may take.

use std::time::Duration;

use super::duration;
use super::model::Field;
use super::schema::Attribute;

/// The block `timeouts`, with an entry for each operation that can take time. The description is in
/// Markdown, and tells what is included in the time.
pub fn block(description: &'static str, operations: Vec<Attribute>) -> Attribute {
    Attribute::block("timeouts", operations).describe(description)
}

/// The entry of one operation: an optional string that must be a duration, such as `30m`. The name
/// is that of the operation, such as `create`.
pub fn operation(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name)
        .optional()
        .describe(description)
        .validate(duration::validate)
}

/// The configured limit of an operation, or `default` where the configuration sets none. Text that
/// is no duration counts as none: [`operation`] refuses it when the configuration is validated.
pub fn limit(configured: Option<&Field<String>>, default: Duration) -> Duration {
    configured
        .and_then(Field::text)
        .and_then(duration::parse)
        .unwrap_or(default)
}
