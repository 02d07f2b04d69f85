//! `GetChatappOpenStatus`: whether the account has activated the product.
//!
//! Page "GetChatappOpenStatus" of the CAMS API reference.

use std::num::NonZeroU32;

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};

use crate::api::{CAMS, TEN_A_SECOND};

/// The call.
#[derive(Clone, Copy, Debug)]
pub struct GetChatappOpenStatus;

/// The answer, of which the call's success is all that is used: see
/// [`Raw`](alibaba_cloud::client::Raw).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct OpenStatus {}

impl Operation for GetChatappOpenStatus {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "GetChatappOpenStatus";
    const READS: bool = true;
    const CALLS_PER_SECOND: NonZeroU32 = TEN_A_SECOND;

    type Answer = OpenStatus;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
