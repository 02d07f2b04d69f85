//! The sources of credentials: the metadata service, the credentials URI and CloudSSO.

use hyper::header::{HeaderName, HeaderValue};

use super::*;

const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
const CREDENTIALS: &str = "/latest/meta-data/ram/security-credentials/emulator-role";
const WITH_TOKEN: &str = "x-aliyun-ecs-metadata-token";
const TIME_TO_LIVE: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";

impl Fixture {
    /// Sends a request without a signature, and returns status and text of the answer.
    fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let mut call = list("unused");
        call.method = method;
        call.path = path.into();
        call.query = String::new();
        call.body = body.to_owned().into();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            call.headers
                .insert(name, HeaderValue::from_str(value).expect("text"));
        }
        let Delivery::Respond(response) = self.receive(&call).into_delivery() else {
            panic!("there is no answer");
        };
        let sent = response
            .body
            .iter()
            .filter_map(|(_, bytes)| bytes.as_deref());
        let body = sent.collect::<Vec<_>>().concat();
        (response.status, String::from_utf8(body).expect("text"))
    }

    fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        self.ask(Method::GET, path, headers, "")
    }

    fn metadata_token(&mut self, seconds: &str) -> (u16, String) {
        self.ask(Method::PUT, TOKEN, &[(TIME_TO_LIVE, seconds)], "")
    }

    fn metadata_key(&mut self) -> String {
        let (status, text) = self.get(CREDENTIALS, &[]);
        assert_eq!(status, 200, "{text}");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        body["AccessKeyId"].as_str().expect("text").to_owned()
    }
}

#[test]
fn the_metadata_service_names_its_role_and_hands_out_credentials() {
    let mut fixture = Fixture::new(&[]);
    let (status, token) = fixture.metadata_token("21600");
    assert_eq!(status, 200);
    let headers = [(WITH_TOKEN, &*token)];
    let role = (200, "emulator-role".to_owned());
    assert_eq!(fixture.get(ROLES, &headers), role);
    assert_eq!(
        fixture.last_entry().action.as_deref(),
        Some("GetMetadataRole")
    );
    let (_, text) = fixture.get(CREDENTIALS, &headers);
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(body["Code"], "Success");
    assert_eq!(body["LastUpdated"], "2025-01-02T03:04:05Z");
    assert_eq!(body["Expiration"], "2025-01-02T04:04:05Z");
    assert!(body["SecurityToken"].is_string() && body["AccessKeySecret"].is_string());

    let entry = json!(fixture.last_entry());
    assert_eq!(entry["kind"], "metadata");
    assert_eq!(entry["issued_key_id"], body["AccessKeyId"]);
    let secret = body["AccessKeySecret"].as_str().expect("text");
    assert!(!entry.to_string().contains(secret));
    let journal = json!(fixture.service.journal).to_string();
    assert!(!journal.contains(&token), "{journal}");
}

#[test]
fn each_version_of_the_metadata_service_lets_its_own_requests_pass() {
    for (metadata, token, without, with) in [
        ("both", 200, 200, 200),
        ("v2", 200, 403, 200),
        ("v1", 404, 200, 200),
        ("off", 404, 404, 404),
    ] {
        let mut fixture = Fixture::new(&["--metadata", metadata]);
        let (status, text) = fixture.metadata_token("60");
        assert_eq!(status, token, "{metadata}");
        assert_eq!(fixture.get(ROLES, &[]).0, without, "{metadata}");
        let text = if status == 200 { text } else { "token".into() };
        assert_eq!(
            fixture.get(ROLES, &[(WITH_TOKEN, &text)]).0,
            with,
            "{metadata}"
        );
    }
}

#[test]
fn a_metadata_token_ends_and_must_be_asked_for_in_the_right_way() {
    let mut fixture = Fixture::new(&[]);
    for seconds in ["", "0", "21601", "long"] {
        assert_eq!(fixture.metadata_token(seconds).0, 400, "{seconds}");
    }
    assert_eq!(fixture.get(TOKEN, &[]).0, 405);
    let (_, token) = fixture.metadata_token("60");
    fixture.date += Duration::from_secs(60);
    assert_eq!(fixture.get(ROLES, &[(WITH_TOKEN, &token)]).0, 403);
    assert_eq!(fixture.get(ROLES, &[(WITH_TOKEN, "guessed")]).0, 403);
}

#[test]
fn the_same_credentials_are_handed_out_until_they_near_their_end_or_are_revoked() {
    let mut fixture = Fixture::new(&["--session-lifetime=60"]);
    let first = fixture.metadata_key();
    fixture.date += Duration::from_secs(44);
    assert_eq!(fixture.metadata_key(), first);
    fixture.date += Duration::from_secs(1);
    let second = fixture.metadata_key();
    assert_ne!(second, first);
    fixture.control(Method::DELETE, "sessions", &Value::Null);
    assert_ne!(fixture.metadata_key(), second);
}

#[test]
fn another_role_is_not_found() {
    let mut fixture = Fixture::new(&[]);
    assert_eq!(
        fixture
            .get("/latest/meta-data/ram/security-credentials/no", &[])
            .0,
        404
    );
    assert_eq!(fixture.get("/latest/meta-data/instance-id", &[]).0, 404);
}

#[test]
fn the_metadata_service_takes_its_time() {
    let mut fixture = Fixture::new(&["--metadata-delay=3s"]);
    let mut call = list("unused");
    call.method = Method::GET;
    call.path = ROLES.into();
    assert_eq!(fixture.receive(&call).delay, Duration::from_secs(3));
    assert_eq!(fixture.receive(&list("1")).delay, Duration::ZERO);
}

#[test]
fn the_credentials_uri_answers_as_configured() {
    for (kind, code, has_key) in [
        ("success", json!("Success"), true),
        ("no-code", Value::Null, true),
        ("failure", json!("Forbidden"), false),
    ] {
        let mut fixture = Fixture::new(&["--credentials-uri", kind]);
        let (status, text) = fixture.get("/_emulator/credentials-uri", &[]);
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((status, &body["Code"]), (200, &code));
        assert_eq!(body["SecurityToken"].is_string(), has_key);
        assert_eq!(json!(fixture.last_entry())["kind"], "credentials_uri");
    }
}

#[test]
fn cloud_sso_exchanges_an_access_token() {
    let mut fixture = Fixture::new(&[]);
    let body = json!({
        "AccountId": "1000000000000000",
        "AccessConfigurationId": "ac-1",
    });
    let mut ask = |token: &str, body: &Value| {
        let header = format!("Bearer {token}");
        let headers = [("authorization", &*header)];
        let body = body.to_string();
        let (status, text) = fixture.ask(Method::POST, "/cloud-credentials", &headers, &body);
        (status, serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    let (status, answer) = ask("s3cr3t", &body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["CloudCredential"]["Expiration"],
        "2025-01-02T04:04:05Z"
    );
    let (status, answer) = ask("", &body);
    assert_eq!(
        (status, &answer["ErrorCode"]),
        (401, &json!("InvalidAccessToken"))
    );
    assert_eq!(ask("s3cr3t", &json!({})).0, 400);
    let mut elsewhere = body;
    elsewhere["AccountId"] = json!("7");
    assert_eq!(ask("s3cr3t", &elsewhere).0, 403);
    let journal = json!(fixture.service.journal).to_string();
    assert!(!journal.contains("s3cr3t"), "{journal}");
}

#[test]
fn faults_strike_sources_by_their_names() {
    let fault = json!([{
        "kind": "status",
        "status": 500,
        "when": "before_commit",
        "action": "GetMetadataCredentials",
        "times": 2,
    }]);
    let mut fixture = Fixture::with_faults(fault);
    assert_eq!(fixture.get(ROLES, &[]).0, 200);
    assert_eq!(fixture.get(CREDENTIALS, &[]).0, 500);
    assert_eq!(fixture.get(CREDENTIALS, &[]).0, 500);
    assert_eq!(fixture.get(CREDENTIALS, &[]).0, 200);
}
