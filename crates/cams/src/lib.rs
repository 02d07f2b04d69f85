//! The CAMS API: operations, models, business errors and the client with its retry loop.
//!
//! API version 2020-06-06. Nobody publishes what the service does in every case; where that is so,
//! the code says what it assumes and is right either way.

#![forbid(unsafe_code)]

mod account;
mod call;
mod client;
mod clock_words;
mod codes;
mod error;
mod inspection;
mod listing;
mod long_wait;
mod migration;
mod operation;
pub mod phone;
mod phone_numbers;
pub mod retry;
mod service_clock;
pub mod space;

pub use account::Account;
pub use alibaba_cloud::openapi::{
    Endpoint, Network, Obstacle, Settings as HttpSettings, SignatureMethod, Untrusted,
};
pub use call::Call;
pub use call_quota::Cause;
pub use client::{Client, Config};
pub use error::{Error, ErrorKind};
pub use listing::Listed;
pub use long_wait::{LONG_WAIT, LongWait};
pub use migration::Migration;
pub use operation::Operation;
pub use phone_numbers::{ListedNumber, Verification};
