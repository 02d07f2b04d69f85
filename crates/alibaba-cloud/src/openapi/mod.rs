//! Alibaba Cloud's RPC wire: encoding, both signatures, the error envelope, endpoints and HTTP.

mod access_key;
mod address;
mod budget;
mod encoding;
mod endpoint;
mod envelope;
mod failure;
mod http;
pub mod lenient;
mod list;
mod network;
mod plain;
mod proxy;
mod retry_after;
mod rows;
mod sending;
mod signature;
mod signing_key;
mod trust;

pub use access_key::AccessKey;
pub use address::{Address, InvalidAddress};
pub use budget::Share;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use envelope::{Answer, Body, ServiceError, read as read_answer};
pub use failure::{Failure, Obstacle, Untrusted};
pub use http::{ClockDifference, Http, Reading, Request, Response, Settings};
pub use list::{List, Row, Rows};
pub use network::Network;
pub use plain::{PlainClient, PlainResponse};
pub use proxy::{InvalidProxy, Proxies, Proxy};
pub use rows::{CutError, cut_in_pieces};
pub use signature::{SignatureMethod, UnknownSignatureMethod};
pub use signing_key::SigningKey;
pub use trust::Trust;
