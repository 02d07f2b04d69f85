//! `CreateChatappMigrationInitiate`: starts moving a number into a space.
//!
//! Page "CreateChatappMigrationInitiate" of the CAMS API reference. There is no idempotency token,
//! so an error that [may have had an
//! effect](alibaba_cloud::client::Error::may_have_had_effect) leaves open whether the migration has
//! started.

use alibaba_cloud::client::{Api, Operation};

use super::Migration;
use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct CreateChatappMigrationInitiate {
    /// The space that the number moves into.
    pub cust_space_id: String,
    /// The number.
    pub number: PhoneNumber,
}

impl Operation for CreateChatappMigrationInitiate {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "CreateChatappMigrationInitiate";
    const READS: bool = false;

    type Answer = Migration;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CountryCode", self.number.country_code().to_owned()),
            ("CustSpaceId", self.cust_space_id.clone()),
            ("MobileNumber", self.number.mobile_number().to_owned()),
        ]
    }

    fn subject(&self) -> String {
        self.number.masked()
    }

    fn check(&self, answer: &mut Migration) -> Result<(), &'static str> {
        answer.compare(&self.number);
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
