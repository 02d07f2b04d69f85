//! `ChatappPhoneNumberDeregister`: disconnects a number, which then neither sends nor receives.
//!
//! Page "ChatappPhoneNumberDeregister" of the CAMS API reference. The number stays in the WhatsApp
//! Business Account, and its former provider does not get it back.

use alibaba_cloud::client::{Api, Operation};

use super::NoData;
use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct ChatappPhoneNumberDeregister {
    /// The space of the number.
    pub cust_space_id: String,
    /// The number, sent in the form in which it is given here.
    pub number: PhoneNumber,
}

impl Operation for ChatappPhoneNumberDeregister {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "ChatappPhoneNumberDeregister";
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
