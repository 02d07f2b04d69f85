//! What both methods read from a request, and how both refuse a signature.

use crate::refusal::Rejection;

/// Who signed a request, and when, as the request says. Nothing of it is checked yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SignatureClaim<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) security_token: Option<&'a str>,
    pub(crate) date: &'a str,
    pub(crate) nonce: &'a str,
}

/// The refusal of a signature that differs at `stage`.
pub(crate) fn mismatch(stage: &str, server_side: &str) -> Rejection {
    let message = format!(
        "Specified signature is not matched with our calculation. stage: {stage}. {server_side}"
    );
    Rejection::new(400, "SignatureDoesNotMatch", message)
}
