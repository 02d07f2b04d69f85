//! Alibaba Cloud's RPC wire: encoding, both signatures, the error envelope, endpoints and HTTP.

mod access_key;
mod address;
mod budget;
mod encoding;
mod endpoint;
mod envelope;
mod http;
pub mod lenient;
mod list;
mod plain;
mod redact;
mod retry_after;
mod rows;
mod signature;
mod signing_key;

pub use access_key::AccessKey;
pub use address::{Address, InvalidAddress};
pub use budget::Share;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use envelope::{Answer, Body, ServiceError, read as read_answer};
pub use http::{ClockDifference, Failure, Http, Reading, Response, Settings};
pub use list::{List, Row, Rows};
pub use plain::{Plain, PlainClient, PlainFailure, PlainResponse, PlainSettings};
pub use redact::Cleaner;
pub use rows::{CutError, cut_in_pieces};
pub use signature::{SignatureMethod, UnknownSignatureMethod};
pub use signing_key::SigningKey;
