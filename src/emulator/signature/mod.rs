//! The two signature forms, checked by code that shares nothing with the client's signer.
//!
//! A signature that is refused says at which stage the two sides part, and what the server signed, so that a wrong
//! signer can be mended. A security token in it is masked.

mod acs3;
mod hmac_sha1;

use super::refusal::Refusal;
use super::request::{Request, SignatureForm};
use crate::secret::Secret;

/// What a signature claims, before it is checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) security_token: Option<&'a str>,
    pub(super) date: &'a str,
    pub(super) nonce: &'a str,
}

/// Reads who signed and when.
pub(super) fn claim<'a>(request: &'a Request<'_>) -> Result<Claim<'a>, Refusal> {
    match request.signature {
        None => Err(Refusal::missing("AccessKeyId")),
        Some(SignatureForm::Acs3) => acs3::claim(request.call),
        Some(SignatureForm::HmacSha1) => hmac_sha1::claim(request),
    }
}

/// Computes the signature anew from what arrived.
pub(super) fn verify(request: &Request<'_>, secret: &Secret) -> Result<(), Refusal> {
    match request.signature {
        None => Err(Refusal::missing("Signature")),
        Some(SignatureForm::Acs3) => acs3::verify(request, secret),
        Some(SignatureForm::HmacSha1) => hmac_sha1::verify(request, secret),
    }
}

/// What the client should have signed, with nothing masked.
pub(super) fn string_to_sign(request: &Request<'_>) -> String {
    match request.signature {
        None => String::new(),
        Some(SignatureForm::Acs3) => acs3::whole_canonical_request(request),
        Some(SignatureForm::HmacSha1) => hmac_sha1::string_to_sign(request),
    }
}

/// The refusal of a signature that was compared at `stage` and differs.
pub(super) fn mismatch(stage: &str, server_side: &str) -> Refusal {
    Refusal::new(
        400,
        "SignatureDoesNotMatch",
        format!(
            "Specified signature is not matched with our calculation. stage: {stage}. {server_side}"
        ),
    )
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
