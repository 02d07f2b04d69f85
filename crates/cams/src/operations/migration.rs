//! The answer that three steps of a migration have in common.

use serde::Deserialize;

use alibaba_cloud::openapi::fields;

use crate::phone::PhoneNumber;

/// The answer to `CreateChatappMigrationInitiate`, `GetMigrationVerifyCode` or
/// `ChatappMigrationVerified`.
///
/// The documentation promises all fields of `Data`. The step has succeeded without them too:
/// `Code: OK` says so, and nothing else does. A `Data` that is about another number is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Migration {
    /// The number, as far as the answer describes it.
    #[serde(deserialize_with = "fields::object")]
    pub data: MigrationData,
    /// The id of the request.
    #[serde(deserialize_with = "fields::text")]
    pub request_id: Option<String>,
    /// Whether `Data` was about another number.
    #[serde(skip)]
    pub names_another: bool,
}

/// `Data` of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MigrationData {
    /// The number's id at Meta.
    #[serde(deserialize_with = "fields::digits")]
    pub id: Option<String>,
    /// The status, for which only `MIGRATING` is documented. Only the start of a migration has it.
    #[serde(deserialize_with = "fields::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "fields::raw_text")]
    phone_number: Option<String>,
}

impl Migration {
    /// Leaves `Data` out if it is about another number than this one.
    pub(crate) fn compare(&mut self, number: &PhoneNumber) {
        let named = self.data.phone_number.take();
        if named.is_some_and(|named| !number.can_be_named(&named)) {
            self.data = MigrationData::default();
            self.names_another = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use base::secret::Secret;

    use super::super::{
        ChatappMigrationVerified, GetMigrationVerifyCode, VerifyCodeMethod, answer,
    };
    use super::*;

    #[test]
    fn a_code_that_was_sent_or_taken_needs_no_data() {
        let number = PhoneNumber::parse("86", "13900001234").expect("a number");
        let send = GetMigrationVerifyCode {
            cust_space_id: "cams-1".into(),
            number: number.clone(),
            method: VerifyCodeMethod::Voice,
            locale: "en_US".into(),
        };
        let submit = ChatappMigrationVerified {
            cust_space_id: "cams-1".into(),
            number,
            verify_code: Secret::new("482913"),
        };
        for (data, id, names_another) in [
            (
                r#"{"Id":"7","PhoneNumber":"8613900001234","New":1}"#,
                Some("7"),
                false,
            ),
            (r#"{"Id":7,"PhoneNumber":null}"#, Some("7"), false),
            (r#"{"Id":"None"}"#, None, false),
            (r#"["odd"]"#, None, false),
            ("null", None, false),
            (r#"{"Id":"7","PhoneNumber":"8613900009999"}"#, None, true),
        ] {
            let json = format!(r#"{{"RequestId":"R","Data":{data}}}"#);
            for read in [answer(&send, &json), answer(&submit, &json)] {
                let read = read.expect("every answer will do");
                assert_eq!(read.data.id.as_deref(), id, "{data}");
                assert_eq!(read.names_another, names_another, "{data}");
                assert_eq!(read.request_id.as_deref(), Some("R"), "{data}");
            }
        }
    }
}
