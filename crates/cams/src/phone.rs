//! Phone numbers: a country's calling code and the number after it, as CAMS takes them.
//!
//! A number is refused only if it is certainly wrong. An unlikely one is a doubt, which the user and
//! the API decide. A migration cannot be undone, so advice must never name another number than the
//! one that was written: a value is suggested only where nothing but separators and a leading `+`
//! have to go.
//!
//! This file is longer than 300 lines because both parts of a number are parsed by the same rules.

mod forms;
mod numbering_plans;

#[cfg(test)]
mod tests;

use std::fmt;

use numbering_plans::{CALLING_CODES, DROPS_ZERO, mobile_digits, outdated_length};

/// The most digits that E.164 allows for calling code and number together.
const MAX_DIGITS: usize = 15;
/// The shortest numbers in use, such as those of Niue, have four digits after the code.
const MIN_MOBILE_DIGITS: usize = 4;
/// What people write between digits to make a number easier to read.
pub const SEPARATORS: [char; 5] = [' ', '-', '.', '(', ')'];

/// A phone number with its calling code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    /// One of [`CALLING_CODES`].
    country_code: &'static str,
    mobile_number: String,
}

/// Which of the two parts of a phone number is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The calling code of the country.
    CountryCode,
    /// The number after the calling code.
    MobileNumber,
}

/// What is wrong with a number as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Problem {
    /// The part that is wrong.
    pub part: Part,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead, if only separators and a leading `+` have to go: it has exactly the
    /// ASCII digits of what was written, in the same order.
    pub suggestion: Option<String>,
}

impl Problem {
    fn new(part: Part, problem: String, suggestion: Option<String>) -> Self {
        Self {
            part,
            problem,
            suggestion,
        }
    }
}

/// Reads an assigned country calling code, such as `86`, digits only.
///
/// # Errors
///
/// If the text is not such a code.
pub fn calling_code(text: &str) -> Result<&'static str, Problem> {
    if let Some(code) = assigned(text) {
        return Ok(code);
    }
    let suggestion = without_separators(text).filter(|bare| assigned(bare).is_some());
    let problem = if suggestion.is_some() {
        format!("{text:?} contains characters other than the digits of the calling code")
    } else if text.starts_with("00") {
        format!(
            "{text:?} begins with 00, which is dialled before a calling code and is not \
             part of it"
        )
    } else if is_digits(text) {
        format!("{text:?} is not an assigned country calling code")
    } else {
        format!(
            "{text:?} is not a country calling code, which has one to three digits, such as \
             \"86\""
        )
    };
    Err(Problem::new(Part::CountryCode, problem, suggestion))
}

impl PhoneNumber {
    /// Reads the two parts, digits only, the number without the calling code.
    ///
    /// # Errors
    ///
    /// If one of the parts is certainly wrong.
    pub fn parse(country_code: &str, mobile_number: &str) -> Result<Self, Problem> {
        let code = calling_code(country_code)?;
        if let Some(problem) = wrong(code, mobile_number) {
            // After `+` or 00 comes the calling code, which is not part of the number.
            let suggestion = without_separators(mobile_number)
                .filter(|_| !is_international(mobile_number))
                .filter(|bare| wrong(code, bare).or_else(|| doubt(code, bare)).is_none());
            return Err(Problem::new(Part::MobileNumber, problem, suggestion));
        }
        Ok(Self {
            country_code: code,
            mobile_number: mobile_number.to_owned(),
        })
    }

    /// Reads a whole number, digits only, calling code first: as the API writes numbers.
    ///
    /// # Errors
    ///
    /// If the number is certainly wrong.
    pub fn parse_international(text: &str) -> Result<Self, Problem> {
        let refuse = |problem, suggestion| Problem::new(Part::CountryCode, problem, suggestion);
        if let Some(other) = first_foreign(text) {
            return Err(refuse(other, None));
        }
        if !text.is_empty() && !is_digits(text) {
            let plausible = |bare: &String| {
                Self::parse_international(bare).is_ok_and(|number| number.doubt().is_none())
            };
            let suggestion = without_separators(text).filter(plausible);
            return Err(refuse(
                format!("{text:?} contains characters other than digits"),
                suggestion,
            ));
        }
        let Some(code) = calling_code_of(text) else {
            let problem = format!("{text:?} does not begin with an assigned country calling code");
            return Err(refuse(problem, None));
        };
        Self::parse(code, text.strip_prefix(code).unwrap_or_default())
    }

    /// The country calling code.
    pub fn country_code(&self) -> &'static str {
        self.country_code
    }

    /// The number after the calling code.
    pub fn mobile_number(&self) -> &str {
        &self.mobile_number
    }

    /// The number as it is dialled today: the one form that all ways of writing it have in common.
    /// The documentation of the module `forms` says which ways those are.
    #[must_use]
    pub fn canonical(&self) -> Self {
        match forms::both(self.country_code, &self.mobile_number) {
            Some([mobile_number, _]) => Self {
                mobile_number,
                ..*self
            },
            None => self.clone(),
        }
    }

    /// The digits of [`canonical`](Self::canonical) for the digits of a whole number, which need
    /// not be a phone number: quick enough for every row of a list.
    pub fn canonical_digits(whole: &str) -> String {
        let both = Self::both_forms(whole);
        both.map_or_else(|| whole.to_owned(), |[canonical, _]| canonical)
    }

    /// The digits of a whole number in the two ways in which it can be written, the canonical one
    /// first. `None` if there is one way only.
    pub(crate) fn both_forms(whole: &str) -> Option<[String; 2]> {
        // No calling code begins with one of those of two digits that have several forms.
        let (code, number) = whole.split_at_checked(2)?;
        let both = forms::both(code, number)?;
        Some(both.map(|number| format!("{code}{number}")))
    }

    /// Whether both are one number, perhaps written in two ways.
    pub fn is_same(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    /// The other way in which the number may be written, if there is one.
    pub fn other_form(&self) -> Option<Self> {
        let both = forms::both(self.country_code, &self.mobile_number)?;
        let mobile_number = both.into_iter().find(|form| *form != self.mobile_number)?;
        Some(Self {
            mobile_number,
            ..*self
        })
    }

    /// Whether `text` is this number as the API may write it.
    pub fn matches(&self, text: &str) -> bool {
        let named = Self::parse_international(text.trim_start_matches('+'));
        named.is_ok_and(|named| named.is_same(self))
    }

    /// Whether an answer that names its number as `text` can be about this one.
    ///
    /// The service documents digits with the country code in front. Either form of the number will
    /// do. Other signs between the digits are passed over, the country code may be missing or have
    /// the prefix `00`, and a `*` hides a digit. Some languages write a JSON number with `.0` at
    /// its end. Text without any digit names no number at all.
    pub fn can_be_named(&self, text: &str) -> bool {
        let whole = text.strip_suffix(".0").unwrap_or(text);
        let digits = |c: &char| c.is_ascii_digit() || *c == '*';
        // No number has so many digits, so that no more are needed to see that it is another one.
        let named: String = whole.chars().filter(digits).take(64).collect();
        named.is_empty()
            || self.is_named(&named)
            || self
                .other_form()
                .is_some_and(|other| other.is_named(&named))
    }

    /// Whether these digits, of which a `*` hides one, are this number in this form.
    fn is_named(&self, named: &str) -> bool {
        let is = |named: &str, number: &str| {
            let same = |(named, ours): (u8, u8)| named == b'*' || named == ours;
            named.len() == number.len() && named.bytes().zip(number.bytes()).all(same)
        };
        let ours = self.to_string();
        let without_prefix = named.strip_prefix("00").unwrap_or(named);
        is(named, &ours) || is(without_prefix, &ours) || is(named, &self.mobile_number)
    }

    /// Enough to recognize the number in a log, too little to call it: the calling code and the
    /// last four digits.
    pub fn masked(&self) -> String {
        // Digits are single bytes.
        let hidden = self.mobile_number.len().saturating_sub(4);
        let shown = self.mobile_number.get(hidden..).unwrap_or_default();
        format!("{}{}{shown}", self.country_code, "*".repeat(hidden))
    }

    /// Whether the numbering plan says for certain that the number is a fixed line, which receives
    /// no SMS. `false` leaves it open.
    pub fn is_fixed_line(&self) -> bool {
        let (code, number) = (self.country_code, &self.mobile_number);
        // A number that begins with its calling code may have it twice.
        !number.starts_with(code) && numbering_plans::is_fixed_line(code, number)
    }

    /// What makes the number unlikely, although it may be right: a 0 that its country leaves out
    /// after the calling code, the calling code once more, or a length that mobile numbers there do
    /// not have. It names no other number, since it is not known which one was meant.
    pub fn doubt(&self) -> Option<String> {
        doubt(self.country_code, &self.mobile_number)
    }
}

/// Digits only, calling code first.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.country_code, self.mobile_number)
    }
}

/// What is certainly wrong with the number after a code, if anything is.
fn wrong(code: &str, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("the number is empty".into());
    }
    if let Some(foreign) = first_foreign(text) {
        return Some(foreign);
    }
    if is_international(text) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let other = calling_code_of(digits.strip_prefix("00").unwrap_or(&digits));
        return Some(match other {
            Some(same) if same == code => {
                format!("{text:?} contains an international prefix and the calling code")
            }
            Some(other) => {
                format!("{text:?} is a number with the calling code {other}, not {code}")
            }
            None => format!(
                "{text:?} contains an international prefix and no assigned country calling code"
            ),
        });
    }
    if !is_digits(text) {
        let doubt = without_separators(text).and_then(|bare| doubt(code, &bare));
        let doubt = doubt.map(|doubt| format!(", and {doubt}"));
        let doubt = doubt.unwrap_or_default();
        return Some(format!(
            "{text:?} contains characters other than digits{doubt}"
        ));
    }
    let all = code.len() + text.len();
    if all > MAX_DIGITS {
        let excess = format!("{text:?} makes {all} digits with the calling code {code}");
        return Some(format!("{excess}; a phone number has at most {MAX_DIGITS}"));
    }
    if text.len() < MIN_MOBILE_DIGITS {
        return Some(format!("{text:?} is too short for a phone number"));
    }
    match code {
        "1" => wrong_in_north_america(text),
        _ => None,
    }
}

/// What the North American plan does not have. It is one plan of many countries whose every number
/// has an area code of three digits and seven more, and no area code begins with 0 or 1.
fn wrong_in_north_america(text: &str) -> Option<String> {
    let never = "which no number with the calling code 1 does";
    if text.starts_with(['0', '1']) {
        let first = text.get(..1).unwrap_or_default();
        return Some(format!("{text:?} begins with {first}, {never}"));
    }
    let digits = text.len();
    (digits != 10)
        .then(|| format!("{text:?} has {digits} digits; with the calling code 1 there are ten"))
}

/// What makes a number unlikely that is not wrong.
fn doubt(code: &str, number: &str) -> Option<String> {
    let trunk = if code == "36" { "06" } else { "0" };
    if number.starts_with(trunk) && (code == "36" || DROPS_ZERO.contains(&code)) {
        return Some(format!(
            "{number:?} begins with {trunk}, which is dialled only within the country and is \
             omitted after the calling code {code}"
        ));
    }
    if repeats_code(code, number) {
        return Some(format!(
            "{number:?}, the part after the calling code {code}, begins with {code} again"
        ));
    }
    if let Some(outdated) = outdated_length(code, number) {
        return Some(format!("{number:?} {outdated}"));
    }
    let expected = mobile_digits(code)?;
    let digits = number.len();
    (digits != expected).then(|| {
        format!(
            "{number:?} has {digits} digits, and mobile numbers with the calling code {code} have \
             {expected}"
        )
    })
}

/// Whether a number begins with its calling code, and that cannot well be its own beginning: either
/// what comes after it has the length of the country's mobile numbers, or all of it is longer than
/// almost any number.
fn repeats_code(code: &str, number: &str) -> bool {
    let is_longer = |bare: &str| match mobile_digits(code) {
        Some(digits) => bare.len() == digits,
        None => code.len() + number.len() > 13,
    };
    number.strip_prefix(code).is_some_and(is_longer)
}

/// Whether a number is written for dialling from abroad. No number within a country begins with 00.
fn is_international(text: &str) -> bool {
    let mut written = text.chars().filter(|c| !SEPARATORS.contains(c));
    match (written.next(), written.next()) {
        (Some('+'), _) => true,
        (first, second) => first == Some('0') && second == Some('0'),
    }
}

/// What to say about the first character that does not belong in a phone number, if there is one.
fn first_foreign(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_digit() || c == '+' || SEPARATORS.contains(&c);
    let foreign = text.chars().find(|c| !allowed(*c))?;
    // An escape shows what a reader might not see, such as a line break or a full-width digit.
    let hint = match foreign {
        'e' | 'E' if text.parse::<f64>().is_ok() => {
            "; a spreadsheet may have shortened the number, so take it from its source"
        }
        c if !c.is_ascii() && c.is_numeric() => "; only the digits 0 to 9 count",
        _ => "",
    };
    Some(format!(
        "{text:?} contains {foreign:?}, which is not a digit{hint}"
    ))
}

/// The digits of a text in which nothing but separators and a leading `+` are dropped; `None` if
/// there is anything else.
fn without_separators(text: &str) -> Option<String> {
    let written: String = text.chars().filter(|c| !SEPARATORS.contains(c)).collect();
    let bare = written.strip_prefix('+').unwrap_or(&written);
    is_digits(bare).then(|| bare.to_owned())
}

/// The code that is written so, if it is assigned.
fn assigned(text: &str) -> Option<&'static str> {
    CALLING_CODES.iter().copied().find(|code| *code == text)
}

/// The calling code that a whole number begins with.
fn calling_code_of(digits: &str) -> Option<&'static str> {
    let mut codes = CALLING_CODES.iter().copied();
    codes.find(|code| digits.starts_with(code))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
