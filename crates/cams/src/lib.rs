//! The CAMS API: operations, models, phone numbers, and a client that keeps the account's quota.
//!
//! API version 2020-06-06. What the service does is not documented in every case; where that is so,
//! the code says what it assumes and is right either way.
//!
//! In reading order:
//!
//! - [`phone`], [`space`]: what operations are about.
//! - `api`: the API and its error codes. [`operations`]: its operations, one file each.
//! - [`Client`]: the client, whose loop is that of [`alibaba_cloud::client`]. `quota` and
//!   [`Account`] are its gate.
//! - `listing`: one list for all that ask about numbers of the same space.
//!
//! A call travels like this: `client.call(&bounds, &QueryChatappPhoneNumbers { … })` makes the
//! request of the operation's constants and parameters. `quota` asks the account of STS once, and
//! waits for one of the account's calls. `alibaba_cloud` sends it and repeats it if that is safe.
//! The operation's own model reads the answer.

#![forbid(unsafe_code)]

mod account;
mod api;
mod client;
mod listing;
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
pub use client::{Client, Config};
pub use listing::Listed;
