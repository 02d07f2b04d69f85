//! The method `HMAC-SHA1`, whose signature is the parameter `Signature` and covers all other
//! parameters.

use aws_lc_rs::hmac;
use base::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::claim::{SignatureClaim, mismatch};
use crate::encoding::{canonical_query, encode};
use crate::refusal::{Rejection, Result};
use crate::request::IncomingRequest;

pub(crate) fn claim(request: &IncomingRequest) -> Result<SignatureClaim<'_>> {
    let fixed = [
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
    ];
    for (name, expected) in fixed {
        if request.required(name)? != expected {
            let why = format!("{name} is not {expected}");
            return Err(Rejection::incomplete_signature(&why));
        }
    }
    request.check_format()?;
    Ok(SignatureClaim {
        access_key_id: request.required("AccessKeyId")?,
        security_token: request.parameter("SecurityToken"),
        date: request.required("Timestamp")?,
        nonce: request.required("SignatureNonce")?,
    })
}

pub(crate) fn verify(request: &IncomingRequest, secret: &Secret) -> Result<()> {
    let to_sign = string_to_sign(request);
    if sign(&to_sign, secret) == request.required("Signature")? {
        return Ok(());
    }
    let token = request.parameter("SecurityToken").unwrap_or_default();
    let shown = match token {
        "" => to_sign,
        // In the string to sign the token is encoded twice: as a value, and with the whole query.
        token => to_sign.replace(&encode(&encode(token)), "***"),
    };
    let server_side = format!("server string to sign is: {shown}");
    Err(mismatch("signature", &server_side))
}

pub(crate) fn string_to_sign(request: &IncomingRequest) -> String {
    let all = request.query.iter().chain(&request.form);
    let covered = all.filter(|(name, _)| name != "Signature");
    let (path, query) = (encode(&request.path), encode(&canonical_query(covered)));
    format!("{}&{path}&{query}", request.method)
}

/// The signature of a text. Its key is the secret followed by `&`.
pub(crate) fn sign(string_to_sign: &str, secret: &Secret) -> String {
    let key = Secret::new(format!("{}&", secret.expose()));
    let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
    let key = hmac::Key::new(algorithm, key.expose().as_bytes());
    STANDARD.encode(hmac::sign(&key, string_to_sign.as_bytes()))
}
