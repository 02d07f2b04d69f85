//! What the service is asked, and what its answers mean.

use serde::Serialize;
use serde_json::Value;

use alibaba_cloud::openapi::fields::is_absent;
use cams::operations::{
    GetChatappOpenStatus, GetPhoneNumberVerificationStatus, QueryChatappBindWaba,
    QueryChatappPhoneNumbers,
};
use cams::{Bounds, Client, Error, ErrorKind, Operation, Raw};

/// A question to the service. Each is a call that only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    OpenStatus,
    Waba,
    Numbers,
    /// The lookup of a number that no space can have.
    MissingNumber,
    /// The lookup of a text that is no phone number.
    NoNumber,
    /// The lookup of a number that the list shows, or that the command line names.
    OwnNumber,
}

impl Probe {
    /// All questions, in the order in which they are asked.
    pub(crate) const ALL: &[Self] = &[
        Self::OpenStatus,
        Self::Waba,
        Self::Numbers,
        Self::MissingNumber,
        Self::NoNumber,
        Self::OwnNumber,
    ];

    /// The operation that answers the question.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::OpenStatus => GetChatappOpenStatus::ACTION,
            Self::Waba => QueryChatappBindWaba::ACTION,
            Self::Numbers => QueryChatappPhoneNumbers::ACTION,
            Self::MissingNumber | Self::NoNumber | Self::OwnNumber => {
                GetPhoneNumberVerificationStatus::ACTION
            }
        }
    }

    /// Asks the question with these parameters.
    pub(crate) async fn ask(
        self,
        client: &Client,
        bounds: &Bounds,
        parameters: Vec<(&'static str, String)>,
    ) -> Result<Body, Error> {
        match self {
            Self::OpenStatus => raw::<GetChatappOpenStatus>(client, bounds, parameters).await,
            Self::Waba => raw::<QueryChatappBindWaba>(client, bounds, parameters).await,
            Self::Numbers => raw::<QueryChatappPhoneNumbers>(client, bounds, parameters).await,
            Self::MissingNumber | Self::NoNumber | Self::OwnNumber => {
                raw::<GetPhoneNumberVerificationStatus>(client, bounds, parameters).await
            }
        }
    }
}

async fn raw<O: Operation>(
    client: &Client,
    bounds: &Bounds,
    parameters: Vec<(&'static str, String)>,
) -> Result<Body, Error> {
    let answer = client.call(bounds, &Raw::<O>::new(parameters)).await?;
    Ok(answer.0)
}

/// An answer as the service wrote it.
pub(crate) type Body = Value;

/// The answers to the questions that were asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(pub(crate) Vec<(Probe, Result<Body, Error>)>);

/// Whether RAM lets the caller use an operation.
///
/// One answer that proves the permission is enough: the service has then refused the others for
/// reasons of its own, whatever their codes look like. So the greatest of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Permission {
    /// The operation would change something, so it was not called.
    NotTried,
    /// No question was asked, or it failed before RAM was.
    Unknown,
    Denied,
    Granted,
}

impl Answers {
    /// The outcome of a question, if it was asked.
    pub(crate) fn to(&self, probe: Probe) -> Option<&Result<Body, Error>> {
        let mut answers = self.0.iter();
        answers.find_map(|(asked, outcome)| (*asked == probe).then_some(outcome))
    }

    /// The answer to a question, if it succeeded.
    pub(crate) fn body(&self, probe: Probe) -> Option<&Body> {
        self.to(probe)?.as_ref().ok()
    }

    /// All answers that succeeded.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.0.iter().flat_map(|(_, outcome)| outcome)
    }

    /// The errors, in the order of the questions.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &Error> {
        let answers = self.0.iter();
        answers.filter_map(|(_, outcome)| outcome.as_ref().err())
    }

    /// The first error of a kind.
    pub(crate) fn error(&self, kind: ErrorKind) -> Option<&Error> {
        self.errors().find(|error| error.kind == kind)
    }

    /// Whether any request was made. Without credentials none is.
    pub(crate) fn asked(&self) -> bool {
        let unasked = |error: &Error| error.kind == ErrorKind::CredentialsUnavailable;
        self.bodies().next().is_some() || self.errors().any(|error| !unasked(error))
    }

    /// Whether CAMS answered, even with a refusal. An answer without a code is from something else
    /// on the way.
    pub(crate) fn of_cams(&self) -> bool {
        self.bodies().next().is_some() || self.errors().any(|error| error.code.is_some())
    }

    /// What the answers show of RAM's permission for an operation.
    pub(crate) fn permission(&self, action: &str) -> Permission {
        let answers = |probe: &Probe| probe.action() == action;
        if !Probe::ALL.iter().any(answers) {
            return Permission::NotTried;
        }
        let outcomes = self.0.iter().filter(|(probe, _)| answers(probe));
        let shown = outcomes.map(|(_, outcome)| shown(outcome));
        shown.max().unwrap_or(Permission::Unknown)
    }

    /// Whether the account has activated the product, if that can be known.
    pub(crate) fn subscribed(&self) -> Option<bool> {
        if self.error(ErrorKind::NotSubscribed).is_some() {
            return Some(false);
        }
        let status = self.body(Probe::OpenStatus);
        let open = match status.and_then(|body| body.get("OpenStatus")) {
            Some(Value::Bool(open)) => Some(*open),
            Some(Value::String(text)) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        };
        open.or_else(|| self.body(Probe::Numbers).map(|_| true))
    }

    /// The rows of the space's list, also of a list that is null or left out. `None` if there is no
    /// answer, or something else in the list's place.
    pub(crate) fn rows(&self) -> Option<&[Value]> {
        match self.body(Probe::Numbers)?.get("PhoneNumbers") {
            None | Some(Value::Null) => Some(&[]),
            Some(Value::String(text)) if is_absent(text) => Some(&[]),
            Some(Value::Array(rows)) => Some(rows),
            Some(_) => None,
        }
    }
}

/// Whether the answer of a lookup gives the id of the number.
pub(crate) fn has_id(body: &Body) -> bool {
    let data = body.get("Data");
    data.is_some_and(|data| text(data, "Id").is_some())
}

/// RAM is asked before the service looks at what was asked for. Whether it is asked before the
/// subscription is not documented.
fn shown(outcome: &Result<Body, Error>) -> Permission {
    match outcome {
        Err(error) if error.kind == ErrorKind::AccessDenied => Permission::Denied,
        Err(error) if error.kind != ErrorKind::Incomplete && !error.refuses_request() => {
            Permission::Unknown
        }
        _ => Permission::Granted,
    }
}

/// The text in a field of an object, or the digits of a number. A text that stands for nothing
/// counts as missing.
pub(crate) fn text(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !is_absent(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// An answer with these fields.
    pub(crate) fn answered(fields: Body) -> Result<Body, Error> {
        Ok(fields)
    }

    /// A refusal that nothing can change.
    pub(crate) fn refused(kind: ErrorKind, code: &str) -> Result<Body, Error> {
        let message = "what the service said of number 8613900001234";
        Err(Error {
            code: Some(code.to_owned()),
            request_id: Some("R".to_owned()),
            http_status: Some(400),
            out_of_time: false,
            ..Error::unanswered(kind, "Operation", message)
        })
    }

    #[test]
    fn the_starting_operation_is_never_tried() {
        let permission = Answers::default().permission("CreateChatappMigrationInitiate");
        assert_eq!(permission, Permission::NotTried);
    }

    #[test]
    fn one_answer_that_ram_let_through_proves_the_permission() {
        let denied = || Some(refused(ErrorKind::AccessDenied, "Ram.PermissionDeny"));
        let invalid = || Some(refused(ErrorKind::InvalidParameter, "InvalidParameter.X"));
        let unsubscribed = || Some(refused(ErrorKind::NotSubscribed, "Product.Unsubscript"));
        for (missing, malformed, expected) in [
            (None, None, Permission::Unknown),
            (unsubscribed(), unsubscribed(), Permission::Unknown),
            (denied(), denied(), Permission::Denied),
            (denied(), invalid(), Permission::Granted),
            (invalid(), None, Permission::Granted),
            (Some(answered(json!({}))), None, Permission::Granted),
        ] {
            let missing = missing.map(|outcome| (Probe::MissingNumber, outcome));
            let malformed = malformed.map(|outcome| (Probe::NoNumber, outcome));
            let answers = Answers(missing.into_iter().chain(malformed).collect());
            let permission = answers.permission("GetPhoneNumberVerificationStatus");
            assert_eq!(permission, expected, "{answers:?}");
        }
    }

    #[test]
    fn a_subscription_may_be_told_or_not() {
        for (body, expected) in [
            (json!({ "OpenStatus": true }), Some(true)),
            (json!({ "OpenStatus": "False" }), Some(false)),
            (json!({ "OpenStatus": null }), None),
            (json!({}), None),
        ] {
            let answers = Answers(vec![(Probe::OpenStatus, answered(body.clone()))]);
            assert_eq!(answers.subscribed(), expected, "{body}");
        }
    }

    #[test]
    fn a_list_may_be_left_out_and_nothing_else_stands_in_its_place() {
        for (body, expected) in [
            (json!({ "PhoneNumbers": ["odd", {}] }), Some(2)),
            (json!({ "PhoneNumbers": "None" }), Some(0)),
            (json!({ "PhoneNumbers": null }), Some(0)),
            (json!({}), Some(0)),
            (json!({ "PhoneNumbers": 7 }), None),
        ] {
            let answers = Answers(vec![(Probe::Numbers, answered(body.clone()))]);
            assert_eq!(answers.rows().map(<[Value]>::len), expected, "{body}");
        }
    }

    #[test]
    fn an_id_is_a_text_or_a_number_that_stands_for_something() {
        for (data, expected) in [
            (json!({ "Id": "7" }), true),
            (json!({ "Id": 7 }), true),
            (json!({ "Id": "None" }), false),
            (json!({ "PhoneNumber": "861" }), false),
            (json!("x"), false),
            (Value::Null, false),
        ] {
            let answer = answered(json!({ "Data": data })).expect("an answer");
            assert_eq!(has_id(&answer), expected, "{data}");
        }
    }
}
