//! `GetMigrationVerifyCode`: sends a verification code to the phone of a number that is migrating.
//!
//! Page "GetMigrationVerifyCode" of the CAMS API reference. In spite of its name the operation is
//! not a read: each call sends a code, and Meta limits how many (page "Phone numbers" of the
//! WhatsApp Business Platform).

use alibaba_cloud::client::{Api, Operation};

use super::Migration;
use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct GetMigrationVerifyCode {
    /// The space that the number moves into.
    pub cust_space_id: String,
    /// The number, sent in the form in which it is given here.
    pub number: PhoneNumber,
    /// How the code is sent.
    pub method: VerifyCodeMethod,
    /// The language of the message: see [`locale`](crate::locale).
    pub locale: String,
}

/// How a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyCodeMethod {
    /// By a text message, which a fixed line cannot receive.
    Sms,
    /// By a call.
    Voice,
}

impl VerifyCodeMethod {
    /// All methods.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Voice];

    /// The name of the method in the API. All examples of the documentation are in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }
}

impl Operation for GetMigrationVerifyCode {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "GetMigrationVerifyCode";
    const READS: bool = false;

    type Answer = Migration;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CustSpaceId", self.cust_space_id.clone()),
            ("Locale", self.locale.clone()),
            ("Method", self.method.as_str().to_owned()),
            ("PhoneNumber", self.number.to_string()),
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
