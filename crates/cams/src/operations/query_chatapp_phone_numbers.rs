//! `QueryChatappPhoneNumbers`: all numbers of a space, in one answer.
//!
//! Page "QueryChatappPhoneNumbers" of the CAMS API reference.

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields::{self, Rows};

use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct QueryChatappPhoneNumbers {
    /// The space.
    pub cust_space_id: String,
}

/// The answer. A space without numbers may be listed as an empty array, as null, or not at all;
/// only the first proves that it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PhoneNumbers {
    /// The rows that could be read.
    pub phone_numbers: Rows<ListedNumber>,
}

/// A row of the list. The service may leave out each field, and extend its values at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedNumber {
    /// Country code and number.
    #[serde(deserialize_with = "fields::text")]
    pub phone_number: Option<String>,
    /// The status, such as `CONNECTED`.
    #[serde(deserialize_with = "fields::text")]
    pub status: Option<String>,
    /// The display name.
    #[serde(deserialize_with = "fields::text")]
    pub verified_name: Option<String>,
    /// Whether somebody proved to have the phone, such as `VERIFIED`. It means nothing once the number
    /// is connected: the proof then lapses.
    #[serde(deserialize_with = "fields::text")]
    pub code_verification_status: Option<String>,
    /// The state of the review of the display name, such as `Approval`.
    #[serde(deserialize_with = "fields::text")]
    pub name_status: Option<String>,
    /// The same for a display name that is to replace it.
    #[serde(deserialize_with = "fields::text")]
    pub new_name_status: Option<String>,
    /// The quality, such as `GREEN`.
    #[serde(deserialize_with = "fields::text")]
    pub quality_rating: Option<String>,
    /// How many customers the number may write to, such as `TIER_1K`.
    #[serde(deserialize_with = "fields::text")]
    pub messaging_limit_tier: Option<String>,
    /// Whether it is an official business account: `Y` or `N`.
    #[serde(deserialize_with = "fields::text")]
    pub is_official: Option<String>,
    /// The URL for messages from customers. Its query may have a secret.
    #[serde(deserialize_with = "fields::text")]
    pub up_callback_url: Option<String>,
    /// The URL for the statuses of messages. Its query may have a secret.
    #[serde(deserialize_with = "fields::text")]
    pub status_callback_url: Option<String>,
    /// The queue for messages from customers.
    #[serde(deserialize_with = "fields::text")]
    pub up_queue: Option<String>,
    /// The queue for the statuses of messages.
    #[serde(deserialize_with = "fields::text")]
    pub status_queue: Option<String>,
}

impl ListedNumber {
    /// The number in the form in which the list writes it; `None` if it cannot be read.
    pub fn number(&self) -> Option<PhoneNumber> {
        PhoneNumber::parse_international(&self.digits()?).ok()
    }

    /// Whether the row shows a number that has left the space: it was deleted, or moved to another
    /// provider. It may be an old row beside one that shows the number in the space.
    pub fn has_left(&self) -> bool {
        let status = self.status.as_deref().unwrap_or_default().trim();
        ["DELETED", "MIGRATED"]
            .iter()
            .any(|left| status.eq_ignore_ascii_case(left))
    }

    /// The digits of the number, however it is written: `+86 139-0000-1234`, `008613900001234`, or
    /// `8613900001234.0` as some languages write a JSON number. `None` if there is something else
    /// in it.
    pub(crate) fn digits(&self) -> Option<String> {
        let written = self.phone_number.as_deref()?;
        let whole = written.strip_suffix(".0").unwrap_or(written);
        let separator = |c: char| c.is_whitespace() || matches!(c, '+' | '-' | '.' | '(' | ')');
        let digits: String = whole.chars().filter(|c| !separator(*c)).collect();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // Two zeros are the prefix of an international call; no country code begins with a zero.
        is_number.then(|| digits.trim_start_matches("00").to_owned())
    }
}

impl Operation for QueryChatappPhoneNumbers {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "QueryChatappPhoneNumbers";
    const READS: bool = true;
    // A row takes some 500 bytes, and a list may have ten thousand of them and more.
    const MAX_ANSWER: usize = 64 << 20;

    type Answer = PhoneNumbers;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("CustSpaceId", self.cust_space_id.clone())]
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    type Columns = (Option<String>, Option<String>);

    /// The rows, and whether the list is complete.
    fn rows(json: &str) -> Option<(Vec<Columns>, bool)> {
        let call = QueryChatappPhoneNumbers {
            cust_space_id: "cams-1".into(),
        };
        let list = answer(&call, json).ok()?.phone_numbers;
        let rows = list.rows.into_iter();
        let columns = rows.map(|row| (row.phone_number, row.status));
        Some((columns.collect(), list.complete))
    }

    fn row(phone_number: &str, status: &str) -> Columns {
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
    fn every_field_of_a_row_is_read_and_may_be_missing() {
        let call = QueryChatappPhoneNumbers {
            cust_space_id: "cams-1".into(),
        };
        let json = r#"{"PhoneNumbers":[{"PhoneNumber":"861","Status":"A","VerifiedName":"B",
            "CodeVerificationStatus":"C","NameStatus":"D","NewNameStatus":"E","QualityRating":"F",
            "MessagingLimitTier":"G","IsOfficial":"Y","UpCallbackUrl":"https://h/?t=1",
            "StatusCallbackUrl":"I","UpQueue":"J","StatusQueue":"K","CallingConfigure":{"A":1}},
            {"PhoneNumber":"862","NewNameStatus":"","IsOfficial":true,"UpQueue":null}]}"#;
        let text = |text: &str| Some(text.to_owned());
        let whole = ListedNumber {
            phone_number: text("861"),
            status: text("A"),
            verified_name: text("B"),
            code_verification_status: text("C"),
            name_status: text("D"),
            new_name_status: text("E"),
            quality_rating: text("F"),
            messaging_limit_tier: text("G"),
            is_official: text("Y"),
            up_callback_url: text("https://h/?t=1"),
            status_callback_url: text("I"),
            up_queue: text("J"),
            status_queue: text("K"),
        };
        let sparse = ListedNumber {
            phone_number: text("862"),
            ..ListedNumber::default()
        };
        let list = answer(&call, json).expect("a list").phone_numbers;
        assert_eq!(list.rows, [whole, sparse]);
        assert!(list.complete);
    }

    #[test]
    fn a_number_is_read_however_its_row_writes_it() {
        let digits = |written: &str| {
            let row = ListedNumber {
                phone_number: Some(written.to_owned()),
                ..ListedNumber::default()
            };
            row.digits()
        };
        for written in [
            "8613900001234",
            "+86 139-0000-1234",
            "+86 (139) 0000.1234",
            "008613900001234",
            "8613900001234.0",
        ] {
            assert_eq!(
                digits(written).as_deref(),
                Some("8613900001234"),
                "{written}"
            );
        }
        for written in ["", "+", "86139****1234", "8.613900001234e12", "none"] {
            assert_eq!(digits(written), None, "{written}");
        }
    }

    #[test]
    fn an_odd_row_is_left_out_and_numbers_are_taken_as_text() {
        let list = r#"{"PhoneNumbers":["x",{"PhoneNumber":861,"Status":"PENDING"},7]}"#;
        assert_eq!(rows(list), Some((vec![row("861", "PENDING")], false)));
        let list = r#"{"PhoneNumbers":[{"PhoneNumber":"861","Status":"None"}]}"#;
        assert_eq!(rows(list), Some((vec![(Some("861".into()), None)], true)));
    }
}
