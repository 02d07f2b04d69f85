//! The method `ACS3-HMAC-SHA256`, whose signature is in the header `Authorization`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;

use super::super::encoding::{canonical_query, hex};
use super::super::refusal::Refusal;
use super::super::request::{HttpRequest, Request};
use super::{Claim, mismatch};
use base::secret::Secret;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The parts of an `Authorization` header.
#[derive(Debug)]
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

pub(super) fn claim(http: &HttpRequest) -> Result<Claim<'_>, Refusal> {
    let header = |name: &str| {
        http.header(name)
            .ok_or_else(|| Refusal::incomplete_signature(&format!("the header {name} is missing")))
    };
    Ok(Claim {
        access_key_id: authorization(http)?.credential,
        security_token: http.header("x-acs-security-token"),
        date: header("x-acs-date")?,
        nonce: header("x-acs-signature-nonce")?,
    })
}

pub(super) fn verify(request: &Request<'_>, secret: &Secret) -> Result<(), Refusal> {
    let http = request.http;
    let authorization = authorization(http)?;
    let unsigned = unsigned_headers(http, authorization.signed_headers);
    if !unsigned.is_empty() {
        let why = format!("these headers must be signed: {}", unsigned.join(", "));
        return Err(Refusal::incomplete_signature(&why));
    }

    let body_hash = hex(digest(&SHA256, &http.body).as_ref());
    if http.header("x-acs-content-sha256") != Some(body_hash.as_str()) {
        let server_side = format!("the SHA-256 of the body that arrived is: {body_hash}");
        return Err(mismatch("x-acs-content-sha256", &server_side));
    }

    let canonical = canonical_request(request, authorization.signed_headers, &body_hash);
    let to_sign = string_to_sign(&canonical);
    if sign(&to_sign, secret) != authorization.signature {
        let shown = mask(&canonical, http.header("x-acs-security-token"));
        let server_side =
            format!("server string to sign is: {to_sign} server canonical request is: {shown}");
        return Err(mismatch("signature", &server_side));
    }
    Ok(())
}

/// The canonical request of a call, as far as its headers tell.
pub(super) fn whole_canonical_request(request: &Request<'_>) -> String {
    let signed_headers = authorization(request.http).map(|parts| parts.signed_headers);
    let body_hash = hex(digest(&SHA256, &request.http.body).as_ref());
    canonical_request(request, signed_headers.unwrap_or_default(), &body_hash)
}

/// The canonical request that the client signed. It covers the headers that the client says it
/// signed, because clients differ in that: the Go SDK signs fewer of them than the Python SDK.
pub(super) fn canonical_request(
    request: &Request<'_>,
    signed_headers: &str,
    body_hash: &str,
) -> String {
    let http = request.http;
    let headers: String = signed_headers
        .split(';')
        .map(|name| format!("{name}:{}\n", http.header(name).unwrap_or_default().trim()))
        .collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{signed_headers}\n{body_hash}",
        http.method,
        http.path,
        canonical_query(request.query.iter()),
    )
}

pub(super) fn string_to_sign(canonical_request: &str) -> String {
    let digest = digest(&SHA256, canonical_request.as_bytes());
    format!("{ALGORITHM}\n{}", hex(digest.as_ref()))
}

/// The signature of a text. Its key is the secret itself, while the other method appends `&` to it.
pub(super) fn sign(string_to_sign: &str, secret: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    hex(hmac::sign(&key, string_to_sign.as_bytes()).as_ref())
}

fn authorization(http: &HttpRequest) -> Result<Authorization<'_>, Refusal> {
    let header = http.header("authorization").unwrap_or_default();
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

/// The names of the headers that arrived and must be signed, but are not.
fn unsigned_headers(http: &HttpRequest, signed_headers: &str) -> Vec<String> {
    http.headers
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
