//! Checks signatures of both methods. The code and the cryptography share nothing with the client's
//! signer, which uses the crates `hmac`, `sha1` and `sha2`, while this uses aws-lc-rs.
//!
//! The refusal of a signature says at which stage the two sides differ, and what the server signed,
//! so that a wrong signer can be corrected. A security token in that text is masked.

mod acs3;
mod claim;
mod hmac_sha1;

use base::secret::Secret;

use crate::refusal::{Rejection, Result};
use crate::request::{IncomingRequest, SignatureMethod};
pub(crate) use claim::SignatureClaim;

/// Reads from the request who signed it and when.
pub(crate) fn claim(request: &IncomingRequest) -> Result<SignatureClaim<'_>> {
    match request.signature {
        None => Err(Rejection::missing("AccessKeyId")),
        Some(SignatureMethod::Acs3) => acs3::claim(request),
        Some(SignatureMethod::HmacSha1) => hmac_sha1::claim(request),
    }
}

/// Computes the signature of the request that arrived, and compares it with the one that it
/// carries.
pub(crate) fn verify(request: &IncomingRequest, secret: &Secret) -> Result<()> {
    match request.signature {
        None => Err(Rejection::missing("Signature")),
        Some(SignatureMethod::Acs3) => acs3::verify(request, secret),
        Some(SignatureMethod::HmacSha1) => hmac_sha1::verify(request, secret),
    }
}

/// What the client should have signed, with nothing masked.
pub(crate) fn string_to_sign(request: &IncomingRequest) -> String {
    match request.signature {
        None => String::new(),
        Some(SignatureMethod::Acs3) => acs3::whole_canonical_request(request),
        Some(SignatureMethod::HmacSha1) => hmac_sha1::string_to_sign(request),
    }
}

#[cfg(test)]
pub(crate) mod tests;
