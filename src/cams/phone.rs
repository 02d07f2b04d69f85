//! Phone numbers: a country's calling code and a number behind it, as CAMS takes them.
//!
//! Only what is certain is refused; what is merely unlikely is left to the API. The codes are those of ITU-T E.164.

use std::fmt;

/// E.164: calling code and number together.
const MAX_DIGITS: usize = 15;
/// The shortest numbers in use, such as those of Saint Helena and Niue, have four digits behind the code.
const MIN_MOBILE_DIGITS: usize = 4;

/// Calling codes of countries and shared numbering plans. No code is the beginning of another, so a whole number has
/// exactly one. Codes of global services (800, 808, 870, 878, 881–883, 888, 979) are left out: no WhatsApp number
/// belongs to one, and a typing error would.
const CALLING_CODES: &[&str] = &[
    "1", "20", "211", "212", "213", "216", "218", "220", "221", "222", "223", "224", "225", "226",
    "227", "228", "229", "230", "231", "232", "233", "234", "235", "236", "237", "238", "239",
    "240", "241", "242", "243", "244", "245", "246", "247", "248", "249", "250", "251", "252",
    "253", "254", "255", "256", "257", "258", "260", "261", "262", "263", "264", "265", "266",
    "267", "268", "269", "27", "290", "291", "297", "298", "299", "30", "31", "32", "33", "34",
    "350", "351", "352", "353", "354", "355", "356", "357", "358", "359", "36", "370", "371",
    "372", "373", "374", "375", "376", "377", "378", "379", "380", "381", "382", "383", "385",
    "386", "387", "389", "39", "40", "41", "420", "421", "423", "43", "44", "45", "46", "47", "48",
    "49", "500", "501", "502", "503", "504", "505", "506", "507", "508", "509", "51", "52", "53",
    "54", "55", "56", "57", "58", "590", "591", "592", "593", "594", "595", "596", "597", "598",
    "599", "60", "61", "62", "63", "64", "65", "66", "670", "672", "673", "674", "675", "676",
    "677", "678", "679", "680", "681", "682", "683", "685", "686", "687", "688", "689", "690",
    "691", "692", "7", "81", "82", "84", "850", "852", "853", "855", "856", "86", "880", "886",
    "90", "91", "92", "93", "94", "95", "960", "961", "962", "963", "964", "965", "966", "967",
    "968", "970", "971", "972", "973", "974", "975", "976", "977", "98", "992", "993", "994",
    "995", "996", "998",
];

/// Codes of countries that write a 0 before the number at home and drop it abroad, so that no number behind the code
/// begins with 0. Countries that keep it, such as Italy, Côte d'Ivoire or the Congo, are not here, nor is any in doubt.
const DROPS_ZERO: &[&str] = &[
    "20", "212", "213", "218", "233", "234", "243", "249", "251", "254", "255", "256", "260",
    "262", "263", "264", "27", "31", "32", "33", "353", "355", "358", "359", "373", "380", "381",
    "382", "383", "385", "386", "387", "389", "40", "41", "421", "43", "44", "46", "49", "55",
    "58", "590", "593", "594", "595", "596", "598", "60", "61", "62", "63", "64", "66", "81", "82",
    "84", "855", "856", "86", "880", "886", "90", "91", "92", "93", "94", "95", "961", "962",
    "963", "964", "966", "967", "970", "971", "972", "977", "98", "994", "995", "996",
];

/// How many digits a mobile number has behind the code, where all have the same.
const MOBILE_DIGITS: &[(&str, usize)] = &[
    ("20", 10),
    ("27", 9),
    ("33", 9),
    ("34", 9),
    ("44", 10),
    ("48", 9),
    ("57", 10),
    ("61", 9),
    ("65", 8),
    ("7", 10),
    ("81", 10),
    ("852", 8),
    ("86", 11),
    ("90", 10),
    ("91", 10),
    ("92", 10),
    ("966", 9),
    ("971", 9),
];

/// An assigned country calling code, such as `86`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallingCode(&'static str);

/// A phone number with its calling code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    country_code: CallingCode,
    mobile_number: String,
}

/// Which of the two parts is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The calling code.
    CountryCode,
    /// The number behind it.
    MobileNumber,
}

/// What is wrong with a number as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", suggestion.as_ref().map(|value| format!("; write {value:?}")).unwrap_or_default())]
pub struct Problem {
    /// The part that is wrong.
    pub part: Part,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead, where that can be told.
    pub suggestion: Option<String>,
}

impl CallingCode {
    /// Reads an assigned code, digits only.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let problem = |problem: String, suggestion| Problem {
            part: Part::CountryCode,
            problem,
            suggestion,
        };
        if let Some(code) = CALLING_CODES.iter().find(|code| **code == text) {
            return Ok(Self(code));
        }
        let bare = digits(text);
        let bare = bare.strip_prefix("00").unwrap_or(&bare);
        let suggestion = CALLING_CODES
            .iter()
            .find(|code| **code == bare)
            .map(|code| (*code).to_owned());
        Err(if suggestion.is_some() {
            problem(
                format!("{text:?} holds more than the digits of the calling code"),
                suggestion,
            )
        } else if is_digits(text) {
            problem(
                format!("{text:?} is not an assigned country calling code"),
                None,
            )
        } else {
            problem(
                format!(
                    "{text:?} is not a country calling code, which has one to three digits, such as \"86\""
                ),
                None,
            )
        })
    }

    /// The digits.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for CallingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl PhoneNumber {
    /// Reads the two parts, digits only, the number without the calling code.
    pub fn parse(country_code: &str, mobile_number: &str) -> Result<Self, Problem> {
        let country_code = CallingCode::parse(country_code)?;
        if let Some(problem) = wrong(country_code, mobile_number) {
            let suggestion = suggestion(country_code, mobile_number);
            return Err(Problem {
                part: Part::MobileNumber,
                problem,
                suggestion,
            });
        }
        Ok(Self {
            country_code,
            mobile_number: mobile_number.to_owned(),
        })
    }

    /// Reads a whole number, digits only, calling code first: as the API writes numbers.
    pub fn parse_international(text: &str) -> Result<Self, Problem> {
        if !text.is_empty() && !is_digits(text) {
            let digits = digits(text);
            let bare = digits.strip_prefix("00").unwrap_or(&digits);
            return Err(Problem {
                part: Part::CountryCode,
                problem: format!("{text:?} holds more than digits"),
                suggestion: Self::parse_international(bare)
                    .is_ok()
                    .then(|| bare.to_owned()),
            });
        }
        let Some(code) = calling_code_of(text) else {
            return Err(Problem {
                part: Part::CountryCode,
                problem: format!("{text:?} does not begin with an assigned country calling code"),
                suggestion: None,
            });
        };
        Self::parse(code.0, text.strip_prefix(code.0).unwrap_or_default())
    }

    /// The calling code.
    pub fn country_code(&self) -> CallingCode {
        self.country_code
    }

    /// The number behind the calling code.
    pub fn mobile_number(&self) -> &str {
        &self.mobile_number
    }

    /// Whether `text` is this number as the API writes it.
    pub fn matches(&self, text: &str) -> bool {
        text.trim_start_matches('+')
            .strip_prefix(self.country_code.0)
            == Some(&self.mobile_number)
    }

    /// Whether an answer that names its number as `text` can be about this one.
    ///
    /// The service documents digits with the country code in front. Other signs between them are
    /// passed over, the country code may be missing, and a `*` hides a digit. Text without any
    /// digit names no number at all.
    pub fn can_be_named(&self, text: &str) -> bool {
        let digits = |c: &char| c.is_ascii_digit() || *c == '*';
        // One more than any number has is enough to see that it is none.
        let named: Vec<char> = text.chars().filter(digits).take(64).collect();
        let is = |number: &str| {
            let same = |(named, ours): (&char, char)| *named == '*' || *named == ours;
            named.len() == number.len() && named.iter().zip(number.chars()).all(same)
        };
        named.is_empty() || is(&self.to_string()) || is(&self.mobile_number)
    }

    /// Enough to recognise the number in a log, too little to call it: the calling code and the last four digits.
    pub fn masked(&self) -> String {
        let hidden = self.mobile_number.len().saturating_sub(4);
        // Digits are single bytes.
        format!(
            "{}{}{}",
            self.country_code,
            "*".repeat(hidden),
            self.mobile_number.get(hidden..).unwrap_or_default()
        )
    }

    /// What is unlikely about the number, though it may be right: a 0 that its country drops behind the calling code,
    /// or the calling code once more.
    pub fn doubt(&self) -> Option<Problem> {
        let Self {
            country_code: code,
            mobile_number: number,
        } = self;
        let (problem, bare) = if let Some(bare) = without_trunk_prefix(*code, number) {
            let problem = "begins with a 0, which numbers behind the calling code";
            (format!("{number:?} {problem} {code} do not have"), bare)
        } else if let Some(bare) = without_repeated_code(*code, number) {
            let problem = "begins with the calling code, which country_code";
            (format!("{number:?} {problem} {code} holds already"), bare)
        } else {
            return None;
        };
        Some(Problem {
            part: Part::MobileNumber,
            problem,
            suggestion: Some(bare.to_owned()).filter(|bare| wrong(*code, bare).is_none()),
        })
    }
}

/// Digits only, calling code first.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.country_code, self.mobile_number)
    }
}

/// What is wrong with a number behind a code, if anything is.
fn wrong(code: CallingCode, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("the number is empty".into());
    }
    if let Some(international) = international(text) {
        return Some(match calling_code_of(&international) {
            Some(other) if other != code => {
                format!("{text:?} is a number behind the calling code {other}, not {code}")
            }
            _ => format!("{text:?} is written for dialling from abroad, with its calling code"),
        });
    }
    if !is_digits(text) {
        return Some(format!("{text:?} holds more than digits"));
    }
    let all = code.0.len() + text.len();
    if all > MAX_DIGITS {
        let excess = format!("{text:?} makes {all} digits with the calling code {code}");
        return Some(format!("{excess}; a phone number has at most {MAX_DIGITS}"));
    }
    if text.len() < MIN_MOBILE_DIGITS {
        return Some(format!("{text:?} is too short for a phone number"));
    }
    if code.0 != "1" {
        return None;
    }
    // The North American plan: ten digits, of which an area code comes first.
    if let Some(first) = text
        .chars()
        .next()
        .filter(|first| ['0', '1'].contains(first))
    {
        let never = "which no number behind the calling code 1 does";
        return Some(format!("{text:?} begins with {first}, {never}"));
    }
    let digits = text.len();
    (digits != 10)
        .then(|| format!("{text:?} has {digits} digits; behind the calling code 1 there are ten"))
}

/// The number that was probably meant: without punctuation, and without the calling code or trunk prefix in front.
fn suggestion(code: CallingCode, text: &str) -> Option<String> {
    let bare = match international(text) {
        Some(all) => {
            // "+44 (0) 7700 …" names the trunk prefix that is dropped.
            let number = all.strip_prefix(code.0)?;
            without_trunk_prefix(code, number)
                .unwrap_or(number)
                .to_owned()
        }
        None => digits(text),
    };
    let shorter = without_trunk_prefix(code, &bare)
        .or_else(|| bare.strip_prefix(code.0))
        .map(str::to_owned);
    [Some(bare), shorter]
        .into_iter()
        .flatten()
        .find(|candidate| wrong(code, candidate).is_none())
}

/// The digits behind the `+` or `00` of a number written for dialling from abroad. No number inside a country begins
/// with 00.
fn international(text: &str) -> Option<String> {
    let all = digits(text);
    let punctuation = |c: char| c.is_whitespace() || c == '(';
    match text
        .trim_start_matches(punctuation)
        .starts_with(['+', '\u{ff0b}'])
    {
        true => Some(all),
        false => all.strip_prefix("00").map(str::to_owned),
    }
}

/// The calling code that a whole number begins with.
fn calling_code_of(digits: &str) -> Option<CallingCode> {
    let code = CALLING_CODES.iter().find(|code| digits.starts_with(**code));
    code.map(|code| CallingCode(code))
}

fn without_trunk_prefix(code: CallingCode, number: &str) -> Option<&str> {
    // Hungary's is 06; everyone else's is 0.
    match code.0 {
        "36" => number.strip_prefix("06"),
        _ if DROPS_ZERO.contains(&code.0) => number.strip_prefix('0'),
        _ => None,
    }
}

/// `number` without a calling code in front that cannot well be its own beginning: either what is behind it has the
/// length of the country's mobile numbers, or all of it is longer than almost any number.
fn without_repeated_code(code: CallingCode, number: &str) -> Option<&str> {
    let bare = number.strip_prefix(code.0)?;
    let repeated = match MOBILE_DIGITS.iter().find(|(of, _)| *of == code.0) {
        Some((_, digits)) => bare.len() == *digits,
        None => code.0.len() + number.len() > 13,
    };
    repeated.then_some(bare)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(country_code: &str, mobile_number: &str) -> PhoneNumber {
        PhoneNumber::parse(country_code, mobile_number).expect("a number")
    }

    fn suggested(country_code: &str, mobile_number: &str) -> Option<String> {
        PhoneNumber::parse(country_code, mobile_number)
            .expect_err("a problem")
            .suggestion
    }

    #[test]
    fn an_answer_is_about_the_number_that_it_names() {
        let number = PhoneNumber::parse("86", "13900001234").expect("a number");
        for named in [
            "8613900001234",
            "+86 139-0000-1234",
            "13900001234",
            "861390000****",
            "",
            "unknown",
        ] {
            assert!(number.can_be_named(named), "{named}");
        }
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
        let lengths = MOBILE_DIGITS.iter().map(|(code, _)| code);
        for code in DROPS_ZERO.iter().chain(lengths) {
            assert!(CALLING_CODES.contains(code), "{code}");
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
    fn a_whole_number_for_humans_gets_the_one_to_write() {
        for text in ["+86 139 0000-1234", "0086 13900001234"] {
            let problem = PhoneNumber::parse_international(text).expect_err(text);
            assert_eq!(
                problem.suggestion.as_deref(),
                Some("8613900001234"),
                "{text}"
            );
        }
        let problem = PhoneNumber::parse_international("+999 1").expect_err("unassigned");
        assert_eq!(problem.suggestion, None);
    }

    #[test]
    fn a_log_shows_the_code_and_four_digits() {
        assert_eq!(number("86", "13900001234").masked(), "86*******1234");
        assert_eq!(number("290", "2345").masked(), "2902345");
    }

    #[test]
    fn a_calling_code_is_suggested_in_digits() {
        for (text, code) in [("+86", "86"), ("0086", "86"), ("+1 ", "1"), (" 44", "44")] {
            assert_eq!(
                CallingCode::parse(text)
                    .expect_err("a problem")
                    .suggestion
                    .as_deref(),
                Some(code),
                "{text:?}"
            );
        }
        for text in ["999", "0", "", "八六", "CN", "800", "888"] {
            assert_eq!(
                CallingCode::parse(text).expect_err("a problem").suggestion,
                None,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_number_is_suggested_in_digits_and_without_its_code() {
        for (code, text, bare) in [
            ("86", "139 0000-1234", "13900001234"),
            ("86", "139.0000.1234", "13900001234"),
            ("86", "+8613900001234", "13900001234"),
            ("86", " (+86) 139 0000 1234", "13900001234"),
            ("86", "0086 139 0000 1234", "13900001234"),
            ("86", "008613900001234", "13900001234"),
            ("1", "+1 (555) 010-9999", "5550109999"),
            ("1", "15550109999", "5550109999"),
            ("44", "+44 (0)7700 900123", "7700900123"),
            ("39", "+39 06 1234 5678", "0612345678"),
            ("36", "+36 06 20 123 4567", "201234567"),
        ] {
            assert_eq!(suggested(code, text).as_deref(), Some(bare), "{text:?}");
        }
        for (code, text) in [
            ("86", "none"),
            ("86", ""),
            ("86", "+447700900123"),
            ("1", "555"),
        ] {
            assert_eq!(suggested(code, text), None, "{text:?}");
        }
    }

    #[test]
    fn a_number_of_another_country_names_it() {
        let problem = PhoneNumber::parse("86", "+44 7700 900123").expect_err("a problem");
        assert!(
            problem.to_string().contains("calling code 44, not 86"),
            "{problem}"
        );
    }

    #[test]
    fn only_what_is_certain_is_refused() {
        assert!(
            PhoneNumber::parse("86", "1390000123456").is_ok(),
            "15 digits"
        );
        assert!(
            PhoneNumber::parse("86", "13900001234567").is_err(),
            "16 digits"
        );
        assert!(PhoneNumber::parse("86", "139").is_err());
        for refused in ["0555010999", "1555010999", "555010999", "55501099999"] {
            assert!(PhoneNumber::parse("1", refused).is_err(), "{refused}");
        }
        assert!(
            PhoneNumber::parse("39", "0612345678").is_ok(),
            "Italian numbers keep their 0"
        );
    }

    #[test]
    fn a_trunk_prefix_or_a_second_code_is_doubted() {
        for (code, text, bare) in [
            ("44", "07700900123", "7700900123"),
            ("36", "06201234567", "201234567"),
            ("86", "8613900001234", "13900001234"),
            ("65", "6581234567", "81234567"),
            ("60", "601123456789", "1123456789"),
        ] {
            let doubt = number(code, text)
                .doubt()
                .unwrap_or_else(|| panic!("no doubt about {text}"));
            assert_eq!(doubt.suggestion.as_deref(), Some(bare), "{text}");
        }
        for (code, text) in [
            ("39", "0612345678"),
            ("39", "3923456789"),
            ("225", "0701020304"),
            ("36", "201234567"),
            ("44", "7700900123"),
            ("65", "65123456"),
            ("7", "7012345678"),
        ] {
            assert_eq!(number(code, text).doubt(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_suggestion_is_right(code in ".{0,8}", number in "[-+0-9 ().]{0,20}", any in ".*") {
            for (code, number) in [(code.as_str(), number.as_str()), ("86", &number), ("1", &number), ("44", &any)] {
                match PhoneNumber::parse(code, number) {
                    Ok(parsed) => {
                        prop_assert_eq!(PhoneNumber::parse_international(&parsed.to_string()), Ok(parsed.clone()));
                        let hidden = parsed.masked().matches('*').count();
                        prop_assert_eq!(hidden, parsed.mobile_number().len() - 4);
                        if let Some(Problem { suggestion: Some(bare), .. }) = parsed.doubt() {
                            prop_assert!(PhoneNumber::parse(code, &bare).is_ok());
                        }
                    }
                    Err(Problem { part, suggestion: Some(suggestion), .. }) => match part {
                        Part::CountryCode => prop_assert!(CallingCode::parse(&suggestion).is_ok()),
                        Part::MobileNumber => prop_assert!(PhoneNumber::parse(code, &suggestion).is_ok()),
                    },
                    Err(_) => {}
                }
            }
            let _ = PhoneNumber::parse_international(&any);
        }
    }
}
