//! The CAMS API: operations, models, phone numbers, and a client that keeps the account's quota.
//!
//! API version 2020-06-06. Some behaviour of the service is not documented. There the code says
//! what it assumes, and works either way.
//!
//! # Map, in reading order
//!
//! - [`phone`], [`space`], [`locale`]: phone numbers, ids of spaces, and languages.
//! - `api`: the API and its error codes. [`operations`]: its operations, one file each.
//! - [`Client`]: the client, which uses the loop of [`alibaba_cloud::client`]. `quota` and
//!   [`Account`] limit its calls.
//! - `listing`: one list, and one synchronization with Meta, for all callers that ask about numbers
//!   of the same space.
//!
//! # The journey of a call
//!
//! 1. `client.call(&bounds, &QueryChatappPhoneNumbers { … })` makes a request from the constants
//!    and the parameters of the operation.
//! 2. `quota` asks STS once for the account, and waits for a permit in the account's quota.
//! 3. `alibaba_cloud` sends the request, and repeats it if that is safe.
//! 4. The model of the operation reads the answer.

#![forbid(unsafe_code)]

mod account;
mod api;
mod client;
mod listing;
pub mod locale;
pub mod operations;
pub mod phone;
mod quota;
pub mod space;

pub use account::Account;
pub use alibaba_cloud::client::{
    Bounds, Error, ErrorKind, LONG_WAIT, LongWait, Operation, Raw, WaitCause,
};
pub use alibaba_cloud::openapi::{
    Endpoint, Network, Obstacle, Settings as HttpSettings, SignatureMethod, Untrusted,
};
pub use client::Client;
pub use listing::{Freshness, Listed, SYNC_INTERVAL};
pub use quota::{Quota, QuotaPermit};
