//! Exact decimal numbers.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// More digits than any number Terraform writes: it computes with 512 bits, some 155 digits, and the exact expansion of the
/// smallest float has 767.
const MAX_DIGITS: usize = 1100;
/// Far beyond what Terraform's 512-bit floats are used for, and small enough to print in full.
const MAX_EXPONENT: u64 = 100_000;

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
        self.integer()?.try_into().ok()
    }

    /// The number as an integer that is not negative, if it is one and fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.integer()?.try_into().ok()
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

    fn integer(&self) -> Option<i128> {
        let Magnitude::Finite { digits, exponent } = &self.magnitude else {
            return None;
        };
        if digits.is_empty() {
            return Some(0);
        }
        let magnitude: i128 = digits.parse().ok()?;
        let scale = 10_i128.checked_pow(u32::try_from(*exponent).ok()?)?;
        let magnitude = magnitude.checked_mul(scale)?;
        Some(if self.negative { -magnitude } else { magnitude })
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
        if trimmed.len() > MAX_DIGITS || exponent.unsigned_abs() > MAX_EXPONENT {
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

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Magnitude {
    fn cmp(&self, other: &Self) -> Ordering {
        let (Some((point, digits)), Some((other_point, other_digits))) =
            (self.aligned(), other.aligned())
        else {
            return (*self == Self::Infinite).cmp(&(*other == Self::Infinite));
        };
        // Digits behind the same point, without zeros at their end, order like text.
        point
            .cmp(&other_point)
            .then_with(|| digits.cmp(other_digits))
    }
}

impl PartialOrd for Magnitude {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Magnitude {
    /// As `0.digits × 10^point`; `None` for infinity. The point of zero is below all others.
    fn aligned(&self) -> Option<(i64, &str)> {
        match self {
            Self::Finite { digits, .. } if digits.is_empty() => Some((i64::MIN, "")),
            Self::Finite { digits, exponent } => Some((point(digits, *exponent), digits)),
            Self::Infinite => None,
        }
    }
}

/// Where the decimal point is, counted from before the first digit.
fn point(digits: &str, exponent: i64) -> i64 {
    exponent.saturating_add(i64::try_from(digits.len()).unwrap_or(i64::MAX))
}

/// A text that is no number, or one beyond all measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal number")]
pub struct ParseNumberError;

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(ParseNumberError)
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

/// Plain decimal text; scientific where more than forty zeros would have to be written. [`Number::parse`] reads it back,
/// except for an infinity, which shows as `Inf`.
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
        let point = point(digits, exponent);
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
    fn numbers_are_in_order() {
        let infinity = Number::from_f64(f64::INFINITY).expect("a number");
        let least = Number::from_f64(f64::NEG_INFINITY).expect("a number");
        let mut numbers = vec![infinity.clone(), number("2"), number("0"), number("-10")];
        numbers.extend([number("10"), number("-2.5"), least.clone(), number("0.3")]);
        numbers.extend([number("-1e90000"), number("1e90000"), number("0.25")]);
        numbers.sort();
        let texts: Vec<_> = numbers.iter().map(Number::to_string).collect();
        let order = "-Inf -1e90000 -10 -2.5 0 0.25 0.3 2 10 1e90000 Inf";
        assert_eq!(texts.join(" "), order);
    }

    #[test]
    fn only_whole_numbers_that_fit_are_integers() {
        assert_eq!(number("9223372036854775807").as_i64(), Some(i64::MAX));
        assert_eq!(number("-9223372036854775808").as_i64(), Some(i64::MIN));
        assert_eq!(number("9223372036854775808").as_i64(), None);
        assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(number("18446744073709551616").as_u64(), None);
        assert_eq!(number("1e3").as_i64(), Some(1000));
        for text in ["0.5", "1e39", "1e90000", "-1e40"] {
            assert_eq!(number(text).as_i64(), None, "{text}");
        }
        assert_eq!("12.50".parse(), Ok(number("12.5")));
        assert_eq!("twelve".parse::<Number>(), Err(ParseNumberError));
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
            "1e-9223372036854775808",
            "1e9223372036854775807",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert_eq!(Number::parse(&"9".repeat(2000)), None);
        assert_eq!(Number::from_f64(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn integers_survive(value: i64, unsigned: u64) {
            prop_assert_eq!(Number::from(value).as_i64(), Some(value));
            prop_assert_eq!(Number::from(value).as_u64(), u64::try_from(value).ok());
            prop_assert_eq!(Number::from(unsigned).as_u64(), Some(unsigned));
            prop_assert_eq!(Number::from(unsigned).as_i64(), i64::try_from(unsigned).ok());
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
        fn order_is_that_of_floats(one: f64, other: f64) {
            let (Some(left), Some(right)) = (Number::from_f64(one), Number::from_f64(other)) else {
                return Ok(());
            };
            prop_assert_eq!(Some(left.cmp(&right)), one.partial_cmp(&other));
            prop_assert_eq!(left == right, one == other);
        }

        #[test]
        fn order_is_that_of_integers(one in any::<i64>(), by in -3_i64..=3, scale in 0_u32..8) {
            let one = i128::from(one / 10_i64.pow(scale) * 10_i64.pow(scale));
            let other = one + i128::from(by);
            prop_assert_eq!(Number::from(one).cmp(&Number::from(other)), one.cmp(&other));
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
