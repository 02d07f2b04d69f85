//! Signed requests for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};

use crate::encoding::encode;
use crate::request::IncomingRequest;
use crate::signature::hmac_sha1;
use base::secret::Secret;

/// A request that a test can change before it is sent.
#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpRequest {
    /// The request as it arrives.
    pub(crate) fn parse(&self) -> IncomingRequest {
        let uri = format!("{}?{}", self.path, self.query);
        let head = hyper::Request::builder().method(&self.method).uri(uri);
        let (mut head, ()) = head.body(()).expect("well-formed").into_parts();
        head.headers = self.headers.clone();
        IncomingRequest::new(head, self.body.clone())
    }
}

/// The date of every request, 2025-01-02T03:04:05Z.
pub(crate) fn date() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_735_787_045)
}

/// A request that is signed with the default key. Each request needs a nonce of its own.
pub(crate) fn signed(nonce: &str, action: &str, parameters: &[(&str, &str)]) -> HttpRequest {
    signed_with("emulator-secret", nonce, action, parameters)
}

/// A request that is signed with this secret. The parameters name the key and its token.
pub(crate) fn signed_with(
    secret: &str,
    nonce: &str,
    action: &str,
    parameters: &[(&str, &str)],
) -> HttpRequest {
    let common = [
        ("AccessKeyId", "emulator"),
        ("Action", action),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2025-01-02T03:04:05Z"),
        ("Version", "2020-06-06"),
    ];
    // The first of two parameters with the same name counts, so that a test can replace a common
    // one.
    let own = parameters.iter().copied();
    let query: Vec<_> = own
        .chain(
            common
                .into_iter()
                .filter(|(name, _)| !parameters.iter().any(|(own, _)| own == name)),
        )
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let mut call = HttpRequest {
        method: Method::POST,
        path: "/".into(),
        query: query.join("&"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let to_sign = hmac_sha1::string_to_sign(&call.parse());
    let signature = hmac_sha1::sign(&to_sign, &Secret::new(secret));
    call.query = format!("{}&Signature={}", call.query, encode(&signature));
    call
}

/// The initiation of this number with the calling code 86 in the space `cams-1`.
pub(crate) fn initiation(nonce: &str, mobile_number: &str) -> HttpRequest {
    let parameters = [
        ("CustSpaceId", "cams-1"),
        ("CountryCode", "86"),
        ("MobileNumber", mobile_number),
    ];
    signed(nonce, "CreateChatappMigrationInitiate", &parameters)
}

/// The list of the space `cams-1`.
pub(crate) fn list(nonce: &str) -> HttpRequest {
    signed(
        nonce,
        "QueryChatappPhoneNumbers",
        &[("CustSpaceId", "cams-1")],
    )
}
