//! The two ways to sign a request, as functions of everything that goes into the signature.
//!
//! Alibaba Cloud describes `ACS3-HMAC-SHA256` as [V3 request body and signature][v3], and
//! `HMAC-SHA1` as [RPC mechanism][rpc]: there the whole query is signed, and the signature is added
//! to it.
//!
//! [v3]: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
//! [rpc]: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use base::secret::Secret;

use super::{AccessKey, encoding};

/// The method by which requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `ACS3-HMAC-SHA256`, the current method. The signature is in a header.
    #[default]
    Acs3HmacSha256,
    /// `HMAC-SHA1`, the older method. The signature is in the query.
    HmacSha1,
}

/// The error says what was expected.
impl FromStr for SignatureMethod {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "ACS3-HMAC-SHA256" => Ok(Self::Acs3HmacSha256),
            "HMAC-SHA1" => Ok(Self::HmacSha1),
            _ => Err("expected ACS3-HMAC-SHA256 or HMAC-SHA1"),
        }
    }
}

/// A request before it is signed. It has no body.
#[derive(Debug)]
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) action: &'a str,
    pub(crate) version: &'a str,
    /// The time of signing in UTC, to the second, such as `2025-01-02T03:04:05Z`.
    pub(crate) date: &'a str,
    /// A random text that is different for every attempt.
    pub(crate) nonce: &'a str,
    pub(crate) parameters: &'a BTreeMap<&'a str, &'a str>,
}

/// What is sent for a signed request: its query, and headers beside those that the HTTP client
/// sets. Both hold the id of the key and the signature, and one of them the security token, so they
/// are wiped from memory when they are dropped.
pub struct Signed {
    pub(crate) query: Zeroizing<String>,
    pub(crate) headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The signature alone, by which it is found in text that quotes the request.
    pub(crate) signature: Secret,
}

/// Signs a request with this method.
pub(crate) fn sign(method: SignatureMethod, request: &Unsigned<'_>, key: &AccessKey) -> Signed {
    match method {
        SignatureMethod::Acs3HmacSha256 => sign_headers(request, key),
        SignatureMethod::HmacSha1 => sign_query(request, key),
    }
}

/// Signs by `ACS3-HMAC-SHA256`. The headers `user-agent` and `accept` are not signed, because a
/// proxy may rewrite them.
fn sign_headers(request: &Unsigned<'_>, key: &AccessKey) -> Signed {
    let body = hex(&Sha256::digest(b""));
    let token = key.security_token.as_ref().map(Secret::expose);
    let mut headers = vec![
        ("host", request.host),
        ("x-acs-action", request.action),
        ("x-acs-content-sha256", &body),
        ("x-acs-date", request.date),
        ("x-acs-signature-nonce", request.nonce),
        ("x-acs-version", request.version),
    ];
    headers.extend(token.map(|token| ("x-acs-security-token", token)));
    headers.sort_unstable();
    let query = Zeroizing::new(encoding::query(request.parameters));
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    // What holds the security token is wiped from memory when it is dropped.
    let lines = headers.iter();
    let lines = lines.map(|(name, value)| format!("{name}:{}\n", value.trim()));
    let lines: Zeroizing<String> = lines.collect::<String>().into();
    let canonical = Zeroizing::new(format!(
        "{}\n/\n{}\n{}\n{names}\n{body}",
        request.method, *query, *lines
    ));
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("ACS3-HMAC-SHA256\n{hash}");
    let signature = hex(&hmac::<Hmac<Sha256>>(key.secret.expose(), &to_sign));
    let authorization = format!(
        "ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}",
        key.id
    );
    // The HTTP client writes the host itself.
    let sent = headers.into_iter().filter(|(name, _)| *name != "host");
    let sent = sent.chain([("authorization", authorization.as_str())]);
    Signed {
        query,
        headers: sent
            .map(|(name, value)| (name, Zeroizing::new(value.to_owned())))
            .collect(),
        signature: Secret::new(signature),
    }
}

/// Signs by `HMAC-SHA1`.
fn sign_query(request: &Unsigned<'_>, key: &AccessKey) -> Signed {
    let mut parameters = request.parameters.clone();
    parameters.extend([
        ("AccessKeyId", key.id.as_str()),
        ("Action", request.action),
        // Without this the service answers in XML.
        ("Format", "json"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", request.nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", request.date),
        ("Version", request.version),
    ]);
    let token = key.security_token.as_ref().map(Secret::expose);
    parameters.extend(token.map(|token| ("SecurityToken", token)));
    let signature = query_signature(request.method, &parameters, key);
    parameters.insert("Signature", &signature);
    let plain = |text: &str| Zeroizing::new(text.to_owned());
    Signed {
        query: Zeroizing::new(encoding::query(&parameters)),
        headers: vec![
            ("x-acs-action", plain(request.action)),
            ("x-acs-version", plain(request.version)),
        ],
        signature: Secret::new(signature),
    }
}

fn query_signature(method: &str, parameters: &BTreeMap<&str, &str>, key: &AccessKey) -> String {
    let query = Zeroizing::new(encoding::query(parameters));
    let to_sign = Zeroizing::new(format!("{method}&%2F&{}", encoding::encode(&query)));
    // The key is the secret followed by `&`. It is wiped from memory as the secret is.
    let key = Secret::new(format!("{}&", key.secret.expose()));
    STANDARD.encode(hmac::<Hmac<Sha1>>(key.expose(), &to_sign))
}

fn hmac<M: Mac + KeyInit>(key: &str, text: &str) -> Vec<u8> {
    let mut mac =
        <M as KeyInit>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Calls `check` with each request of `tests/fixtures/signing-vectors.json`, which the official
    /// Python SDK signed, its key, and the values expected under `form`.
    fn each(form: &str, check: impl Fn(&Unsigned<'_>, &AccessKey, &Value)) {
        let file = include_str!("../../../../tests/fixtures/signing-vectors.json");
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

    #[test]
    fn headers_are_signed_as_by_the_official_python_sdk() {
        each("acs3_hmac_sha256", |request, key, expected| {
            let signed = sign_headers(request, key);
            let expected = |name: &str| expected[name].as_str().expect("text").to_owned();
            let (signature, names) = (expected("signature"), expected("signed_headers"));
            assert_eq!(signed.signature.expose(), signature);
            let (name, authorization) = signed.headers.last().expect("a header");
            assert_eq!(*name, "authorization");
            let end = format!(",SignedHeaders={names},Signature={signature}");
            assert!(authorization.ends_with(&end), "{}", **authorization);
        });
    }

    #[test]
    fn the_sample_of_the_documentation_page_v3_request_structure_matches() {
        let parameters = [
            (
                "ImageId",
                "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            ),
            ("RegionId", "cn-shanghai"),
        ]
        .into();
        let request = Unsigned {
            method: "POST",
            host: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            date: "2023-10-26T10:22:32Z",
            nonce: "3156853299f313e23d1673dc12e1703d",
            parameters: &parameters,
        };
        let key = AccessKey {
            id: "YourAccessKeyId".into(),
            secret: Secret::new("YourAccessKeySecret"),
            security_token: None,
        };
        assert_eq!(
            sign_headers(&request, &key).signature.expose(),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn queries_are_signed_as_by_the_official_python_sdk() {
        each("hmac_sha1", |request, key, expected| {
            let signature = expected["signature"].as_str().expect("text");
            let signed = sign_query(request, key);
            assert_eq!(signed.signature.expose(), signature);
            let encoded = format!("Signature={}&", encoding::encode(signature));
            assert!(signed.query.contains(&encoded), "{}", *signed.query);
        });
    }

    #[test]
    fn the_sample_of_the_documentation_page_rpc_mechanism_matches() {
        let parameters = [
            ("AccessKeyId", "testid"),
            ("Action", "DescribeDedicatedHosts"),
            ("Format", "JSON"),
            ("RegionId", "cn-beijing"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "edb2b34af0af9a6d14deaf7c1a5315eb"),
            ("SignatureVersion", "1.0"),
            ("Timestamp", "2023-03-13T08:34:30Z"),
            ("Version", "2014-05-26"),
        ]
        .into();
        let key = AccessKey {
            id: "testid".into(),
            secret: Secret::new("testsecret"),
            security_token: None,
        };
        assert_eq!(
            query_signature("GET", &parameters, &key),
            "9NaGiOspFP5UPcwX8Iwt2YJXXuk="
        );
    }
}
