//! The method `HMAC-SHA1`, whose signature is the parameter `Signature` and covers all other
//! parameters.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::encoding::{canonical_query, encode};
use super::super::refusal::Refusal;
use super::super::request::Request;
use super::{Claim, mismatch};
use base::secret::Secret;

pub(super) fn claim<'a>(request: &'a Request<'_>) -> Result<Claim<'a>, Refusal> {
    for (name, expected) in [
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
    ] {
        if request.required(name)? != expected {
            let why = format!("{name} is not {expected}");
            return Err(Refusal::incomplete_signature(&why));
        }
    }
    request.check_format()?;
    Ok(Claim {
        access_key_id: request.required("AccessKeyId")?,
        security_token: request.parameter("SecurityToken"),
        date: request.required("Timestamp")?,
        nonce: request.required("SignatureNonce")?,
    })
}

pub(super) fn verify(request: &Request<'_>, secret: &Secret) -> Result<(), Refusal> {
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

pub(super) fn string_to_sign(request: &Request<'_>) -> String {
    let covered = request
        .query
        .iter()
        .chain(&request.form)
        .filter(|(name, _)| name != "Signature");
    let query = encode(&canonical_query(covered));
    format!(
        "{}&{}&{query}",
        request.http.method,
        encode(&request.http.path)
    )
}

/// The signature of a text. Its key is the secret followed by `&`.
pub(super) fn sign(string_to_sign: &str, secret: &Secret) -> String {
    let key = Secret::new(format!("{}&", secret.expose()));
    let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
    let key = hmac::Key::new(algorithm, key.expose().as_bytes());
    STANDARD.encode(hmac::sign(&key, string_to_sign.as_bytes()))
}
