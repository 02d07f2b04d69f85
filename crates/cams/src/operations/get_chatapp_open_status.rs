//! `GetChatappOpenStatus`: whether the account has activated the product.
//!
//! Page "GetChatappOpenStatus" of the CAMS API reference.

use alibaba_cloud::client::{Api, Operation};

use super::NoData;
use crate::api::CAMS;

/// The call. [`Raw`](alibaba_cloud::client::Raw) reads its answer.
#[derive(Clone, Copy, Debug)]
pub struct GetChatappOpenStatus;

impl Operation for GetChatappOpenStatus {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "GetChatappOpenStatus";
    const READS: bool = true;

    type Answer = NoData;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
