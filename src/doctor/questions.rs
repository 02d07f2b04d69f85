//! What the documentation of CAMS leaves open and reading can show, in words. They hold nothing
//! personal: a word of the service is in them only as `names` lets it pass.

use std::collections::BTreeSet;

use cams::phone::PhoneNumber;
use cams::{Error, ErrorKind};
use serde_json::Value;

use super::answers::{Permission, Probe, has_id, text};
use super::observe::Observations;

/// How many different words a sentence holds at most.
const MOST_WORDS: usize = 4;

/// The fields that hold ids and phone numbers.
const IDS: [&str; 3] = ["BusinessId", "Id", "PhoneNumber"];

/// A question that the documentation leaves open: its key in the JSON, which never changes, what is
/// asked, for people, and what was observed, if anything was.
pub(crate) type OpenQuestion = (&'static str, &'static str, Option<String>);

/// All questions, with what was observed of them.
pub(crate) fn open_questions(observations: &Observations) -> [OpenQuestion; 5] {
    [
        (
            "missing_number",
            "How the lookup reports a number that the space does not have",
            missing_number(observations),
        ),
        (
            "migrating_number",
            "How the list shows a number that is migrating",
            migrating_number(observations),
        ),
        (
            "number_form",
            "Form of numbers of Mexico, Argentina and Brazil in the list",
            number_form(observations),
        ),
        (
            "ids",
            "How ids and phone numbers are written",
            ids(observations),
        ),
        (
            "empty_field",
            "Content of a field without a value",
            empty_field(observations),
        ),
    ]
}

fn missing_number(observations: &Observations) -> Option<String> {
    let body = match observations.answers.to(Probe::MissingNumber)? {
        Ok(body) => body,
        Err(error) => return refusal(error, observations),
    };
    let data = match body.get("Data") {
        None => "without Data",
        Some(Value::Null) => "with null as Data",
        Some(Value::Object(data)) if data.is_empty() => "with an empty Data",
        Some(Value::Object(_)) if has_id(body) => {
            "with an id, although no space can have the number"
        }
        Some(Value::Object(_)) => "with Data but without an id",
        Some(_) => "with a Data that is no object",
    };
    Some(format!("it succeeds {data}"))
}

/// The refusal of a missing number, if it is about the number: RAM, the subscription and the space
/// have let it pass.
fn refusal(error: &Error, observations: &Observations) -> Option<String> {
    let permission = observations.answers.permission(error.action);
    let about_the_number = error.refuses_request() || error.kind == ErrorKind::AccessDenied;
    let is_foreign = error.kind == ErrorKind::ResourceOwner;
    if permission != Permission::Granted || !about_the_number || is_foreign {
        return None;
    }
    let code = observations.names.of(error.code.as_deref()?);
    let code = code.map_or("a code that is no name".to_owned(), |code| {
        format!("code {code}")
    });
    let status = error.http_status.unwrap_or_default();
    let proof = match error.kind {
        ErrorKind::NotFound => "takes",
        _ => "does not take",
    };
    Some(format!(
        "it refuses the lookup with {code} and HTTP status {status}, which the provider {proof} as \
         proof that the number does not exist"
    ))
}

/// How the list shows the number of `--number`.
fn migrating_number(observations: &Observations) -> Option<String> {
    let number = observations.number.as_ref()?;
    let rows = observations.answers.rows()?.iter();
    let own = rows.filter(|row| {
        let listed = text(row, "PhoneNumber").unwrap_or_default();
        number.matches(listed.trim_start_matches('+'))
    });
    let statuses: Vec<_> = own.map(|row| text(row, "Status")).collect();
    let named = statuses.iter().map(|status| match status {
        Some(status) => observations.names.of(status).unwrap_or("another status"),
        None => "a number without a status",
    });
    if let Some(named) = in_words(named) {
        return Some(format!("as {named}"));
    }
    // The lookup proves that the space has the number.
    let known = observations.answers.body(Probe::OwnNumber);
    let is_known = known.is_some_and(has_id);
    is_known.then(|| "not at all, although the lookup knows it".to_owned())
}

/// In which of its two forms the list writes a number that has two.
fn number_form(observations: &Observations) -> Option<String> {
    let numbers = observations.answers.rows()?.iter().filter_map(|row| {
        let number = text(row, "PhoneNumber")?;
        let number = PhoneNumber::parse_international(number.trim_start_matches('+')).ok()?;
        number.other_form().is_some().then_some(number)
    });
    in_words(numbers.map(|number| match number == number.canonical() {
        true => "as it is dialled",
        false => "in WhatsApp's form",
    }))
}

/// Whether ids and phone numbers are JSON strings or numbers.
fn ids(observations: &Observations) -> Option<String> {
    let answers = &observations.answers;
    let data = answers.bodies().filter_map(|body| body.get("Data"));
    let objects = data.chain(answers.rows().unwrap_or_default());
    let fields = objects.flat_map(|object| IDS.map(|id| text(object, id).and(object.get(id))));
    in_words(fields.flatten().map(|field| match field.is_string() {
        true => "as JSON strings",
        false => "as JSON numbers",
    }))
}

/// What stands in the place of a detail about a denied access.
fn empty_field(observations: &Observations) -> Option<String> {
    let bodies = observations.answers.bodies();
    let fields = bodies.filter_map(|body| body.get("AccessDeniedDetail"));
    in_words(fields.filter_map(|field| match field {
        Value::Null => Some("null"),
        Value::String(text) if text.is_empty() => Some("an empty string"),
        Value::String(text) if text == "None" => Some("the string None"),
        _ => None,
    }))
}

/// The first few of the different words, if there are any.
fn in_words<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: BTreeSet<&str> = words.collect();
    let some: Vec<&str> = words.into_iter().take(MOST_WORDS).collect();
    (!some.is_empty()).then(|| some.join(" and "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::answers::tests::{answered, refused};
    use super::super::answers::{Answers, Body};
    use super::*;

    /// What was observed of a question.
    fn seen(
        key: &str,
        answers: Vec<(Probe, Result<Body, Error>)>,
        number: Option<&str>,
    ) -> Option<String> {
        let observations = Observations {
            answers: Answers(answers),
            number: number.and_then(|number| PhoneNumber::parse_international(number).ok()),
            ..Observations::default()
        };
        let mut questions = open_questions(&observations).into_iter();
        let question = questions.find(|(question, ..)| *question == key);
        question.expect("a known key").2
    }

    fn list(rows: &Value) -> (Probe, Result<Body, Error>) {
        (Probe::Numbers, answered(json!({ "PhoneNumbers": rows })))
    }

    #[test]
    fn every_answer_about_a_missing_number_is_told_from_the_others() {
        for (body, expected) in [
            (json!({}), "without Data"),
            (json!({ "Data": null }), "null as Data"),
            (json!({ "Data": {} }), "an empty Data"),
            (json!({ "Data": "x" }), "no object"),
            (json!({ "Data": { "Id": "" } }), "without an id"),
            (json!({ "Data": { "Id": 7 } }), "although no space"),
        ] {
            let answers = vec![(Probe::MissingNumber, answered(body.clone()))];
            let seen = seen("missing_number", answers, None).expect("an observation");
            assert!(seen.contains(expected), "{body}: {seen}");
        }
    }

    #[test]
    fn a_refusal_is_about_the_number_only_once_ram_has_let_it_pass() {
        let lookup = |kind, code| {
            let mut refused = refused(kind, code);
            if let Err(error) = &mut refused {
                error.action = "GetPhoneNumberVerificationStatus";
            }
            (Probe::MissingNumber, refused)
        };
        let known = || (Probe::OwnNumber, answered(json!({ "Data": { "Id": 7 } })));
        for (answers, expected) in [
            (
                vec![lookup(ErrorKind::NotFound, "PhoneNumber.NotExist")],
                Some("code PhoneNumber.NotExist and HTTP status 400, which the provider takes"),
            ),
            (
                vec![lookup(ErrorKind::Other, "Odd"), known()],
                Some("does not take as proof"),
            ),
            (
                vec![lookup(ErrorKind::AccessDenied, "Forbidden.Odd"), known()],
                Some("code Forbidden.Odd"),
            ),
            (
                vec![lookup(ErrorKind::Other, "Of.8613900001234")],
                Some("a code that is no name"),
            ),
            (vec![lookup(ErrorKind::AccessDenied, "Forbidden.Odd")], None),
            (vec![lookup(ErrorKind::NotSubscribed, "Product.X")], None),
            (vec![lookup(ErrorKind::ResourceOwner, "Owner.X")], None),
            (vec![], None),
        ] {
            let seen = seen("missing_number", answers, None);
            match (&seen, expected) {
                (Some(seen), Some(expected)) => assert!(seen.contains(expected), "{seen}"),
                (seen, expected) => assert_eq!(seen.as_deref(), expected),
            }
        }
    }

    #[test]
    fn only_a_number_that_is_known_to_migrate_shows_how_such_numbers_are_listed() {
        let rows = |status| list(&json!([{ "PhoneNumber": "+8613900001234", "Status": status }]));
        let known = || (Probe::OwnNumber, answered(json!({ "Data": { "Id": 7 } })));
        let number = Some("8613900001234");
        let key = "migrating_number";
        assert_eq!(seen(key, vec![rows("PENDING")], None), None);
        let pending = seen(key, vec![rows("PENDING")], number);
        assert_eq!(pending.as_deref(), Some("as PENDING"));
        let odd = seen(key, vec![rows("of 8613900001234")], number);
        assert_eq!(odd.as_deref(), Some("as another status"));
        let bare = list(&json!([{ "PhoneNumber": 8613900001234_u64 }]));
        let bare = seen(key, vec![bare], number);
        assert_eq!(bare.as_deref(), Some("as a number without a status"));
        assert_eq!(seen(key, vec![list(&json!([]))], number), None);
        let absent = seen(key, vec![list(&json!([])), known()], number).expect("an observation");
        assert!(absent.starts_with("not at all"), "{absent}");
    }

    #[test]
    fn forms_and_types_are_observed_wherever_they_are() {
        for (key, body, expected) in [
            (
                "ids",
                json!([{ "PhoneNumber": "861" }]),
                Some("as JSON strings"),
            ),
            (
                "ids",
                json!([{ "PhoneNumber": 861 }]),
                Some("as JSON numbers"),
            ),
            (
                "ids",
                json!(["odd", { "PhoneNumber": 861 }, { "PhoneNumber": "862" }]),
                Some("as JSON numbers and as JSON strings"),
            ),
            ("ids", json!([{ "PhoneNumber": "None" }]), None),
            (
                "number_form",
                json!([{ "PhoneNumber": "525512345678" }]),
                Some("as it is dialled"),
            ),
            (
                "number_form",
                json!([{ "PhoneNumber": "5215512345678" }]),
                Some("in WhatsApp's form"),
            ),
            (
                "number_form",
                json!([{ "PhoneNumber": "8613900001234" }]),
                None,
            ),
        ] {
            let seen = seen(key, vec![list(&body)], None);
            assert_eq!(seen.as_deref(), expected, "{body}");
        }
        for (written, expected) in [
            (Value::Null, Some("null")),
            (json!(""), Some("an empty string")),
            (json!("None"), Some("the string None")),
            (json!("of 8613900001234"), None),
        ] {
            let body = answered(json!({ "AccessDeniedDetail": written }));
            let seen = seen("empty_field", vec![(Probe::OpenStatus, body)], None);
            assert_eq!(seen.as_deref(), expected);
        }
    }
}
