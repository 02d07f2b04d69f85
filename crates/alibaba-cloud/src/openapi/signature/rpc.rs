//! `HMAC-SHA1`, the older signature method, which Alibaba Cloud describes as [RPC
//! mechanism][rpc]: the whole query is signed, and the signature is added to it.
//!
//! [rpc]: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use base::secret::Secret;

use super::super::{AccessKey, encoding};
use super::{Signed, Unsigned};

pub(super) fn sign(request: &Unsigned<'_>, key: &AccessKey) -> Signed {
    let parameters = parameters(request, key);
    let signature = signature(&string_to_sign(request.method, &parameters), key);
    let pairs = parameters.iter().map(|(name, value)| (*name, *value));
    let query = encoding::query(pairs.chain([("Signature", signature.as_str())]));
    let plain = |text: &str| Zeroizing::new(text.to_owned());
    let headers = vec![
        ("x-acs-action", plain(request.action)),
        ("x-acs-version", plain(request.version)),
    ];
    Signed {
        query: Zeroizing::new(query),
        headers,
        signature: Secret::new(signature),
    }
}

/// All parameters that are signed, in the order of their names.
fn parameters<'a>(request: &'a Unsigned<'_>, key: &'a AccessKey) -> BTreeMap<&'a str, &'a str> {
    let mut parameters: BTreeMap<&str, &str> = request
        .parameters
        .iter()
        .map(|(name, value)| (*name, *value))
        .collect();
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
    if let Some(token) = &key.security_token {
        parameters.insert("SecurityToken", token.expose());
    }
    parameters
}

fn string_to_sign(method: &str, parameters: &BTreeMap<&str, &str>) -> Zeroizing<String> {
    let query = encoding::query(parameters.iter().map(|(name, value)| (*name, *value)));
    let query = Zeroizing::new(query);
    Zeroizing::new(format!("{method}&%2F&{}", encoding::encode(&query)))
}

fn signature(string_to_sign: &str, key: &AccessKey) -> String {
    // The key is the secret followed by `&`. It is wiped from memory as the secret is.
    let key = Secret::new(format!("{}&", key.secret.expose()));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(string_to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::vectors;
    use super::*;

    #[test]
    fn every_stage_matches_the_official_python_sdk() {
        vectors::each("hmac_sha1", |request, key, expected| {
            let to_sign = string_to_sign(request.method, &parameters(request, key));
            assert_eq!(to_sign.as_str(), expected["string_to_sign"]);
            assert_eq!(signature(&to_sign, key), expected["signature"]);
            let encoded = encoding::encode(expected["signature"].as_str().expect("text"));
            assert!(
                sign(request, key)
                    .query
                    .ends_with(&format!("&Signature={encoded}"))
            );
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
            signature(&string_to_sign("GET", &parameters), &key),
            "9NaGiOspFP5UPcwX8Iwt2YJXXuk="
        );
    }
}
