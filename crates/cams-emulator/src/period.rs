//! Lengths of time as people write them: `250us`, `20ms`, `1s`, `15m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time: a whole number and one of the units `us`, `ms`, `s`, `m`, or `never` for one
/// without an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Period(pub(crate) Duration);

const NEVER: &str = "never";

/// The microseconds in each unit, the largest first.
const UNITS: [(u64, &str); 4] = [(60_000_000, "m"), (1_000_000, "s"), (1000, "ms"), (1, "us")];

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NEVER {
            return Ok(Self(Duration::MAX));
        }
        let parse = || {
            let digits = text.find(|c: char| !c.is_ascii_digit())?;
            let (number, name) = text.split_at_checked(digits)?;
            let (unit, _) = UNITS.into_iter().find(|(_, unit)| *unit == name)?;
            number.parse::<u64>().ok()?.checked_mul(unit)
        };
        let form = "a whole number and us, ms, s or m, as in 50ms, or never";
        let micros = parse().ok_or_else(|| format!("{text:?} is not a duration: write {form}"))?;
        Ok(Self(Duration::from_micros(micros)))
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// Writes the length of time in the largest unit of which it is a whole number. Parts of a
/// microsecond, which have no written form, are cut off.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Duration::MAX {
            return f.write_str(NEVER);
        }
        let micros = self.0.as_micros();
        let is_whole = |(unit, _): &(u64, &str)| micros.is_multiple_of((*unit).into());
        let (unit, name) = UNITS.into_iter().find(is_whole).unwrap_or((1, "us"));
        write!(f, "{}{name}", micros / u128::from(unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written() {
        for text in ["250us", "20ms", "1s", "15m", "never"] {
            assert_eq!(
                text.parse::<Period>().map(|p| p.to_string()),
                Ok(text.into())
            );
        }
        assert_eq!("1500ms".parse(), Ok(Period(Duration::from_millis(1500))));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "5",
            "ms",
            "1.5s",
            "-1s",
            "1 s",
            "1h",
            "99999999999999999m",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
