//! `CreateChatappMigrationInitiate`: starts moving a number into a space.
//!
//! Page "CreateChatappMigrationInitiate" of the CAMS API reference. There is no idempotency token,
//! so an error that [may have had an
//! effect](alibaba_cloud::client::Error::may_have_had_effect) leaves open whether the migration has
//! started.

use std::num::NonZeroU32;

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields;

use crate::api::{CAMS, TEN_A_SECOND};
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct CreateChatappMigrationInitiate {
    /// The space that the number moves into.
    pub cust_space_id: String,
    /// The number.
    pub number: PhoneNumber,
}

/// A migration that has started, with what the answer says of the number.
///
/// The documentation promises all fields of `Data`. The migration has started without them too:
/// `Code: OK` says so, and nothing else does. A `Data` that is about another number is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Migration {
    /// The number, as far as the answer describes it.
    #[serde(deserialize_with = "fields::object")]
    pub data: Started,
    /// The id of the request that started the migration.
    #[serde(deserialize_with = "fields::text")]
    pub request_id: Option<String>,
    /// Whether `Data` was about another number.
    #[serde(skip)]
    pub names_another: bool,
}

/// `Data` of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Started {
    /// The number's id at Meta.
    #[serde(deserialize_with = "fields::digits")]
    pub id: Option<String>,
    /// The status, for which only `MIGRATING` is documented.
    #[serde(deserialize_with = "fields::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "fields::raw_text")]
    phone_number: Option<String>,
}

impl Operation for CreateChatappMigrationInitiate {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "CreateChatappMigrationInitiate";
    const READS: bool = false;
    const CALLS_PER_SECOND: NonZeroU32 = TEN_A_SECOND;

    type Answer = Migration;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CountryCode", self.number.country_code().to_string()),
            ("CustSpaceId", self.cust_space_id.clone()),
            ("MobileNumber", self.number.mobile_number().to_owned()),
        ]
    }

    fn subject(&self) -> String {
        self.number.masked()
    }

    fn check(&self, answer: &mut Migration) -> Result<(), &'static str> {
        let named = answer.data.phone_number.take();
        if named.is_some_and(|named| !self.number.can_be_named(&named)) {
            answer.data = Started::default();
            answer.names_another = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    fn answered(json: &str) -> Migration {
        let call = CreateChatappMigrationInitiate {
            cust_space_id: "cams-1".into(),
            number: PhoneNumber::parse("86", "13900001234").expect("a number"),
        };
        answer(&call, json).expect("every answer will do")
    }

    #[test]
    fn every_field_of_a_whole_answer_is_read_as_text_or_number() {
        for data in [
            r#"{"Id":"1","PhoneNumber":"8613900001234","Status":"MIGRATING","New":[]}"#,
            r#"{"Id":1,"PhoneNumber":8613900001234,"Status":"MIGRATING"}"#,
        ] {
            let migration = answered(&format!(r#"{{"RequestId":"R","Data":{data}}}"#));
            assert_eq!(migration.data.id.as_deref(), Some("1"), "{data}");
            let status = migration.data.status.as_deref();
            assert_eq!(status, Some("MIGRATING"), "{data}");
            assert_eq!(migration.request_id.as_deref(), Some("R"), "{data}");
        }
    }

    #[test]
    fn a_success_without_its_data_is_a_migration_all_the_same() {
        for body in [
            "{}",
            r#"{"Data":null}"#,
            r#"{"Data":"x"}"#,
            r#"{"Data":[]}"#,
            r#"{"Data":{"Id":"","PhoneNumber":null,"Status":{}}}"#,
            r#"{"Data":{"Id":"None","PhoneNumber":"None","Status":"None"}}"#,
        ] {
            assert_eq!(answered(body), Migration::default(), "{body}");
        }
    }

    #[test]
    fn data_about_another_number_is_left_out() {
        let data = r#"{"Id":"1","PhoneNumber":"8613900009999","Status":"BANNED"}"#;
        let migration = answered(&format!(r#"{{"RequestId":"R","Data":{data}}}"#));
        let expected = Migration {
            request_id: Some("R".to_owned()),
            names_another: true,
            ..Migration::default()
        };
        assert_eq!(migration, expected);
    }
}
