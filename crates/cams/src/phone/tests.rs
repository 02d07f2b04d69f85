//! What is read, refused, doubted and suggested.

use proptest::prelude::*;

use super::*;

fn number(country_code: &str, mobile_number: &str) -> PhoneNumber {
    PhoneNumber::parse(country_code, mobile_number).expect("a number")
}

fn refused(country_code: &str, mobile_number: &str) -> Problem {
    PhoneNumber::parse(country_code, mobile_number).expect_err(mobile_number)
}

#[test]
fn an_answer_is_about_the_number_that_it_names() {
    let number = number("86", "13900001234");
    for named in [
        "8613900001234",
        "+86 139-0000-1234",
        "008613900001234",
        "8613900001234.0",
        "13900001234",
        "861390000****",
        "",
        "unknown",
    ] {
        assert!(number.can_be_named(named), "{named}");
    }
    for (number, named) in [
        (self::number("52", "5512345678"), "+52 1 55 1234 5678"),
        (self::number("52", "15512345678"), "525512345678"),
        (self::number("55", "31996883193"), "553196883193"),
        (self::number("55", "31996883193"), "55319688****"),
    ] {
        assert!(number.can_be_named(named), "{named}");
    }
    assert!(!self::number("55", "11996883193").can_be_named("551196883193"));
    let long = "8613900001234".repeat(1000);
    for other in [
        "8613900001235",
        "3900001234",
        "86139000012340",
        "***",
        &long,
    ] {
        assert!(!number.can_be_named(other), "{other}");
    }
}

#[test]
fn no_calling_code_is_the_beginning_of_another() {
    for one in CALLING_CODES {
        for other in CALLING_CODES {
            assert!(one == other || !other.starts_with(one), "{one} and {other}");
        }
    }
    let lengths = numbering_plans::MOBILE_DIGITS
        .iter()
        .flat_map(|(_, codes)| *codes);
    let fixed_lines = numbering_plans::FIXED_LINES.iter();
    let fixed_lines = fixed_lines.flat_map(|(_, codes)| codes.split(' '));
    for code in DROPS_ZERO.iter().chain(lengths).copied().chain(fixed_lines) {
        assert!(CALLING_CODES.contains(&code), "{code}");
    }
}

#[test]
fn a_number_is_written_as_the_api_writes_it() {
    let number = number("86", "13900001234");
    assert_eq!(number.to_string(), "8613900001234");
    assert!(number.matches("8613900001234") && number.matches("+8613900001234"));
    assert!(!number.matches("861390000123") && !number.matches("13900001234"));
    assert_eq!(
        PhoneNumber::parse_international("8613900001234"),
        Ok(number)
    );
}

#[test]
fn a_log_shows_the_code_and_four_digits() {
    assert_eq!(number("86", "13900001234").masked(), "86*******1234");
    assert_eq!(number("290", "2345").masked(), "2902345");
}

#[test]
fn a_value_is_suggested_where_only_separators_go() {
    for (text, code) in [("+86", "86"), ("+1 ", "1"), (" 44", "44"), ("(49)", "49")] {
        let problem = calling_code(text).expect_err(text);
        assert_eq!(problem.suggestion.as_deref(), Some(code), "{text:?}");
    }
    for (code, text, bare) in [
        ("86", "139 0000-1234", "13900001234"),
        ("86", "139.0000.1234", "13900001234"),
        ("1", "(555) 010-9999", "5550109999"),
        ("39", "06 1234 5678", "0612345678"),
    ] {
        let problem = refused(code, text);
        assert_eq!(problem.suggestion.as_deref(), Some(bare), "{text:?}");
    }
    let problem = PhoneNumber::parse_international("+86 139 0000-1234").expect_err("separators");
    assert_eq!(problem.suggestion.as_deref(), Some("8613900001234"));
}

#[test]
fn no_value_is_suggested_where_anything_else_would_go() {
    for text in [
        "0086", "999", "0", "", "八六", "CN", "800", "888", "8b6", "８６", "86.5",
    ] {
        let problem = calling_code(text).expect_err(text);
        assert_eq!(problem.suggestion, None, "{text:?}");
    }
    for (code, text) in [
        ("86", "1390000123O"),
        ("86", "13900001234 ext 5"),
        ("86", "1.3900001234e10"),
        ("86", "139 0000 123４"),
        ("86", "13900001234\n"),
        ("86", "139 0000 1234 5"),
        ("86", "none"),
        ("86", ""),
        ("86", "+8613900001234"),
        ("86", " (+86) 139 0000 1234"),
        ("86", "+13900001234"),
        ("86", "0086 139 0000 1234"),
        ("86", "+447700900123"),
        ("49", "0170 1234567"),
        ("44", "+44 (0)7700 900123"),
        ("36", "06 20 123 4567"),
        ("1", "1 555 010 9999"),
        ("1", "555"),
    ] {
        assert_eq!(refused(code, text).suggestion, None, "{text:?}");
    }
    for text in [
        "+999 1",
        "0086 13900001234",
        "8613900001234x5",
        "+44 (0)7700 900123",
    ] {
        let problem = PhoneNumber::parse_international(text).expect_err(text);
        assert_eq!(problem.suggestion, None, "{text:?}");
    }
}

#[test]
fn a_problem_names_what_is_in_the_way() {
    for (code, text, says) in [
        ("86", "1390000123O", "contains 'O', which is not a digit"),
        ("86", "1.3900001234e10", "a spreadsheet"),
        ("86", "139 0000 123４", "only the digits 0 to 9"),
        ("86", "13900001234\n", "contains '\\n'"),
        ("86", "+44 7700 900123", "calling code 44, not 86"),
        (
            "86",
            "0086 139",
            "an international prefix and the calling code",
        ),
        ("86", "+800 1234 5678", "no assigned country calling code"),
        ("0086", "13900001234", "begins with 00"),
        ("49", "0170 1234567", "dialled only within the country"),
    ] {
        let problem = refused(code, text).to_string();
        assert!(problem.contains(says), "{text:?}: {problem}");
    }
}

#[test]
fn only_what_is_certain_is_refused() {
    number("86", "1390000123456");
    refused("86", "13900001234567");
    refused("86", "139");
    for text in ["0555010999", "1555010999", "555010999", "55501099999"] {
        refused("1", text);
    }
    number("39", "0612345678");
}

#[test]
fn what_is_unlikely_is_doubted_and_no_number_named_in_its_place() {
    for (code, text, bare) in [
        ("44", "07700900123", "7700900123"),
        ("36", "06201234567", "201234567"),
        ("86", "8613900001234", "13900001234"),
        ("65", "6581234567", "81234567"),
        ("60", "601123456789", "1123456789"),
    ] {
        let doubt = number(code, text).doubt().expect(text);
        let others = doubt.replace(text, "");
        assert!(!others.contains(bare), "{doubt}");
    }
    let doubt = number("86", "1390000123").doubt().expect("too short");
    assert!(doubt.contains("has 10 digits"), "{doubt}");
    for (code, text) in [
        ("39", "0612345678"),
        ("39", "3923456789"),
        ("225", "0701020304"),
        ("225", "2721345678"),
        ("229", "0197123456"),
        ("52", "5512345678"),
        ("54", "1123456789"),
        ("54", "91123456789"),
        ("55", "11996883193"),
        ("55", "31996883193"),
        ("55", "3132345678"),
        ("36", "201234567"),
        ("44", "7700900123"),
        ("65", "65123456"),
        ("7", "7012345678"),
    ] {
        assert_eq!(number(code, text).doubt(), None, "{text}");
    }
}

#[test]
fn a_length_that_its_plan_has_left_behind_is_doubted_with_date_and_source() {
    for (code, text, says) in [
        (
            "225",
            "701020304",
            &["has 9 digits", "31 January 2021", "ARTCI", "in quotes"][..],
        ),
        ("225", "07010203", &["has 8 digits", "in quotes"]),
        ("225", "07010203040", &["has 11 digits", "have 10"]),
        (
            "229",
            "197123456",
            &["has 9 digits", "30 November 2024", "ARCEP", "in quotes"],
        ),
        ("229", "97123456", &["has 8 digits", "in quotes"]),
        (
            "52",
            "15512345678",
            &["has 11 digits", "3 August 2019", "one number"],
        ),
        ("52", "55123456", &["has 8 digits", "have 10"]),
        ("54", "111523456789", &["15 is dialled", "ENACOM"]),
        ("54", "112345678", &["has 9 digits", "have 10"]),
        ("55", "3196883193", &["9 digits", "Anatel", "one number"]),
        ("55", "1196883193", &["9 digits", "Anatel"]),
        ("55", "996883193", &["has 9 digits", "area code"]),
    ] {
        let doubt = number(code, text).doubt().expect(text);
        for says in says {
            assert!(doubt.contains(says), "{text}: {doubt}");
        }
    }
    let doubt = number("55", "1196883193").doubt().expect("too short");
    assert!(!doubt.contains("one number"), "{doubt}");
}

#[test]
fn a_fixed_line_is_one_for_certain() {
    for (code, text) in [
        ("86", "1012345678"),
        ("86", "75512345678"),
        ("44", "2079460000"),
        ("49", "301234567"),
        ("33", "142345678"),
        ("39", "0612345678"),
        ("34", "912345678"),
        ("91", "1123456789"),
        ("55", "1132345678"),
        ("55", "3142345678"),
        ("62", "2112345678"),
        ("65", "61234567"),
        ("81", "312345678"),
        ("971", "41234567"),
    ] {
        assert!(number(code, text).is_fixed_line(), "{code} {text}");
    }
    for (code, text) in [
        ("86", "13900001234"),
        ("86", "8613900001234"),
        ("44", "7700900123"),
        ("44", "07700900123"),
        ("49", "15123456789"),
        ("49", "491512345678"),
        ("33", "612345678"),
        ("39", "3123456789"),
        ("34", "612345678"),
        ("36", "06201234567"),
        ("36", "6201234567"),
        ("7", "89161234567"),
        ("91", "9812345678"),
        ("55", "11996883193"),
        ("55", "3196883193"),
        ("62", "81234567890"),
        ("65", "81234567"),
        ("81", "9012345678"),
        // Plans that do not tell fixed lines from mobile numbers, or that have no row.
        ("1", "2125550109"),
        ("52", "5512345678"),
        ("54", "1123456789"),
        ("290", "2345"),
    ] {
        assert!(!number(code, text).is_fixed_line(), "{code} {text}");
    }
}

fn ascii_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

proptest! {
    #[test]
    fn every_suggestion_has_exactly_the_digits_that_were_written(
        code in "[+0-9 (]{0,6}|.{0,6}",
        number in "[-+0-9 ().]{0,20}|[-+0-9 ().eOl１]{0,20}",
        any in ".*",
    ) {
        for (code, number) in [(&*code, &number), ("86", &number), ("1", &number), ("44", &any)] {
            match PhoneNumber::parse(code, number) {
                Ok(parsed) => {
                    let whole = parsed.to_string();
                    prop_assert_eq!(PhoneNumber::parse_international(&whole), Ok(parsed.clone()));
                    let hidden = parsed.masked().matches('*').count();
                    prop_assert_eq!(hidden, parsed.mobile_number().len() - 4);
                }
                Err(Problem { part, suggestion: Some(suggestion), .. }) => match part {
                    Part::CountryCode => {
                        prop_assert_eq!(&suggestion, &ascii_digits(code));
                        prop_assert!(calling_code(&suggestion).is_ok());
                    }
                    Part::MobileNumber => {
                        prop_assert_eq!(&suggestion, &ascii_digits(number));
                        prop_assert!(PhoneNumber::parse(code, &suggestion).is_ok());
                    }
                },
                Err(_) => {}
            }
        }
        for text in [&any, &number] {
            let parsed = PhoneNumber::parse_international(text);
            if let Err(Problem { suggestion: Some(suggestion), .. }) = parsed {
                prop_assert_eq!(&suggestion, &ascii_digits(text));
            }
        }
    }

    #[test]
    fn separators_alone_lead_to_a_suggestion(
        digits in "1[3-9][0-9]{9}",
        separator in "[-. ()]",
        at in 1..11_usize,
    ) {
        let mut text = digits.clone();
        text.insert_str(at, &separator);
        prop_assert_eq!(refused("86", &text).suggestion, Some(digits));
    }
}
