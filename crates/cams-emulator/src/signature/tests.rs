//! Held to vectors computed with the official Python SDK, stage by stage.

pub(crate) mod requests;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method};
use serde::Deserialize;

use super::*;
use crate::encoding::encode;
use requests::HttpRequest;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    access_key_id: String,
    access_key_secret: String,
    security_token: Option<String>,
    date: String,
    nonce: String,
    host: String,
    action: String,
    version: String,
    parameters: std::collections::BTreeMap<String, String>,
    hmac_sha1: HmacSha1,
    acs3_hmac_sha256: Acs3,
}

#[derive(Deserialize)]
struct HmacSha1 {
    string_to_sign: String,
    signature: String,
}

#[derive(Deserialize)]
struct Acs3 {
    canonical_request: String,
    canonical_request_sha256: String,
    signed_headers: String,
    signature: String,
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

impl Case {
    fn all() -> Vec<Self> {
        let text = include_str!("../../../../tests/fixtures/signing-vectors.json");
        serde_json::from_str::<Vectors>(text)
            .expect("the vectors are JSON")
            .cases
    }

    fn secret(&self) -> Secret {
        Secret::new(self.access_key_secret.as_str())
    }

    fn call(&self, query: String) -> HttpRequest {
        HttpRequest {
            method: Method::POST,
            path: "/".into(),
            query,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    fn acs3(&self) -> HttpRequest {
        let query: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value).replace("%20", "+")))
            .collect();
        let mut call = self.call(query.join("&"));
        let authorization = format!(
            "ACS3-HMAC-SHA256 Credential={},SignedHeaders={},Signature={}",
            self.access_key_id,
            self.acs3_hmac_sha256.signed_headers,
            self.acs3_hmac_sha256.signature
        );
        let mut headers = vec![
            ("host", self.host.as_str()),
            ("x-acs-action", &self.action),
            ("x-acs-content-sha256", EMPTY),
            ("x-acs-date", &self.date),
            ("x-acs-signature-nonce", &self.nonce),
            ("x-acs-version", &self.version),
            ("user-agent", "unsigned"),
            ("authorization", &authorization),
        ];
        headers.extend(
            self.security_token
                .as_deref()
                .map(|token| ("x-acs-security-token", token)),
        );
        for (name, value) in headers {
            call.headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("a header value"),
            );
        }
        call
    }

    fn hmac_sha1(&self) -> HttpRequest {
        let common = [
            ("AccessKeyId", self.access_key_id.as_str()),
            ("Action", &self.action),
            ("Format", "json"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", &self.nonce),
            ("SignatureVersion", "1.0"),
            ("Timestamp", &self.date),
            ("Version", &self.version),
            ("Signature", &self.hmac_sha1.signature),
        ];
        let token = self
            .security_token
            .as_deref()
            .map(|token| ("SecurityToken", token));
        let own = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let query: Vec<_> = common
            .into_iter()
            .chain(token)
            .chain(own)
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        self.call(query.join("&"))
    }
}

#[test]
fn acs3_matches_the_official_sdk_at_every_stage() {
    for case in Case::all() {
        let call = case.acs3();
        let request = call.parse();
        let expected = &case.acs3_hmac_sha256;
        let canonical = acs3::canonical_request(&request, &expected.signed_headers);
        assert_eq!(canonical, expected.canonical_request, "{}", case.name);
        let to_sign = acs3::string_to_sign(&canonical);
        assert_eq!(
            to_sign,
            format!("ACS3-HMAC-SHA256\n{}", expected.canonical_request_sha256)
        );
        assert_eq!(
            acs3::sign(&to_sign, &case.secret()),
            expected.signature,
            "{}",
            case.name
        );
        assert_eq!(verify(&request, &case.secret()), Ok(()), "{}", case.name);
    }
}

#[test]
fn hmac_sha1_matches_the_official_sdk_at_every_stage() {
    for case in Case::all() {
        let call = case.hmac_sha1();
        let request = call.parse();
        let to_sign = hmac_sha1::string_to_sign(&request);
        assert_eq!(to_sign, case.hmac_sha1.string_to_sign, "{}", case.name);
        assert_eq!(
            hmac_sha1::sign(&to_sign, &case.secret()),
            case.hmac_sha1.signature
        );
        assert_eq!(verify(&request, &case.secret()), Ok(()), "{}", case.name);
    }
}

#[test]
fn a_claim_is_the_same_in_both_forms() {
    for case in Case::all() {
        for call in [case.acs3(), case.hmac_sha1()] {
            let request = call.parse();
            let expected = SignatureClaim {
                access_key_id: &case.access_key_id,
                security_token: case.security_token.as_deref(),
                date: &case.date,
                nonce: &case.nonce,
            };
            assert_eq!(claim(&request), Ok(expected), "{}", case.name);
            assert_eq!(request.action(), Some(case.action.as_str()));
        }
    }
}

#[test]
fn anything_changed_after_signing_is_refused_without_showing_secrets() {
    for case in Case::all() {
        let mut acs3 = case.acs3();
        acs3.query = acs3.query.replace("CustSpaceId=", "CustSpaceId=x");
        let mut hmac_sha1 = case.hmac_sha1();
        hmac_sha1.query = hmac_sha1.query.replace("CustSpaceId=", "CustSpaceId=x");
        for call in [acs3, hmac_sha1] {
            let request = call.parse();
            let refusal = verify(&request, &case.secret()).expect_err("it was changed");
            assert_eq!(refusal.code, "SignatureDoesNotMatch");
            assert!(
                refusal.message.contains("stage: signature"),
                "{}",
                refusal.message
            );
            assert!(!refusal.message.contains(&case.access_key_secret));
            if let Some(token) = &case.security_token {
                for form in [token.clone(), encode(token), encode(&encode(token))] {
                    assert!(!refusal.message.contains(&form), "{}", refusal.message);
                }
            }
        }
    }
}

#[test]
fn a_wrong_secret_is_refused() {
    let case = Case::all().remove(0);
    for call in [case.acs3(), case.hmac_sha1()] {
        let request = call.parse();
        assert!(verify(&request, &Secret::new("other")).is_err());
    }
}

#[test]
fn a_body_that_is_not_the_hashed_one_is_told_apart() {
    let case = Case::all().remove(0);
    let mut call = case.acs3();
    call.body = Bytes::from_static(b"extra");
    let request = call.parse();
    let refusal = verify(&request, &case.secret()).expect_err("the hash differs");
    assert!(refusal.message.contains("stage: x-acs-content-sha256"));
}

#[test]
fn headers_of_the_protocol_must_be_signed() {
    let case = Case::all().remove(0);
    let mut call = case.acs3();
    call.headers
        .insert("x-acs-retry-attempts", HeaderValue::from_static("1"));
    let request = call.parse();
    let refusal = verify(&request, &case.secret()).expect_err("a header is not signed");
    assert_eq!(refusal.code, "IncompleteSignature");
    assert!(refusal.message.contains("x-acs-retry-attempts"));
}

#[test]
fn a_malformed_authorization_is_refused() {
    let case = Case::all().remove(0);
    for authorization in [
        "",
        "Bearer x",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=a",
    ] {
        let mut call = case.acs3();
        call.headers
            .insert("authorization", HeaderValue::from_static(authorization));
        let request = call.parse();
        assert_eq!(
            claim(&request).map_err(|r| r.code),
            Err("IncompleteSignature".into())
        );
    }
}
