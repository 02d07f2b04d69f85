//! Checks signatures of both methods. The code and the cryptography share nothing with the client's
//! signer, which uses the crates `hmac`, `sha1` and `sha2`, while this uses aws-lc-rs.
//!
//! The refusal of a signature says at which stage the two sides differ, and what the server signed,
//! so that a wrong signer can be corrected. A security token in that text is masked.

mod acs3;
mod hmac_sha1;

use super::refusal::Refusal;
use super::request::{Request, SignatureForm};
use base::secret::Secret;

/// Who signed a request, and when, as the request says. Nothing of it is checked yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) security_token: Option<&'a str>,
    pub(super) date: &'a str,
    pub(super) nonce: &'a str,
}

/// Reads from the request who signed it and when.
pub(super) fn claim<'a>(request: &'a Request<'_>) -> Result<Claim<'a>, Refusal> {
    match request.signature {
        None => Err(Refusal::missing("AccessKeyId")),
        Some(SignatureForm::Acs3) => acs3::claim(request.http),
        Some(SignatureForm::HmacSha1) => hmac_sha1::claim(request),
    }
}

/// Computes the signature of the request that arrived, and compares it with the one that it
/// carries.
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

/// The refusal of a signature that differs at `stage`.
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
