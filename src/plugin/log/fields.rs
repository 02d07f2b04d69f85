//! The fields of an event or span, on their way to one line of JSON.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// The longest text kept of one field, in bytes before JSON escapes.
const FIELD_LIMIT: usize = 8 << 10;

/// The longest line, in bytes. Terraform reads 64 KiB at a time, and cannot parse what is longer.
const LINE_LIMIT: usize = 60 << 10;

/// What a field is cut down to, at the least, to make its line fit. Longer than any timestamp.
const SMALLEST_LIMIT: usize = 64;

/// Ends a text that was cut.
const CUT: &str = "…";

/// Stands for a value that must not be shown.
const MASK: &str = "***";

/// Names whose values are masked: a second net, under the type that secrets live in.
const SECRET_PARTS: [&str; 11] = [
    "access_key",
    "api_key",
    "authorization",
    "cookie",
    "passphrase",
    "password",
    "private_key",
    "redis_url",
    "secret",
    "token",
    "verification_code",
];

/// Fields by name, and the message among them as `@message`.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Adds a field unless there is one of that name, which came from a narrower scope.
    pub(super) fn inherit(&mut self, outer: &Self) {
        for (name, value) in &outer.0 {
            if !self.0.contains_key(name) {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    /// Adds fields, replacing those of the same name.
    pub(super) fn replace(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }

    /// Sets a field of the line itself.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// One line of JSON with its newline, cut to fit.
    pub(super) fn into_line(mut self) -> Vec<u8> {
        let mut limit = FIELD_LIMIT;
        let mut line = self.json();
        while line.len() > LINE_LIMIT {
            limit /= 2;
            if limit < SMALLEST_LIMIT {
                self.0.retain(|name, _| name.starts_with('@'));
            } else {
                for value in self.0.values_mut() {
                    cut_value(value, limit);
                }
            }
            line = self.json();
        }
        line.push(b'\n');
        line
    }

    fn json(&self) -> Vec<u8> {
        // Keys are strings and values are plain, so nothing can fail here.
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    fn put(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        let name = match field.name() {
            "message" => "@message".to_owned(),
            // hclog's own keys begin so. One of a wrong type would crash Terraform's reader.
            name => match name.strip_prefix('@') {
                Some(rest) => format!("_{rest}"),
                None => name.to_owned(),
            },
        };
        let value = if is_secret(&name) {
            MASK.into()
        } else {
            value()
        };
        self.0.insert(name, value);
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, || value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, || text(format_args!("{value:?}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, || text(format_args!("{value}")));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, || {
            serde_json::Number::from_f64(value)
                .map_or_else(|| text(format_args!("{value}")), Value::Number)
        });
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

/// Whether a name says that its value is a credential.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    name == "signature" || SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Formats no more than the limit: what lies behind it is never produced.
fn text(arguments: fmt::Arguments<'_>) -> Value {
    let mut kept = Kept(String::new());
    // The only error is our own, at the limit.
    let _ = kept.write_fmt(arguments);
    Value::String(kept.0)
}

struct Kept(String);

impl Write for Kept {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = FIELD_LIMIT.saturating_sub(self.0.len());
        if more.len() <= room {
            self.0.push_str(more);
            return Ok(());
        }
        self.0.push_str(head(more, room));
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
        for name in [
            "access_key_secret",
            "AccessKey-Secret.password",
            "security_token",
            "signature",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "signature_method",
            "country_code",
            "tf_rpc",
            "code",
            "request_id",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_line_fits_and_is_one_object(
            message in "\\PC{0,200}",
            fields in btree_map("[a-z]{1,8}", ("[\\x00-\\x1f]|\\PC", 0_usize..20_000), 0..40),
        ) {
            let mut all = Fields::default();
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
