//! `GetPhoneNumberVerificationStatus`: looks up one number.
//!
//! Page "GetPhoneNumberVerificationStatus" of the CAMS API reference. It says that the operation is
//! for numbers of the account. How it reports a number that the account lacks is not documented: as
//! an error, perhaps one of kind [`NotFound`](alibaba_cloud::client::ErrorKind::NotFound), or as a
//! success with an id that is empty or missing.

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields;

use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct GetPhoneNumberVerificationStatus {
    /// The space of the number.
    pub cust_space_id: String,
    /// The number, asked for in the form in which it is given here.
    pub number: PhoneNumber,
}

/// The answer. An answer about another number is an error: it says nothing of this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Verification {
    /// What is known of the number.
    #[serde(deserialize_with = "fields::object")]
    pub data: VerificationData,
}

/// `Data` of the answer. Nothing in it is promised for a number that the space does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VerificationData {
    /// The number's id at Meta.
    #[serde(deserialize_with = "fields::digits")]
    pub id: Option<String>,
    /// Whether somebody proved to have the phone: `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`, and
    /// perhaps others.
    #[serde(deserialize_with = "fields::text")]
    pub code_verification_status: Option<String>,
    #[serde(deserialize_with = "fields::raw_text")]
    phone_number: Option<String>,
}

impl Operation for GetPhoneNumberVerificationStatus {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "GetPhoneNumberVerificationStatus";
    const READS: bool = true;

    type Answer = Verification;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CustSpaceId", self.cust_space_id.clone()),
            ("PhoneNumber", self.number.to_string()),
        ]
    }

    fn subject(&self) -> String {
        self.number.masked()
    }

    fn check(&self, answer: &mut Verification) -> Result<(), &'static str> {
        match answer.data.phone_number.take() {
            Some(named) if !self.number.can_be_named(&named) => {
                Err("with data about another phone number")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    fn answered(data: &str) -> Result<Verification, String> {
        let call = GetPhoneNumberVerificationStatus {
            cust_space_id: "cams-1".into(),
            number: PhoneNumber::parse("86", "13900001234").expect("a number"),
        };
        answer(&call, &format!(r#"{{"Data":{data}}}"#))
    }

    #[test]
    fn a_lookup_without_an_id_knows_no_number() {
        for (data, id) in [
            (r#"{"Id":"7","PhoneNumber":"8613900001234"}"#, Some("7")),
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
            let found = answered(data).expect("an answer");
            assert_eq!(found.data.id.as_deref(), id, "{data}");
        }
    }

    #[test]
    fn the_verification_is_any_text() {
        for (data, status) in [
            (
                r#"{"CodeVerificationStatus":"NOT_VERIFIED"}"#,
                Some("NOT_VERIFIED"),
            ),
            (r#"{"CodeVerificationStatus":"NEW"}"#, Some("NEW")),
            (r#"{"CodeVerificationStatus":"None"}"#, None),
            (r#"{"CodeVerificationStatus":{}}"#, None),
            (r#"{"Id":"7"}"#, None),
        ] {
            let found = answered(data).expect("an answer").data;
            assert_eq!(found.code_verification_status.as_deref(), status, "{data}");
        }
    }

    #[test]
    fn an_answer_about_another_number_is_an_error() {
        let refused = answered(r#"{"Id":"7","PhoneNumber":"8613900009999"}"#);
        assert!(refused.expect_err("another").contains("another"));
    }
}
