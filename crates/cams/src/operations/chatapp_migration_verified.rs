//! `ChatappMigrationVerified`: submits the code that proves who has the phone of a number.
//!
//! Page "ChatappMigrationVerified" of the CAMS API reference. A code can be used once, and wrong
//! codes may block the number for a while, so a submission is never repeated. How the service
//! reports a wrong code is not documented.

use alibaba_cloud::client::{Api, Operation};
use base::secret::Secret;

use super::Migration;
use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct ChatappMigrationVerified {
    /// The space that the number moves into.
    pub cust_space_id: String,
    /// The number, sent in the form in which it is given here.
    pub number: PhoneNumber,
    /// The code that the phone received.
    pub verify_code: Secret,
}

impl Operation for ChatappMigrationVerified {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "ChatappMigrationVerified";
    const READS: bool = false;

    type Answer = Migration;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CustSpaceId", self.cust_space_id.clone()),
            ("PhoneNumber", self.number.to_string()),
            ("VerifyCode", self.verify_code.expose().to_owned()),
        ]
    }

    fn subject(&self) -> String {
        self.number.masked()
    }

    fn secrets(&self) -> Vec<&str> {
        vec![self.verify_code.expose()]
    }

    fn check(&self, answer: &mut Migration) -> Result<(), &'static str> {
        answer.compare(&self.number);
        Ok(())
    }
}
