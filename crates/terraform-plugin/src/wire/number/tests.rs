//! Numbers are read, compared and written exactly.

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
