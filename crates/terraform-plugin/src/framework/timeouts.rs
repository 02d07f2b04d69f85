//! The block `timeouts`, by which a user limits how long the operations of a resource may take, in
//! durations as Terraform users write them, such as `30s`, `1h10m` or `1.5h`.

use std::fmt;
use std::time::Duration;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::value::Value;

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
            .validate(validate)
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
        let valid = configured.filter(|text| parse(text).is_some());
        let text = valid.unwrap_or(self.default);
        TimeLimit {
            operation: self,
            text: text.to_owned(),
            duration: parse(text).unwrap_or(Duration::MAX),
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

/// Reads a duration in the form of Go: decimal numbers, each with one of the units `h`, `m`, `s`,
/// `ms`, `us`, `µs` and `ns`.
///
/// Gives `None` for anything else, such as a sign, a number without a unit, or a time that is too
/// long for a [`Duration`]. Only zero may stand without a unit.
fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c| !is_of_number(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_of_number).unwrap_or(tail.len()));
        let part = number.parse::<f64>().ok()? * seconds(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(part).ok()?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// The number of seconds in a unit.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

/// Adds a diagnostic if a configured string is not a duration above zero.
fn validate(value: &Value, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(text) = value.as_str() else { return };
    if parse(text).is_none_or(|duration| duration.is_zero()) {
        let text = format!(
            "{path} is {text:?}; expected a duration above zero, such as \"90s\", \"30m\" or \
             \"1h10m\"."
        );
        diagnostics.push(Diagnostic::error("Invalid Duration", text).at(path.clone()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn go_durations_are_read() {
        let read = |text| parse(text).map(|duration| duration.as_micros());
        assert_eq!(read("30m"), Some(1_800_000_000));
        assert_eq!(read("1h10m"), Some(4_200_000_000));
        assert_eq!(read("1.5s"), Some(1_500_000));
        assert_eq!(read("100ms"), Some(100_000));
        assert_eq!(read("7µs"), Some(7));
        assert_eq!(read("0"), Some(0));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "-5m",
            "5 m",
            "1..2s",
            "5mm",
            "1e9h",
            "99999999999999999999h",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }
    }
}
