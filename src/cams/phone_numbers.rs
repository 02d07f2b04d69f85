//! Operations that look at numbers.

use serde::Deserialize;

use crate::openapi::Body;
use crate::openapi::lenient::{Elements, text_field};

use super::phone::PhoneNumber;
use super::{Call, Client, Error, Operation};

/// A row of a space's list. Both fields are text whose values the service may extend at any time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedNumber {
    /// Country code and number.
    #[serde(deserialize_with = "text_field")]
    pub phone_number: Option<String>,
    /// Such as `CONNECTED`.
    #[serde(deserialize_with = "text_field")]
    pub status: Option<String>,
}

/// What the lookup of one number says. Nothing in it is promised for a number that the space does not have.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Verification {
    /// The number's id at Meta.
    #[serde(deserialize_with = "text_field")]
    pub id: Option<String>,
    /// Country code and number.
    #[serde(deserialize_with = "text_field")]
    pub phone_number: Option<String>,
    /// Such as `VERIFIED`.
    #[serde(deserialize_with = "text_field")]
    pub code_verification_status: Option<String>,
}

/// The rows of a space's list that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberRows {
    /// The rows, in the order of the answer.
    pub rows: Vec<ListedNumber>,
    /// Whether the answer had a list at all, and every row of it is in `rows`.
    pub complete: bool,
}

impl Client {
    /// `QueryChatappPhoneNumbers`: all numbers of a space, in one answer.
    pub async fn query_chatapp_phone_numbers(
        &self,
        call: &Call,
        cust_space_id: &str,
    ) -> Result<NumberRows, Error> {
        let operation = Operation::QUERY_CHATAPP_PHONE_NUMBERS;
        let body = self
            .send(call, operation, &[("CustSpaceId", cust_space_id)], "")
            .await?;
        listed(&body).ok_or_else(|| Self::incomplete(operation, &body))
    }

    /// `GetPhoneNumberVerificationStatus`: one number.
    ///
    /// Its documentation says that it is for numbers of the account. How it reports a number that the account lacks is
    /// not documented: as an error, perhaps one of kind [`ErrorKind::NotFound`](super::ErrorKind::NotFound), or as a
    /// success with an id that is empty or missing.
    pub async fn get_phone_number_verification_status(
        &self,
        call: &Call,
        cust_space_id: &str,
        number: &PhoneNumber,
    ) -> Result<Verification, Error> {
        let operation = Operation::GET_PHONE_NUMBER_VERIFICATION_STATUS;
        let phone_number = number.to_string();
        let parameters = [
            ("CustSpaceId", cust_space_id),
            ("PhoneNumber", phone_number.as_str()),
        ];
        let body = self
            .send(call, operation, &parameters, &number.masked())
            .await?;
        Ok(verification(&body))
    }
}

/// The text, unless it is empty.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn verification(body: &Body) -> Verification {
    let data: Option<Verification> = body.object("Data");
    let data = data.unwrap_or_default();
    Verification {
        id: meta_id(data.id),
        ..data
    }
}

/// The rows of a list. A space without numbers may be listed as an empty array, as null, or not at
/// all; only the first proves that it has none. A row that cannot be read is left out.
fn listed(body: &Body) -> Option<NumberRows> {
    let rows: Option<Elements<ListedNumber>> = body.field("PhoneNumbers").ok()?;
    let Some(Elements { readable, complete }) = rows else {
        return Some(NumberRows::default());
    };
    Some(NumberRows {
        rows: readable,
        complete,
    })
}

/// An id as Meta gives them: digits. A zero, a word such as `null`, or anything else is none.
pub(super) fn meta_id(text: Option<String>) -> Option<String> {
    let text = text?;
    let id = text.trim();
    let is_id = id.bytes().all(|byte| byte.is_ascii_digit()) && id.bytes().any(|byte| byte != b'0');
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (Option<String>, Option<String>);

    /// The rows, and whether the list is complete.
    fn rows(body: &str) -> Option<(Vec<Row>, bool)> {
        let list = listed(&body.parse().expect("an object"))?;
        let fields = list
            .rows
            .into_iter()
            .map(|row| (row.phone_number, row.status));
        Some((fields.collect(), list.complete))
    }

    fn row(phone_number: &str, status: &str) -> (Option<String>, Option<String>) {
        (Some(phone_number.to_owned()), Some(status.to_owned()))
    }

    #[test]
    fn a_list_may_be_missing_but_not_of_another_type() {
        let two = r#"{"PhoneNumbers":[{"PhoneNumber":"861","Status":"CONNECTED","New":{}},{}]}"#;
        let expected = vec![row("861", "CONNECTED"), (None, None)];
        assert_eq!(rows(two), Some((expected, true)));
        assert_eq!(rows(r#"{"PhoneNumbers":[]}"#), Some((Vec::new(), true)));
        assert_eq!(rows("{}"), Some((Vec::new(), false)));
        assert_eq!(rows(r#"{"PhoneNumbers":null}"#), Some((Vec::new(), false)));
        assert_eq!(rows(r#"{"PhoneNumbers":"none"}"#), None);
    }

    #[test]
    fn an_odd_row_is_left_out_and_numbers_are_taken_as_text() {
        let list = r#"{"PhoneNumbers":["x",{"PhoneNumber":861,"Status":"PENDING"},7]}"#;
        assert_eq!(rows(list), Some((vec![row("861", "PENDING")], false)));
    }

    #[test]
    fn a_lookup_without_an_id_knows_no_number() {
        for (data, id) in [
            (r#"{"Id":"7","PhoneNumber":"861"}"#, Some("7")),
            (r#"{"Id":7}"#, Some("7")),
            (r#"{"Id":" 7 "}"#, Some("7")),
            (r#"{"Id":""}"#, None),
            (r#"{"Id":0}"#, None),
            (r#"{"Id":-1}"#, None),
            (r#"{"Id":"null"}"#, None),
            (r#"{"CodeVerificationStatus":"NOT_VERIFIED"}"#, None),
            ("{}", None),
            ("null", None),
            (r#"["odd"]"#, None),
        ] {
            let body = format!(r#"{{"Data":{data}}}"#);
            let found = verification(&body.parse().expect("an object"));
            assert_eq!(found.id.as_deref(), id, "{data}");
        }
    }
}
