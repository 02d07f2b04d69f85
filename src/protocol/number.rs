//! Exact decimal numbers.

use std::fmt;

/// More digits than any number Terraform writes: it computes with 512 bits, some 155 digits, and the exact expansion of the
/// smallest float has 767.
const MAX_DIGITS: usize = 1100;
/// Far beyond what Terraform's 512-bit floats are used for, and small enough to print in full.
const MAX_EXPONENT: i64 = 100_000;

/// A decimal number of any size and precision, or an infinity.
///
/// Equal numbers are equal values, however they were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Magnitude {
    /// `digits × 10^exponent`; no zero at either end; zero has no digits and exponent 0.
    Finite {
        digits: String,
        exponent: i64,
    },
    Infinite,
}

impl Number {
    /// Reads decimal or scientific text, such as `-12.5e3`. Nothing else is a number: no infinity, no hexadecimal, no spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        if !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        Self::from_parts(negative, &format!("{whole}{fraction}"), exponent)
    }

    /// The exact value of a float; `None` for not-a-number.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Self {
                negative: value < 0.0,
                magnitude: Magnitude::Infinite,
            });
        }
        // With enough digits Rust prints a float's exact value.
        Self::parse(&format!("{value:.766e}"))
    }

    /// The number as an integer, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        let Magnitude::Finite { digits, exponent } = &self.magnitude else {
            return None;
        };
        if digits.is_empty() {
            return Some(0);
        }
        let zeros = usize::try_from(*exponent)
            .ok()
            .filter(|zeros| *zeros < 20)?;
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}{:0<zeros$}", "").parse().ok()
    }

    /// The number as a float, if the float is exactly it.
    pub fn as_f64(&self) -> Option<f64> {
        let value: f64 = match &self.magnitude {
            Magnitude::Infinite if self.negative => f64::NEG_INFINITY,
            Magnitude::Infinite => f64::INFINITY,
            Magnitude::Finite { .. } => self.to_string().parse().ok()?,
        };
        (Self::from_f64(value).as_ref() == Some(self)).then_some(value)
    }

    fn from_parts(negative: bool, digits: &str, exponent: i64) -> Option<Self> {
        let significant = digits.trim_start_matches('0');
        let trimmed = significant.trim_end_matches('0');
        if trimmed.is_empty() {
            let zero = Magnitude::Finite {
                digits: String::new(),
                exponent: 0,
            };
            return Some(Self {
                negative: false,
                magnitude: zero,
            });
        }
        let dropped = i64::try_from(significant.len() - trimmed.len()).ok()?;
        let exponent = exponent.checked_add(dropped)?;
        if trimmed.len() > MAX_DIGITS || exponent.abs() > MAX_EXPONENT {
            return None;
        }
        Some(Self {
            negative,
            magnitude: Magnitude::Finite {
                digits: trimmed.to_owned(),
                exponent,
            },
        })
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::from(i128::from(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::from(i128::from(value))
    }
}

impl From<i128> for Number {
    fn from(value: i128) -> Self {
        let digits = value.unsigned_abs().to_string();
        let trimmed = digits.trim_end_matches('0');
        // At most 39 digits, so the length fits.
        let exponent = if trimmed.is_empty() {
            0
        } else {
            (digits.len() - trimmed.len()) as i64
        };
        Self {
            negative: value < 0,
            magnitude: Magnitude::Finite {
                digits: trimmed.to_owned(),
                exponent,
            },
        }
    }
}

/// Plain decimal text; scientific where more than forty zeros would have to be written.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let (digits, exponent) = match &self.magnitude {
            Magnitude::Infinite => return f.write_str("Inf"),
            Magnitude::Finite { digits, .. } if digits.is_empty() => return f.write_str("0"),
            Magnitude::Finite { digits, exponent } => (digits.as_str(), *exponent),
        };
        let point = exponent + i64::try_from(digits.len()).unwrap_or(i64::MAX);
        match usize::try_from(exponent) {
            Ok(zeros) if zeros <= 40 => return write!(f, "{digits}{:0<zeros$}", ""),
            Ok(_) => return write!(f, "{digits}e{exponent}"),
            Err(_) => {}
        }
        match usize::try_from(point) {
            Ok(point) if point > 0 => {
                let (whole, fraction) = digits.split_at(point);
                write!(f, "{whole}.{fraction}")
            }
            _ if point >= -40 => write!(
                f,
                "0.{:0<zeros$}{digits}",
                "",
                zeros = point.unsigned_abs() as usize
            ),
            _ => write!(f, "{digits}e{exponent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    #[test]
    fn equal_numbers_are_equal_values() {
        for (one, two) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.00"),
            ("0.5", "5e-1"),
            ("007", "7"),
            ("+3", "3"),
        ] {
            assert_eq!(number(one), number(two));
        }
        assert_ne!(number("0.1"), Number::from_f64(0.1).expect("a number"));
        assert_eq!(number("0.5"), Number::from_f64(0.5).expect("a number"));
    }

    #[test]
    fn text_keeps_every_digit() {
        for text in [
            "12345678901234567890123.5",
            "-0.000001",
            "1000000000000000000000000000000",
            "0",
            "-7",
        ] {
            assert_eq!(number(text).to_string(), text);
        }
        assert_eq!(number("1e99").to_string(), "1e99");
    }

    #[test]
    fn what_is_no_number_or_beyond_all_measure_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "0x1",
            "NaN",
            "Inf",
            " 1",
            "1e999999999",
            "1e99999999999999999999",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert_eq!(Number::parse(&"9".repeat(2000)), None);
        assert_eq!(Number::from_f64(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn integers_survive(value: i64) {
            prop_assert_eq!(Number::from(value).as_i64(), Some(value));
            prop_assert_eq!(number(&value.to_string()), Number::from(value));
        }

        #[test]
        fn floats_survive(bits: u64) {
            let value = f64::from_bits(bits);
            if let Some(number) = Number::from_f64(value) {
                prop_assert_eq!(number.as_f64(), Some(value));
            }
        }

        #[test]
        fn text_survives(text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,3})?") {
            let number = number(&text);
            prop_assert_eq!(Number::parse(&number.to_string()), Some(number));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Number::parse(&text);
        }
    }
}
