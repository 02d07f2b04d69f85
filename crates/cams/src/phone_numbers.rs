//! Operations that look at numbers.

use serde::de::IgnoredAny;

use alibaba_cloud::openapi::{Body, Row, Share};

use super::phone::PhoneNumber;
use super::{Call, Client, Error, Operation};

/// A row of a space's list. Both fields are text whose values the service may extend at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedNumber {
    /// Country code and number.
    pub phone_number: Option<String>,
    /// The status, such as `CONNECTED`.
    pub status: Option<String>,
}

/// What the lookup of one number says. Nothing in it is promised for a number that the space does
/// not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// The number's id at Meta.
    pub id: Option<String>,
    /// The status of the code, such as `VERIFIED`.
    pub code_verification_status: Option<String>,
}

/// The rows of a space's list that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberRows {
    /// The rows, in the order of the answer.
    pub rows: Vec<ListedNumber>,
    /// Whether the answer had a list at all, and every row of it is in `rows`.
    pub complete: bool,
    /// The memory that is accounted for the rows.
    pub share: Share,
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
    /// Its documentation says that it is for numbers of the account. How it reports a number that
    /// the account lacks is not documented: as an error, perhaps one of kind
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound), or as a success with an id that is
    /// empty or missing. An answer about another number is an error: it says nothing of this one.
    /// The number is asked for in the form in which it is given.
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
        let data = data(&body);
        if is_of_another(&data, number) {
            return Err(Error {
                message: "the service reported success with data about another phone number"
                    .to_owned(),
                ..Self::incomplete(operation, &body)
            });
        }
        Ok(verification(&data))
    }
}

fn data(body: &Body) -> Body {
    let data = body.object("Data", &["CodeVerificationStatus", "Id", "PhoneNumber"]);
    data.unwrap_or_default()
}

/// Whether this `Data` is about another number, so that it says nothing of ours.
pub(super) fn is_of_another(data: &Body, number: &PhoneNumber) -> bool {
    data.judge("PhoneNumber", |named| number.can_be_named(named)) == Some(false)
}

fn verification(data: &Body) -> Verification {
    Verification {
        // An id as Meta gives them has digits alone.
        id: data.digits("Id"),
        code_verification_status: data.text(&["CodeVerificationStatus"]),
    }
}

/// The rows of a list. A space without numbers may be listed as an empty array, as null, or not at
/// all; only the first proves that it has none. A row that cannot be read is left out.
fn listed(body: &Body) -> Option<NumberRows> {
    if body.is_absent("PhoneNumbers") {
        return Some(NumberRows::default());
    }
    // The rows were cut out of the list while it arrived: what is left of it is empty.
    let _: Option<Vec<IgnoredAny>> = body.field("PhoneNumbers").ok()?;
    let rows = body.rows();
    let listed = |[phone_number, status]: &Row| ListedNumber {
        phone_number: phone_number.clone(),
        status: status.clone(),
    };
    Some(NumberRows {
        rows: rows.iter().map(listed).collect(),
        complete: rows.are_complete(),
        share: rows.share().clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::operation::NUMBERS;
    use super::*;

    type Columns = (Option<String>, Option<String>);

    /// The rows, and whether the list is complete.
    fn rows(body: &str) -> Option<(Vec<Columns>, bool)> {
        let list = listed(&Body::with_list(body, NUMBERS).expect("an object"))?;
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
        let expected = vec![row("861", "CONNECTED")];
        assert_eq!(rows(two), Some((expected, false)));
        assert_eq!(rows(r#"{"PhoneNumbers":[]}"#), Some((Vec::new(), true)));
        assert_eq!(rows("{}"), Some((Vec::new(), false)));
        assert_eq!(rows(r#"{"PhoneNumbers":null}"#), Some((Vec::new(), false)));
        // Of several lists the last one counts, and it may be none.
        let none = r#"{"PhoneNumbers":[{"PhoneNumber":"861"}],"PhoneNumbers":null}"#;
        assert_eq!(rows(none), Some((Vec::new(), false)));
        let second = r#"{"PhoneNumbers":["odd"],"PhoneNumbers":[]}"#;
        assert_eq!(rows(second), Some((Vec::new(), true)));
        for absent in [r#"{"PhoneNumbers":""}"#, r#"{"PhoneNumbers":"None"}"#] {
            assert_eq!(rows(absent), Some((Vec::new(), false)), "{absent}");
        }
        assert_eq!(rows(r#"{"PhoneNumbers":"odd"}"#), None);
    }

    #[test]
    fn an_odd_row_is_left_out_and_numbers_are_taken_as_text() {
        let list = r#"{"PhoneNumbers":["x",{"PhoneNumber":861,"Status":"PENDING"},7]}"#;
        assert_eq!(rows(list), Some((vec![row("861", "PENDING")], false)));
        // Where there is nothing, "None" may stand; and no control character spoils the list.
        let list = r#"{"PhoneNumbers":[{"PhoneNumber":"861","Status":"None"}]}"#;
        assert_eq!(rows(list), Some((vec![(Some("861".into()), None)], true)));
        let list = "{\"PhoneNumbers\":[{\"PhoneNumber\":\"861\",\"Status\":\"A\u{1b}B\"}]}";
        assert_eq!(rows(list), Some((vec![row("861", "A B")], true)));
    }

    #[test]
    fn a_lookup_without_an_id_knows_no_number() {
        for (written, id) in [
            (r#"{"Id":"7","PhoneNumber":"861"}"#, Some("7")),
            (r#"{"Id":7}"#, Some("7")),
            (r#"{"Id":" 7 "}"#, Some("7")),
            (r#"{"Id":""}"#, None),
            (r#"{"Id":0}"#, None),
            (r#"{"Id":-1}"#, None),
            (r#"{"Id":"null"}"#, None),
            (r#"{"Id":"None","PhoneNumber":"None"}"#, None),
            (r#"{"CodeVerificationStatus":"NOT_VERIFIED"}"#, None),
            ("{}", None),
            ("null", None),
            (r#"["odd"]"#, None),
        ] {
            let body = format!(r#"{{"Data":{written}}}"#);
            let found = verification(&data(&body.parse().expect("an object")));
            assert_eq!(found.id.as_deref(), id, "{written}");
        }
    }
}
