//! `ChatappSyncPhoneNumber`: updates CAMS's copy of all numbers of a space from Meta.
//!
//! Page "ChatappSyncPhoneNumber" of the CAMS API reference. The list of a space shows that copy, so
//! it may show a change at Meta, such as a number that is connected now, only after this call.

use alibaba_cloud::client::{Api, Operation};

use super::{NoData, QueryChatappPhoneNumbers};
use crate::api::CAMS;

/// The call.
#[derive(Clone, Debug)]
pub struct ChatappSyncPhoneNumber {
    /// The space.
    pub cust_space_id: String,
}

/// The answer lists the same rows as [`QueryChatappPhoneNumbers`]. They are not read here: the list
/// that follows has them.
impl Operation for ChatappSyncPhoneNumber {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "ChatappSyncPhoneNumber";
    // It changes CAMS's copy alone, to what is true at Meta. So a second call does no harm.
    const READS: bool = true;
    const MAX_ANSWER: usize = QueryChatappPhoneNumbers::MAX_ANSWER;

    type Answer = NoData;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("CustSpaceId", self.cust_space_id.clone())]
    }
}
