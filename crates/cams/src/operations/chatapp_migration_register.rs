//! `ChatappMigrationRegister`: ends a migration. From then on the space serves the number.
//!
//! Page "ChatappMigrationRegister" of the CAMS API reference. Its answer has no data. Meta allows
//! ten registrations of a number in 72 hours (page "Registration" of the WhatsApp Business
//! Platform), so an error that [may have had an
//! effect](alibaba_cloud::client::Error::may_have_had_effect) is settled by the list, never by
//! another call.

use alibaba_cloud::client::{Api, Operation};

use super::NoData;
use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct ChatappMigrationRegister {
    /// The space that the number moves into.
    pub cust_space_id: String,
    /// The number, sent in the form in which it is given here.
    pub number: PhoneNumber,
}

impl Operation for ChatappMigrationRegister {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "ChatappMigrationRegister";
    const READS: bool = false;

    type Answer = NoData;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CustSpaceId", self.cust_space_id.clone()),
            ("PhoneNumber", self.number.to_string()),
        ]
    }

    fn subject(&self) -> String {
        self.number.masked()
    }
}
