//! The two ways to sign a request, as functions of everything that goes into the signature.

mod acs3;
mod rpc;

use std::collections::BTreeMap;
use std::str::FromStr;

use zeroize::Zeroizing;

use base::secret::Secret;

use super::AccessKey;

/// The method by which requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `ACS3-HMAC-SHA256`, the current method. The signature is in a header.
    #[default]
    Acs3HmacSha256,
    /// `HMAC-SHA1`, the older method. The signature is in the query.
    HmacSha1,
}

/// The error for a name that is not one of the two methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected ACS3-HMAC-SHA256 or HMAC-SHA1")]
pub struct UnknownSignatureMethod;

impl FromStr for SignatureMethod {
    type Err = UnknownSignatureMethod;

    fn from_str(text: &str) -> Result<Self, UnknownSignatureMethod> {
        match text {
            "ACS3-HMAC-SHA256" => Ok(Self::Acs3HmacSha256),
            "HMAC-SHA1" => Ok(Self::HmacSha1),
            _ => Err(UnknownSignatureMethod),
        }
    }
}

/// A request before it is signed. It has no body.
#[derive(Debug)]
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    pub(super) action: &'a str,
    pub(super) version: &'a str,
    /// The time of signing in UTC, to the second, such as `2025-01-02T03:04:05Z`.
    pub(super) date: &'a str,
    /// A random text that is different for every attempt.
    pub(super) nonce: &'a str,
    pub(super) parameters: &'a BTreeMap<&'a str, &'a str>,
}

/// What is sent for a signed request: its query, and headers beside those that the HTTP client
/// sets. Both hold the id of the key and the signature, and one of them the security token, so they
/// are wiped from memory when they are dropped.
pub(super) struct Signed {
    pub(super) query: Zeroizing<String>,
    pub(super) headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The signature alone, by which it is found in text that quotes the request.
    pub(super) signature: Secret,
}

/// Signs a request with this method.
pub(super) fn sign(method: SignatureMethod, request: &Unsigned<'_>, key: &AccessKey) -> Signed {
    match method {
        SignatureMethod::Acs3HmacSha256 => acs3::sign(request, key),
        SignatureMethod::HmacSha1 => rpc::sign(request, key),
    }
}

#[cfg(test)]
mod vectors {
    //! `tests/fixtures/signing-vectors.json`: two requests as the official Python SDK signs them.

    use serde_json::Value;

    use super::*;

    /// Calls `check` with each request, its key, and the values expected under `form`.
    pub(super) fn each(form: &str, check: impl Fn(&Unsigned<'_>, &AccessKey, &Value)) {
        let file = include_str!("../../../../../tests/fixtures/signing-vectors.json");
        let file: Value = serde_json::from_str(file).expect("JSON");
        let cases = file["cases"].as_array().expect("cases");
        assert_eq!(cases.len(), 2);
        for case in cases {
            let text = |name: &str| case[name].as_str().expect("text");
            let key = AccessKey {
                id: text("access_key_id").into(),
                secret: Secret::new(text("access_key_secret")),
                security_token: case["security_token"].as_str().map(Secret::new),
            };
            let parameters = case["parameters"].as_object().expect("parameters");
            let parameters = parameters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().expect("text")))
                .collect();
            let request = Unsigned {
                method: text("method"),
                host: text("host"),
                action: text("action"),
                version: text("version"),
                date: text("date"),
                nonce: text("nonce"),
                parameters: &parameters,
            };
            check(&request, &key, &case[form]);
        }
    }
}
