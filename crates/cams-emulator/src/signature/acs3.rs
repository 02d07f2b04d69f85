//! The method `ACS3-HMAC-SHA256`, whose signature is in the header `Authorization`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base::secret::Secret;

use super::claim::{SignatureClaim, mismatch};
use crate::encoding::{canonical_query, hex};
use crate::refusal::{Rejection, Result};
use crate::request::IncomingRequest;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

pub(crate) fn claim(request: &IncomingRequest) -> Result<SignatureClaim<'_>> {
    let header = |name: &str| {
        let missing = || Rejection::incomplete_signature(&format!("the header {name} is missing"));
        request.header(name).ok_or_else(missing)
    };
    let [access_key_id, ..] = authorization(request)?;
    Ok(SignatureClaim {
        access_key_id,
        security_token: request.header("x-acs-security-token"),
        date: header("x-acs-date")?,
        nonce: header("x-acs-signature-nonce")?,
    })
}

pub(crate) fn verify(request: &IncomingRequest, secret: &Secret) -> Result<()> {
    let [_, signed_headers, signature] = authorization(request)?;
    let is_needed = |name: &&str| *name == "host" || name.starts_with("x-acs-");
    let is_signed = |name: &str| signed_headers.split(';').any(|signed| signed == name);
    let needed = request.header_names().filter(is_needed);
    let unsigned: Vec<_> = needed.filter(|name| !is_signed(name)).collect();
    if !unsigned.is_empty() {
        let why = format!("these headers must be signed: {}", unsigned.join(", "));
        return Err(Rejection::incomplete_signature(&why));
    }

    let body_hash = body_hash(request);
    if request.header("x-acs-content-sha256") != Some(body_hash.as_str()) {
        let server_side = format!("the SHA-256 of the body that arrived is: {body_hash}");
        return Err(mismatch("x-acs-content-sha256", &server_side));
    }

    let canonical = canonical_request(request, signed_headers);
    let to_sign = string_to_sign(&canonical);
    if sign(&to_sign, secret) != signature {
        let shown = match request.header("x-acs-security-token") {
            Some(token) if !token.is_empty() => canonical.replace(token, "***"),
            _ => canonical,
        };
        let server_side =
            format!("server string to sign is: {to_sign} server canonical request is: {shown}");
        return Err(mismatch("signature", &server_side));
    }
    Ok(())
}

/// The canonical request, as far as the headers of the request tell what the client signed.
pub(crate) fn whole_canonical_request(request: &IncomingRequest) -> String {
    let [_, signed_headers, _] = authorization(request).unwrap_or_default();
    canonical_request(request, signed_headers)
}

/// The canonical request that the client signed. It covers the headers that the client says it
/// signed, because clients differ in that: the Go SDK signs fewer of them than the Python SDK.
pub(crate) fn canonical_request(request: &IncomingRequest, signed_headers: &str) -> String {
    let header = |name| {
        let value = request.header(name).unwrap_or_default();
        format!("{name}:{}\n", value.trim())
    };
    let headers: String = signed_headers.split(';').map(header).collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{signed_headers}\n{}",
        request.method,
        request.path,
        canonical_query(request.query.iter()),
        body_hash(request),
    )
}

fn body_hash(request: &IncomingRequest) -> String {
    hex(digest(&SHA256, &request.body).as_ref())
}

pub(crate) fn string_to_sign(canonical_request: &str) -> String {
    let digest = digest(&SHA256, canonical_request.as_bytes());
    format!("{ALGORITHM}\n{}", hex(digest.as_ref()))
}

/// The signature of a text. Its key is the secret itself, while the other method appends `&` to it.
pub(crate) fn sign(string_to_sign: &str, secret: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    hex(hmac::sign(&key, string_to_sign.as_bytes()).as_ref())
}

/// The id of the key, the names of the signed headers, and the signature.
fn authorization(request: &IncomingRequest) -> Result<[&str; 3]> {
    let parse = || {
        let header = request.header("authorization")?;
        let parts = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let part = |name: &str| {
            let mut parts = parts.split(',');
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let [id, headers] = [part("Credential")?, part("SignedHeaders")?];
        Some([id, headers, part("Signature")?])
    };
    parse().ok_or_else(|| Rejection::incomplete_signature("the Authorization header is malformed"))
}
