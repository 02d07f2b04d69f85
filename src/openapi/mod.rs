//! Alibaba Cloud's RPC wire: encoding, both signatures, the error envelope, endpoints and HTTP.

mod access_key;
mod budget;
mod encoding;
mod endpoint;
mod envelope;
mod http;
pub mod lenient;
mod list;
mod redact;
mod retry_after;
mod rows;
mod sending;
mod signature;

pub use access_key::AccessKey;
pub use budget::Share;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use envelope::{Answer, Body, ServiceError, read as read_answer};
pub use http::{ClockDifference, Failure, Http, Reading, Response, Settings};
pub use list::{List, Row, Rows};
pub use redact::Cleaner;
pub use rows::{CutError, cut_in_pieces};
pub use signature::{SignatureMethod, UnknownSignatureMethod};
