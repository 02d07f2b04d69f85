//! Alibaba Cloud's RPC wire: encoding, both signatures, the error envelope, endpoints and HTTP.

mod access_key;
mod encoding;
mod endpoint;
mod envelope;
mod http;
pub mod lenient;
mod redact;
mod retry_after;
mod signature;

pub use access_key::AccessKey;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use envelope::{Answer, Body, ServiceError, read as read_answer};
pub use http::{Failure, Http, Response, Settings};
pub use redact::Cleaner;
pub use signature::{SignatureMethod, UnknownSignatureMethod};
