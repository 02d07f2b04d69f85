//! `ACS3-HMAC-SHA256`: the signature in the `Authorization` header.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::super::encoding::{canonical_query, hex};
use super::super::refusal::Refusal;
use super::super::request::{Call, Request};
use super::{Claim, mismatch};
use crate::secret::Secret;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The parts of an `Authorization` header.
#[derive(Debug)]
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

pub(super) fn claim(call: &Call) -> Result<Claim<'_>, Refusal> {
    let header = |name: &str| {
        call.header(name)
            .ok_or_else(|| Refusal::incomplete_signature(&format!("the header {name} is missing")))
    };
    Ok(Claim {
        access_key_id: authorization(call)?.credential,
        security_token: call.header("x-acs-security-token"),
        date: header("x-acs-date")?,
        nonce: header("x-acs-signature-nonce")?,
    })
}

pub(super) fn verify(request: &Request<'_>, secret: &Secret) -> Result<(), Refusal> {
    let call = request.call;
    let authorization = authorization(call)?;
    let unsigned = unsigned_headers(call, authorization.signed_headers);
    if !unsigned.is_empty() {
        let why = format!("these headers must be signed: {}", unsigned.join(", "));
        return Err(Refusal::incomplete_signature(&why));
    }

    let body_hash = hex(&Sha256::digest(&call.body));
    if call.header("x-acs-content-sha256") != Some(body_hash.as_str()) {
        let server_side = format!("the SHA-256 of the body that arrived is: {body_hash}");
        return Err(mismatch("x-acs-content-sha256", &server_side));
    }

    let canonical = canonical_request(request, authorization.signed_headers, &body_hash);
    let to_sign = string_to_sign(&canonical);
    if sign(&to_sign, secret) != authorization.signature {
        let shown = mask(&canonical, call.header("x-acs-security-token"));
        let server_side =
            format!("server string to sign is: {to_sign} server canonical request is: {shown}");
        return Err(mismatch("signature", &server_side));
    }
    Ok(())
}

/// The canonical request of a call, as far as its headers tell.
pub(super) fn whole_canonical_request(request: &Request<'_>) -> String {
    let signed_headers = authorization(request.call).map(|parts| parts.signed_headers);
    let body_hash = hex(&Sha256::digest(&request.call.body));
    canonical_request(request, signed_headers.unwrap_or_default(), &body_hash)
}

/// Rebuilds what the client signed from the headers that it says it signed: the Go SDK signs fewer than the Python SDK.
pub(super) fn canonical_request(
    request: &Request<'_>,
    signed_headers: &str,
    body_hash: &str,
) -> String {
    let call = request.call;
    let headers: String = signed_headers
        .split(';')
        .map(|name| format!("{name}:{}\n", call.header(name).unwrap_or_default().trim()))
        .collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{signed_headers}\n{body_hash}",
        call.method,
        call.path,
        canonical_query(request.query.iter()),
    )
}

pub(super) fn string_to_sign(canonical_request: &str) -> String {
    let digest = Sha256::digest(canonical_request.as_bytes());
    format!("{ALGORITHM}\n{}", hex(&digest))
}

/// The secret is the key as it is; the other form appends an `&` to it.
pub(super) fn sign(string_to_sign: &str, secret: &Secret) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(string_to_sign.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn authorization(call: &Call) -> Result<Authorization<'_>, Refusal> {
    let header = call.header("authorization").unwrap_or_default();
    parse(header)
        .ok_or_else(|| Refusal::incomplete_signature("the Authorization header is malformed"))
}

fn parse(header: &str) -> Option<Authorization<'_>> {
    let parts = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
    let part = |name: &str| {
        parts
            .split(',')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    Some(Authorization {
        credential: part("Credential")?,
        signed_headers: part("SignedHeaders")?,
        signature: part("Signature")?,
    })
}

/// The headers that arrived, must be signed, and are not.
fn unsigned_headers(call: &Call, signed_headers: &str) -> Vec<String> {
    call.headers
        .keys()
        .map(hyper::header::HeaderName::as_str)
        .filter(|name| *name == "host" || name.starts_with("x-acs-"))
        .filter(|name| !signed_headers.split(';').any(|signed| signed == *name))
        .map(str::to_owned)
        .collect()
}

fn mask(text: &str, secret: Option<&str>) -> String {
    match secret {
        Some(secret) if !secret.is_empty() => text.replace(secret, "***"),
        _ => text.to_owned(),
    }
}
