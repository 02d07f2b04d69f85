//! The `timeouts` block: how long an operation may take, waits included.

use std::time::Duration;

use super::duration;
use super::model::Field;
use super::schema::Attribute;

/// The block, with an entry for each operation that can take time.
pub fn block(operations: Vec<Attribute>) -> Attribute {
    Attribute::block("timeouts", operations)
        .describe("How long operations may take, waiting for the account's call quota included.")
}

/// The entry of one operation.
pub fn operation(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name)
        .optional()
        .describe(description)
        .validate(duration::validate)
}

/// The configured limit, or the default. What is not a duration was refused before.
pub fn limit(configured: Option<&Field<String>>, default: Duration) -> Duration {
    configured
        .and_then(Field::text)
        .and_then(duration::parse)
        .unwrap_or(default)
}
