//! `ACS3-HMAC-SHA256`, the current signature method, which Alibaba Cloud describes as
//! [V3 request body and signature][3].
//!
//! [3]: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use base::secret::Secret;

use super::super::{AccessKey, encoding};
use super::{Signed, Unsigned};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

pub(super) fn sign(request: &Unsigned<'_>, key: &AccessKey) -> Signed {
    let mut headers = headers(request, key);
    let canonical = CanonicalRequest::new(request, &headers);
    let signature = signature(&string_to_sign(&canonical.text), key);
    let authorization = format!(
        "{ALGORITHM} Credential={},SignedHeaders={},Signature={signature}",
        key.id, canonical.signed_headers
    );
    // The HTTP client writes the host itself.
    headers.retain(|(name, _)| *name != "host");
    headers.push(("authorization", authorization));
    let headers = headers.into_iter();
    Signed {
        query: Zeroizing::new(canonical.query),
        headers: headers
            .map(|(name, value)| (name, Zeroizing::new(value)))
            .collect(),
        signature: Secret::new(signature),
    }
}

/// The headers that are signed, in the order of their names. `user-agent` and `accept` are left
/// out, because a proxy may rewrite them.
fn headers(request: &Unsigned<'_>, key: &AccessKey) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("host", request.host.to_owned()),
        ("x-acs-action", request.action.to_owned()),
        ("x-acs-content-sha256", hex(&Sha256::digest(b""))),
        ("x-acs-date", request.date.to_owned()),
        ("x-acs-signature-nonce", request.nonce.to_owned()),
        ("x-acs-version", request.version.to_owned()),
    ];
    if let Some(token) = &key.security_token {
        headers.push(("x-acs-security-token", token.expose().to_owned()));
    }
    headers.sort();
    headers
}

/// The request in the form that is hashed and signed. The body is always empty.
struct CanonicalRequest {
    /// The text holds the security token, so it is wiped from memory when it is dropped.
    text: Zeroizing<String>,
    /// The query as it has to be sent, so that it is encoded once only.
    query: String,
    /// The names of the signed headers, joined by `;`.
    signed_headers: String,
}

impl CanonicalRequest {
    fn new(request: &Unsigned<'_>, headers: &[(&str, String)]) -> Self {
        let query = encoding::query(
            request
                .parameters
                .iter()
                .map(|(name, value)| (*name, *value)),
        );
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let signed_headers = names.join(";");
        let lines: Zeroizing<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect::<String>()
            .into();
        let body = hex(&Sha256::digest(b""));
        let text = Zeroizing::new(format!(
            "{}\n/\n{query}\n{}\n{signed_headers}\n{body}",
            request.method,
            lines.as_str()
        ));
        Self {
            text,
            query,
            signed_headers,
        }
    }
}

fn string_to_sign(canonical_request: &str) -> String {
    format!(
        "{ALGORITHM}\n{}",
        hex(&Sha256::digest(canonical_request.as_bytes()))
    )
}

fn signature(string_to_sign: &str, key: &AccessKey) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(string_to_sign.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// The bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::super::vectors;
    use super::*;

    #[test]
    fn every_stage_matches_the_official_python_sdk() {
        vectors::each("acs3_hmac_sha256", |request, key, expected| {
            let canonical = CanonicalRequest::new(request, &headers(request, key));
            assert_eq!(canonical.text.as_str(), expected["canonical_request"]);
            assert_eq!(canonical.signed_headers, expected["signed_headers"]);
            let to_sign = string_to_sign(&canonical.text);
            let hash = expected["canonical_request_sha256"].as_str().expect("text");
            assert_eq!(to_sign, format!("ACS3-HMAC-SHA256\n{hash}"));
            assert_eq!(signature(&to_sign, key), expected["signature"]);
            let signed = sign(request, key);
            let (name, authorization) = signed.headers.last().expect("a header");
            assert_eq!(*name, "authorization");
            assert!(authorization.ends_with(expected["signature"].as_str().expect("text")));
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
        let to_sign =
            string_to_sign(&CanonicalRequest::new(&request, &headers(&request, &key)).text);
        assert!(
            to_sign.ends_with("7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259")
        );
        assert_eq!(
            signature(&to_sign, &key),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }
}
