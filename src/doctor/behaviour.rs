//! How the service behaves where its documentation leaves a choice, in the words of the emulator's
//! flags. What reading cannot tell is named as not observed.

mod rows;

use cams::operations::GetPhoneNumberVerificationStatus;
use cams::{Absent, Error, ErrorKind, Form, LookupData, Operation};

use super::names::Names;
use super::observations::{Answers, Asked, Observations};
use super::permissions::{Permission, operations, permission};

/// The columns that the provider reads. A list that has no others is a sparse one.
const INDISPENSABLE: [&str; 2] = ["PhoneNumber", "Status"];

/// One choice that the documentation leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    /// The emulator's flag, without its dashes.
    pub(super) flag: &'static str,
    /// The flag's value, if it was observed.
    pub(super) value: Option<String>,
    /// What was observed, or why nothing was.
    pub(super) text: String,
}

impl Behaviour {
    fn seen(flag: &'static str, value: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            flag,
            value: Some(value.into()),
            text: text.into(),
        }
    }

    fn unseen(flag: &'static str, text: impl Into<String>) -> Self {
        Self {
            flag,
            value: None,
            text: text.into(),
        }
    }
}

/// All choices, in the order of the emulator's flags.
pub(super) fn behaviours(observations: &Observations) -> Vec<Behaviour> {
    let answers = &observations.answers;
    let [number, code, status] = missing(observations);
    vec![
        number,
        code,
        status,
        rows::migrating(observations),
        rows::deleted(answers),
        Behaviour::unseen(
            "list-lag",
            "How long the list shows what was before a change can be told only by changing \
             something.",
        ),
        Behaviour::unseen(
            "lookup-lag",
            "How long the lookup shows what was before a change can be told only by changing \
             something.",
        ),
        rows::number_form(answers),
        Behaviour::unseen(
            "accepted-forms",
            "In which forms the lookup knows a number that has two is not asked.",
        ),
        absent(answers),
        ids(answers),
        form(answers),
        Behaviour::unseen(
            "on-repeat",
            "What a repeated start of a migration is answered with can be told only by \
             starting one.",
        ),
        Behaviour::unseen(
            "repeat-code",
            "The code that refuses a repeated start can be told only by starting a migration \
             twice.",
        ),
        business_status(answers),
        Behaviour::unseen(
            "window",
            "How the quota counts can be told only by exceeding it, which doctor does not do.",
        ),
    ]
}

/// The arguments for the emulator: what was observed, and the caller's subscription and
/// permissions.
pub(super) fn flags(behaviours: &[Behaviour], observations: &Observations) -> Vec<String> {
    let mut flags = Vec::new();
    for Behaviour { flag, value, .. } in behaviours {
        if let Some(value) = value {
            flags.extend([format!("--{flag}"), value.clone()]);
        }
    }
    if super::account::subscribed(&observations.answers) == Some(false) {
        flags.push("--not-subscribed".to_owned());
    }
    for operation in operations() {
        if permission(operation, &observations.answers) == Permission::Denied {
            flags.extend(["--deny".to_owned(), operation.to_owned()]);
        }
    }
    flags
}

/// How the lookup answers for a number that the space lacks; code and HTTP status of a refusal.
fn missing(observations: &Observations) -> [Behaviour; 3] {
    let answers = &observations.answers;
    let number = |value, text: &str| Behaviour::seen("missing-number", value, text);
    let seen = match &answers.missing {
        Some(Ok(lookup)) => match lookup.value {
            LookupData::Empty => number(
                "empty-data",
                "The lookup of a number that nobody can have succeeds, with an empty Data.",
            ),
            LookupData::Missing => number(
                "no-data",
                "The lookup of a number that nobody can have succeeds, without Data.",
            ),
            LookupData::Null => number(
                "null-data",
                "The lookup of a number that nobody can have succeeds, with null as Data.",
            ),
            LookupData::WithoutId => number(
                "not-verified",
                "The lookup of a number that nobody can have succeeds, with Data but without \
                 an id.",
            ),
            LookupData::Odd => Behaviour::unseen(
                "missing-number",
                "The lookup of a number that nobody can have succeeds, with a Data that is no \
                 object. No flag of the emulator does that.",
            ),
            LookupData::WithId => Behaviour::unseen(
                "missing-number",
                "The lookup gives an id for a number that nobody can have, so it cannot be \
                 told how \
                 it reports a missing one.",
            ),
        },
        Some(Err(error)) if answers_the_question(error, answers) => {
            return refusal(error, &observations.names);
        }
        _ => Behaviour::unseen("missing-number", "The lookup could not be asked."),
    };
    let text = match seen.value {
        Some(_) => "A missing number is not reported by a refusal.",
        None => "No refusal of a missing number was seen.",
    };
    let [code, status] =
        ["missing-code", "missing-status"].map(|flag| Behaviour::unseen(flag, text));
    [seen, code, status]
}

fn refusal(error: &Error, names: &Names) -> [Behaviour; 3] {
    let code = error.code.as_deref().unwrap_or_default();
    let taken = match error.kind {
        ErrorKind::NotFound => "The provider takes it as proof that a number does not exist.",
        _ => {
            "The provider does not take it as proof that a number does not exist, so it removes no \
             number from the state."
        }
    };
    let text = format!("The refusal of a missing number has the code {code}. {taken}");
    [
        Behaviour::seen(
            "missing-number",
            "refusal",
            "The lookup of a number that nobody can have is refused.",
        ),
        match names.of(code) {
            Some(code) => Behaviour::seen("missing-code", code, text),
            None => Behaviour::unseen(
                "missing-code",
                format!("{text} It has not the form of a code."),
            ),
        },
        http_status("missing-status", "The refusal of a missing number", error),
    ]
}

/// Whether the refusal is about the number: RAM, the subscription and the space have let it pass.
fn answers_the_question(error: &Error, answers: &Answers) -> bool {
    let lookup = GetPhoneNumberVerificationStatus::ACTION;
    let allowed = permission(lookup, answers) == Permission::Granted;
    let about_the_number = error.refuses_request() || error.kind == ErrorKind::AccessDenied;
    allowed && about_the_number && error.kind != ErrorKind::ResourceOwner
}

/// The HTTP status of a refusal, as a value of the flag if it is one.
fn http_status(flag: &'static str, what: &str, error: &Error) -> Behaviour {
    let status = error.http_status.unwrap_or_default();
    match status {
        200 | 400 | 404 => Behaviour::seen(
            flag,
            status.to_string(),
            format!("{what} has the HTTP status {status}."),
        ),
        _ => Behaviour::unseen(
            flag,
            format!("{what} has the HTTP status {status}, which no flag of the emulator gives it."),
        ),
    }
}

/// What stands where an answer has nothing.
fn absent(answers: &Answers) -> Behaviour {
    let (value, what) = match answers.forms().find_map(|form| form.absent) {
        Some(Absent::Empty) => ("empty", "an empty text"),
        Some(Absent::None) => ("none", "the text None"),
        Some(Absent::Null) => ("null", "null"),
        None => {
            let text = "No answer has a field for what it does not have.";
            return Behaviour::unseen("absent", text);
        }
    };
    let text = format!("An answer without a detail about access has {what} in its place.");
    Behaviour::seen("absent", value, text)
}

/// Whether ids and phone numbers are texts or numbers.
fn ids(answers: &Answers) -> Behaviour {
    let (mut texts, mut numbers) = (0, 0);
    for form in answers.forms() {
        texts += form.text_ids;
        numbers += form.number_ids;
    }
    match (texts, numbers) {
        (0, 0) => Behaviour::unseen("ids", "No answer holds an id or a phone number."),
        (_, 0) => Behaviour::seen("ids", "text", "Ids and phone numbers are JSON texts."),
        (0, _) => Behaviour::seen("ids", "number", "Ids and phone numbers are JSON numbers."),
        _ => Behaviour::seen(
            "ids",
            "number",
            "Some ids and phone numbers are JSON numbers, others are JSON texts.",
        ),
    }
}

/// Whether answers hold what is documented or only what is indispensable.
fn form(answers: &Answers) -> Behaviour {
    let forms: Vec<Form> = answers.forms().collect();
    if forms.is_empty() {
        return Behaviour::unseen("answers", "No answer succeeded.");
    }
    let (columns, unreadable) = match &answers.list {
        Some(Ok(list)) => (list.value.columns.len(), list.value.unreadable),
        _ => (0, 0),
    };
    let more = match &answers.list {
        Some(Ok(list)) => {
            let mut columns = list.value.columns.iter();
            columns.any(|name| !INDISPENSABLE.contains(&name.as_str()))
        }
        _ => false,
    };
    let odd = match unreadable {
        0 => String::new(),
        rows => format!(" Rows of the list that are no objects: {rows}."),
    };
    if more || forms.iter().any(|form| form.has_message) {
        let text = match columns {
            0 => "Answers hold more than what is indispensable.".to_owned(),
            _ => format!(
                "Answers hold more than what is indispensable; the list has {columns} columns."
            ),
        };
        return Behaviour::seen("answers", "full", text + &odd);
    }
    let text = "Answers hold only what is indispensable, without the documented Message.";
    Behaviour::seen("answers", "sparse", format!("{text}{odd}"))
}

/// The HTTP status of a refusal that has no flag of its own: that of what is no phone number.
fn business_status(answers: &Answers) -> Behaviour {
    let malformed: &Asked<LookupData> = &answers.malformed;
    match malformed {
        Some(Err(error)) if answers_the_question(error, answers) => http_status(
            "business-status",
            "The refusal of what is no phone number",
            error,
        ),
        Some(Ok(_)) => Behaviour::unseen(
            "business-status",
            "The lookup of what is no phone number is not refused.",
        ),
        _ => Behaviour::unseen("business-status", "The lookup could not be asked."),
    }
}

#[cfg(test)]
mod tests;
