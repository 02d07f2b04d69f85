//! Durations as Terraform users write them, such as `30s`, `1h10m` or `1.5h`.

use std::time::Duration;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::value::Value;

/// Reads a duration in the form of Go: decimal numbers, each with one of the units `h`, `m`, `s`,
/// `ms`, `us`, `µs` and `ns`.
///
/// Gives `None` for anything else, such as a sign, a number without a unit, or a time that is too
/// long for a [`Duration`]. Only zero may stand without a unit.
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
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
pub fn validate(value: &Value, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(text) = value.as_str() else { return };
    if parse(text).is_some_and(|duration| !duration.is_zero()) {
        return;
    }
    diagnostics.push(
        Diagnostic::error(
            "Invalid Duration",
            format!(
                "{path} is {text:?}; expected a duration above zero, such as \"90s\", \"30m\" or \
                 \"1h10m\"."
            ),
        )
        .at(path.clone()),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
