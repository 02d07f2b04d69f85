//! `QueryChatappBindWaba`: which WhatsApp Business Account (WABA) is bound to a space.
//!
//! Page "QueryChatappBindWaba" of the CAMS API reference.

use std::num::NonZeroU32;

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields;

use crate::api::{CAMS, TEN_A_SECOND};

/// The call.
#[derive(Clone, Debug)]
pub struct QueryChatappBindWaba {
    /// The space.
    pub cust_space_id: String,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BoundWaba {
    /// The account that is bound to the space.
    #[serde(deserialize_with = "fields::object")]
    pub data: Waba,
}

/// `Data` of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Waba {
    /// `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`, if the answer says.
    #[serde(deserialize_with = "fields::text")]
    pub account_review_status: Option<String>,
}

impl Operation for QueryChatappBindWaba {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "QueryChatappBindWaba";
    const READS: bool = true;
    const CALLS_PER_SECOND: NonZeroU32 = TEN_A_SECOND;

    type Answer = BoundWaba;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("CustSpaceId", self.cust_space_id.clone())]
    }
}
