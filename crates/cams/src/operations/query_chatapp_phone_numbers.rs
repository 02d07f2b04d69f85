//! `QueryChatappPhoneNumbers`: all numbers of a space, in one answer.
//!
//! Page "QueryChatappPhoneNumbers" of the CAMS API reference.

use std::num::NonZeroU32;

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields::{self, Rows};

use crate::api::{CAMS, TEN_A_SECOND};

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

/// A row of the list. Both fields are text whose values the service may extend at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedNumber {
    /// Country code and number.
    #[serde(deserialize_with = "fields::text")]
    pub phone_number: Option<String>,
    /// The status, such as `CONNECTED`.
    #[serde(deserialize_with = "fields::text")]
    pub status: Option<String>,
}

impl Operation for QueryChatappPhoneNumbers {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "QueryChatappPhoneNumbers";
    const READS: bool = true;
    const CALLS_PER_SECOND: NonZeroU32 = TEN_A_SECOND;
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
    fn an_odd_row_is_left_out_and_numbers_are_taken_as_text() {
        let list = r#"{"PhoneNumbers":["x",{"PhoneNumber":861,"Status":"PENDING"},7]}"#;
        assert_eq!(rows(list), Some((vec![row("861", "PENDING")], false)));
        let list = r#"{"PhoneNumbers":[{"PhoneNumber":"861","Status":"None"}]}"#;
        assert_eq!(rows(list), Some((vec![(Some("861".into()), None)], true)));
    }
}
