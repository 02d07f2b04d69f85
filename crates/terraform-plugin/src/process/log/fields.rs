//! The fields of an event or span, which become one line of JSON.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

use base::foreign_text::printable;

/// How much of one field's text is kept, in bytes, before JSON escapes make it longer.
const FIELD_LIMIT: usize = 8 << 10;

/// The longest line, in bytes. Terraform reads lines of up to 64 KiB. It cuts a longer one, and
/// cannot parse the parts.
const LINE_LIMIT: usize = 60 << 10;

/// The shortest length, in bytes, that fields are cut to in order to make their line fit. It is
/// longer than a timestamp, so that no timestamp is ever cut.
const SMALLEST_LIMIT: usize = 64;

/// What stands at the end of a text that was cut.
const CUT: &str = "…";

/// What stands in the place of a secret value.
const MASK: &str = "***";

/// Parts of names whose values are masked for every provider.
///
/// A provider should keep its secrets in a type that cannot be printed. This list is a second line
/// of defence.
const SECRET_PARTS: [&str; 9] = [
    "access_key",
    "api_key",
    "authorization",
    "cookie",
    "passphrase",
    "password",
    "private_key",
    "secret",
    "token",
];

/// The fields of a log line, by name. The message of an event is the field `@message`.
#[derive(Clone, Debug)]
pub(crate) struct LogFields {
    values: Map<String, Value>,
    secret_fields: &'static [&'static str],
}

impl LogFields {
    /// No fields yet. Those whose names contain one of `secret_fields` will be masked.
    pub(crate) fn new(secret_fields: &'static [&'static str]) -> Self {
        Self {
            values: Map::new(),
            secret_fields,
        }
    }

    /// Adds the fields of an outer span, except those whose names are here already: a field of the
    /// event or of an inner span counts for more.
    pub(crate) fn inherit(&mut self, outer: &Self) {
        for (name, value) in &outer.values {
            if !self.values.contains_key(name) {
                self.values.insert(name.clone(), value.clone());
            }
        }
    }

    /// Sets a field of the line itself, such as its level, whose name is not changed nor its value
    /// masked.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// One line of JSON with its newline. If it is too long, its texts are cut to half and half
    /// again until it fits. If that does not suffice, only the fields of the line itself are left.
    pub(crate) fn into_line(mut self) -> Vec<u8> {
        let mut limit = FIELD_LIMIT;
        loop {
            // Keys are strings and values are plain, so that this cannot fail.
            let mut line = serde_json::to_vec(&self.values).unwrap_or_default();
            if line.len() <= LINE_LIMIT {
                line.push(b'\n');
                return line;
            }
            limit /= 2;
            match limit < SMALLEST_LIMIT {
                true => self.values.retain(|name, _| name.starts_with('@')),
                false => self.values.values_mut().for_each(|it| cut_value(it, limit)),
            }
        }
    }

    fn put(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        let name = match field.name() {
            "message" => "@message".to_owned(),
            // The fields that hclog itself writes begin with `@`. One of a wrong type would crash
            // Terraform, which does not check the types.
            name => match name.strip_prefix('@') {
                Some(rest) => format!("_{rest}"),
                None => name.to_owned(),
            },
        };
        let value = match self.is_secret(&name) {
            true => MASK.into(),
            false => value(),
        };
        self.values.insert(name, value);
    }

    /// Whether a name says that its value is a credential or another secret.
    fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
        let mut parts = SECRET_PARTS.iter().chain(self.secret_fields);
        name == "signature" || parts.any(|part| name.contains(part))
    }
}

impl Visit for LogFields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, || value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, || text(format_args!("{value:?}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, || value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, || text(format_args!("{value}")));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, || value.into());
    }
}

/// Formats a value up to the limit. The formatting stops there, so that a large value costs no
/// memory.
fn text(arguments: fmt::Arguments<'_>) -> Value {
    let mut kept = Kept(String::new());
    // The only error is the one that `Kept` returns at its limit.
    let _ = kept.write_fmt(arguments);
    Value::String(kept.0)
}

/// A text that takes no more than [`FIELD_LIMIT`] bytes, and that steers no terminal: JSON escapes
/// only some of the characters that do.
struct Kept(String);

impl Write for Kept {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = FIELD_LIMIT.saturating_sub(self.0.len());
        self.0.push_str(&printable(head(more, room)));
        if more.len() <= room {
            return Ok(());
        }
        self.0.push_str(CUT);
        Err(fmt::Error)
    }
}

fn cut_value(value: &mut Value, limit: usize) {
    if let Value::String(text) = value
        && text.len() > limit
    {
        *text = format!("{}{CUT}", head(text, limit - CUT.len()));
    }
}

/// The longest beginning of `text` of at most `limit` bytes.
fn head(text: &str, limit: usize) -> &str {
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_credentials_are_known_and_others_left() {
        let fields = LogFields::new(&["combination"]);
        for name in [
            "access_key_secret",
            "AccessKey-Secret.password",
            "security_token",
            "signature",
            "Combination.first",
        ] {
            assert!(fields.is_secret(name), "{name}");
        }
        for name in [
            "signature_method",
            "country_code",
            "tf_rpc",
            "code",
            "request_id",
        ] {
            assert!(!fields.is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_field_steers_no_terminal() {
        let kept = text(format_args!("a\u{1b}[31m{}c\nd", "\u{9b}\u{202e}"));
        assert_eq!(kept, "a [31m  c\nd");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_line_fits_and_is_one_object(
            message in "\\PC{0,200}",
            fields in btree_map("[a-z]{1,8}", ("[\\x00-\\x1f]|\\PC", 0_usize..20_000), 0..40),
        ) {
            let mut all = LogFields::new(&[]);
            for (name, (unit, times)) in fields {
                all.set(&name, text(format_args!("{}", unit.repeat(times))));
            }
            all.set("@timestamp", "2025-01-02T03:04:05.000006Z");
            all.set("@message", message);
            let line = all.into_line();
            prop_assert!(line.len() < 64 << 10);
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let parsed: Map<String, Value> = serde_json::from_slice(&line).unwrap();
            prop_assert_eq!(&parsed["@timestamp"], "2025-01-02T03:04:05.000006Z");
            prop_assert!(parsed["@message"].is_string());
        }
    }
}
