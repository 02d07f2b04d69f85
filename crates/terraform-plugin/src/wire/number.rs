//! Decimal numbers without rounding. Terraform computes with 512 bits, so that a float of 64 bits
//! would change values that a user wrote.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The most digits that a number may have. Terraform's own numbers have up to 155, which is what
/// 512 bits hold, and the exact decimal form of a small float has up to 767.
const MAX_DIGITS: usize = 1100;
/// The largest power of ten, in either direction. It is far beyond any use, and keeps arithmetic
/// with exponents from overflowing.
const MAX_EXPONENT: u64 = 100_000;

/// A decimal number of any size and precision, or an infinity.
///
/// Numbers that are equal are equal values, however they were written: `1.0` is `1`, and `1e2` is
/// `100`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    magnitude: Magnitude,
}

/// A number without its sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Magnitude {
    /// The value `digits × 10^exponent`. No digit at either end is zero, so that equal numbers have
    /// equal fields. Zero has no digits, and the exponent 0.
    Finite {
        digits: String,
        exponent: i64,
    },
    Infinite,
}

impl Number {
    /// Reads decimal or scientific text, such as `-12.5e3`. Gives `None` for anything else, such as
    /// an infinity, a hexadecimal number or spaces, and for a number beyond the limits of this
    /// type.
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

    /// The exact value of a float. Gives `None` for a float that is not a number.
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
        // With 767 significant digits, which suffice for every float, Rust prints the exact value.
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

    /// The number as an integer, if it is one and has fewer than 128 bits.
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

    /// The number `digits × 10^exponent` in its one form, without zeros at either end. Gives `None`
    /// beyond the limits of this type.
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
        // Digits behind the same point, without zeros at their end, have the order of text.
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
    /// The point and the digits of the number in the form `0.digits × 10^point`; `None` for an
    /// infinity. The point of zero is below that of any other number.
    fn aligned(&self) -> Option<(i64, &str)> {
        match self {
            Self::Finite { digits, .. } if digits.is_empty() => Some((i64::MIN, "")),
            Self::Finite { digits, exponent } => Some((point(digits, *exponent), digits)),
            Self::Infinite => None,
        }
    }
}

/// The position of the decimal point, counted from before the first digit.
fn point(digits: &str, exponent: i64) -> i64 {
    exponent.saturating_add(i64::try_from(digits.len()).unwrap_or(i64::MAX))
}

/// A text is no number, or one beyond the limits of [`Number`].
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

/// Writes decimal text, in scientific form if the plain one would have more than forty zeros.
/// [`Number::parse`] reads it back, unless it is an infinity, which is written as `Inf`.
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
mod tests;
