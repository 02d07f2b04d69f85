//! Alibaba Cloud's RPC wire: encoding, both signatures, one HTTP attempt and the error envelope.
//!
//! In reading order:
//!
//! - `access_key`: the key and what is derived from it. `encoding`, `signature`: how a request is
//!   signed with it.
//! - `endpoint`: the address of an API. `address`: that of another server. `network`: how this
//!   machine connects to them, with `proxy` and `trust` (the certificates that it accepts).
//! - `http`: one signed attempt. `departure` reports when it leaves, `clock` keeps the time that
//!   signs it, `retry_after` reads the headers of its answer, and `failure` says why there is none.
//! - `plain`: one attempt that is not signed.
//! - `envelope`: success or refusal. [`fields`]: the data of a success.

mod access_key;
mod address;
mod clock;
mod departure;
mod encoding;
mod endpoint;
mod envelope;
mod failure;
pub mod fields;
mod http;
mod network;
mod plain;
mod proxy;
mod retry_after;
mod signature;
mod trust;

pub use access_key::{AccessKey, SigningKey};
pub use address::Address;
pub use clock::ServiceClock;
pub(crate) use encoding::without_mark;
pub use endpoint::Endpoint;
pub use envelope::{ServiceError, Success, read as read_answer};
pub use failure::{Failure, Obstacle, Untrusted};
pub use http::{Http, MAX_ANSWER, Request, Response, Settings};
pub use network::Network;
pub use plain::PlainClient;
pub use proxy::{InvalidProxy, Proxies, Proxy};
pub use signature::SignatureMethod;
pub use trust::Trust;
