//! `GetChatappOpenStatus`: whether the account has activated the product.
//!
//! Page "GetChatappOpenStatus" of the CAMS API reference.

use std::num::NonZeroU32;

use alibaba_cloud::client::{Api, Operation};

use super::Done;
use crate::api::{CAMS, TEN_A_SECOND};

/// The call. [`Raw`](alibaba_cloud::client::Raw) reads its answer.
#[derive(Clone, Copy, Debug)]
pub struct GetChatappOpenStatus;

impl Operation for GetChatappOpenStatus {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "GetChatappOpenStatus";
    const READS: bool = true;
    const CALLS_PER_SECOND: NonZeroU32 = TEN_A_SECOND;

    type Answer = Done;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
