//! Sessions of a running emulator, from each source to a call that is signed with them.

use std::time::{Duration, Instant, SystemTime};

use base::clock::Utc;
use base::random::Random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::emulator::Emulator;

const ACCOUNT: &str = "1000000000000000";
const ROLE: (&str, &str) = ("RoleArn", "acs:ram::1000000000000000:role/admin");
const NAME: (&str, &str) = ("RoleSessionName", "runner");
const PROVIDER: (&str, &str) = (
    "OIDCProviderArn",
    "acs:ram::1000000000000000:oidc-provider/GitHub",
);
const METADATA: &str = "/latest/meta-data/ram/security-credentials/";

/// An access key, and the token of its session if it has one.
#[derive(Clone)]
pub(crate) struct Key {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Key {
    /// The permanent key that every emulator knows.
    pub(crate) fn permanent() -> Self {
        Self {
            id: "emulator".into(),
            secret: "emulator-secret".into(),
            token: None,
        }
    }

    /// The key in credentials of an answer.
    fn of(credentials: &Value) -> Self {
        let text = |name: &str| {
            let value = credentials[name].as_str();
            value.unwrap_or_else(|| panic!("{credentials}")).to_owned()
        };
        Self {
            id: text("AccessKeyId"),
            secret: text("AccessKeySecret"),
            token: Some(text("SecurityToken")),
        }
    }
}

impl Emulator {
    /// Has the service send a code to the number, and returns it.
    pub(crate) fn send_code(&self, phone_number: &str) -> String {
        let parameters = [
            ("CustSpaceId", "cams-test"),
            ("PhoneNumber", phone_number),
            ("Method", "sms"),
            ("Locale", "en_US"),
        ];
        let action = "GetMigrationVerifyCode";
        let (status, answer) = self.call(&Key::permanent(), "2020-06-06", action, &parameters);
        assert_eq!(status, 200, "{answer}");
        let sent = self.control("GET", &format!("codes/{phone_number}"), None);
        sent["code"].as_str().expect("a code").to_owned()
    }

    /// Sends a call that is signed by HMAC-SHA1.
    pub(crate) fn call(
        &self,
        key: &Key,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> (u16, Value) {
        let date = Utc::from(SystemTime::now()).seconds();
        let nonce = Random::from_system().nonce();
        let common = [
            ("AccessKeyId", &*key.id),
            ("Action", action),
            ("Format", "JSON"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", &nonce),
            ("SignatureVersion", "1.0"),
            ("Timestamp", &date),
            ("Version", version),
        ];
        let token = key.token.as_deref().map(|token| ("SecurityToken", token));
        let mut pairs: Vec<_> = common
            .into_iter()
            .chain(token)
            .chain(parameters.iter().copied())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        pairs.sort();
        let query = pairs.join("&");
        let to_sign = format!("POST&%2F&{}", encode(&query));
        let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", key.secret).as_bytes())
            .expect("a key of any length");
        mac.update(to_sign.as_bytes());
        let signature = encode(&STANDARD.encode(mac.finalize().into_bytes()));
        let path = format!("/?{query}&Signature={signature}");
        json_of(self.send("POST", &path, &[], String::new()))
    }

    fn list(&self, key: &Key) -> (u16, Value) {
        let space = ("CustSpaceId", "cams-1");
        self.call(key, "2020-06-06", "QueryChatappPhoneNumbers", &[space])
    }

    fn assume(&self, key: &Key) -> Key {
        let (status, body) = self.call(key, "2015-04-01", "AssumeRole", &[ROLE, NAME]);
        assert_eq!(status, 200, "{body}");
        Key::of(&body["Credentials"])
    }

    /// Asks for a session with a token of an identity provider.
    fn exchange(&self, token: &str) -> (u16, Value) {
        let common = [
            ("Action", "AssumeRoleWithOIDC"),
            ("Format", "JSON"),
            ("Version", "2015-04-01"),
        ];
        let path = format!("/?{}", form(&common));
        let body = form(&[ROLE, NAME, PROVIDER, ("OIDCToken", token)]);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        json_of(self.send("POST", &path, &headers, body))
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        self.send("GET", path, headers, String::new())
    }
}

fn encode(text: &str) -> String {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| match kept(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn json_of((status, text): (u16, String)) -> (u16, Value) {
    (status, serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn sessions_of_every_source_call_cams_as_one_account() {
    let emulator = Emulator::start(&["--quota=5/15m"]);
    let (status, token) = emulator.send(
        "PUT",
        "/latest/api/token",
        &[("x-aliyun-ecs-metadata-token-ttl-seconds", "60")],
        String::new(),
    );
    assert_eq!(status, 200, "{token}");
    let with_token = [("x-aliyun-ecs-metadata-token", &*token)];
    let (_, role) = emulator.get(METADATA, &with_token);
    let (_, metadata) = json_of(emulator.get(&format!("{METADATA}{role}"), &with_token));
    let (_, uri) = json_of(emulator.get("/_emulator/credentials-uri", &[]));
    let wanted = json!({ "AccountId": ACCOUNT, "AccessConfigurationId": "ac-1" });
    let bearer = [("authorization", "Bearer t0ken")];
    let (_, sso) =
        json_of(emulator.send("POST", "/cloud-credentials", &bearer, wanted.to_string()));
    let (_, oidc) = emulator.exchange("e30.e30.c2lnbmF0dXJl");

    let keys = [
        emulator.assume(&Key::permanent()),
        Key::of(&oidc["Credentials"]),
        Key::of(&metadata),
        Key::of(&uri),
        Key::of(&sso["CloudCredential"]),
    ];
    for key in &keys {
        let (status, body) = emulator.list(key);
        assert_eq!((status, &body["Code"]), (200, &json!("OK")), "{body}");
        let caller = emulator.call(key, "2015-04-01", "GetCallerIdentity", &[]).1;
        assert_eq!(caller["AccountId"], ACCOUNT, "{caller}");
    }
    // The account's quota of this action is used up, for keys that have not called it as well.
    assert_eq!(
        emulator.list(&Key::permanent()).1["Code"],
        "Throttling.User"
    );

    let journal = json!(emulator.requests()).to_string();
    for secret in keys
        .iter()
        .flat_map(|key| [key.token.as_ref(), Some(&key.secret)])
    {
        assert!(!journal.contains(secret.expect("a token")), "{journal}");
    }
    for token in ["t0ken", "c2lnbmF0dXJl", &token] {
        assert!(!journal.contains(token), "{journal}");
    }
}

#[test]
fn a_session_ends_in_time_and_is_over_when_it_is_revoked() {
    let emulator = Emulator::start(&["--session-lifetime=2", "--revoked-as=expired"]);
    let session = emulator.assume(&Key::permanent());
    let expired = (400, json!("InvalidSecurityToken.Expired"));
    let outcome = |key: &Key| {
        let (status, body) = emulator.list(key);
        (status, body["Code"].clone())
    };
    assert_eq!(outcome(&session), (200, json!("OK")));
    let issued = Instant::now();
    // No more calls than the quota allows are made until the session has ended.
    while outcome(&session) != expired {
        assert!(issued.elapsed() < Duration::from_secs(10), "it lives on");
        std::thread::sleep(Duration::from_millis(200));
    }

    emulator.change_issuance(json!({ "session_lifetime": null }));
    let session = emulator.assume(&Key::permanent());
    assert_eq!(outcome(&session), (200, json!("OK")));
    emulator.revoke_sessions();
    assert_eq!(outcome(&session), expired);
    assert_eq!(emulator.asked("sts", "AssumeRole"), 2);
}

#[test]
fn the_file_with_the_token_is_read_at_each_exchange() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    std::fs::write(&path, "first-token\n").expect("written");
    let flag = format!("--oidc-token-file={}", path.display());
    let emulator = Emulator::start(&[&flag]);
    assert_eq!(emulator.exchange("first-token").0, 200);
    std::fs::write(&path, "second-token").expect("written");
    let (status, body) = emulator.exchange("first-token");
    let expired = json!("AuthenticationFail.OIDCToken.Expired");
    assert_eq!((status, &body["Code"]), (401, &expired));
    assert!(!body.to_string().contains("first-token"), "{body}");
    assert_eq!(emulator.exchange("second-token").0, 200);
}

#[test]
fn keys_of_another_account_have_a_quota_of_their_own() {
    let emulator = Emulator::start(&["--quota=1/15m", "--key=2:other:other-secret"]);
    let other = Key {
        id: "other".into(),
        secret: "other-secret".into(),
        token: None,
    };
    assert_eq!(emulator.list(&Key::permanent()).0, 200);
    assert_eq!(
        emulator.list(&Key::permanent()).1["Code"],
        "Throttling.User"
    );
    assert_eq!(emulator.list(&other).0, 200);
    let summary = emulator.control("GET", "summary?account=2", None);
    assert_eq!(summary["actions"]["QueryChatappPhoneNumbers"]["arrived"], 1);
}

#[test]
fn a_slow_metadata_service_delays_nothing_else() {
    let emulator = Emulator::start(&["--metadata-delay=1500ms"]);
    let elapsed = |path: &str| {
        let started = Instant::now();
        emulator.get(path, &[]);
        started.elapsed()
    };
    assert!(elapsed(METADATA) >= Duration::from_millis(1500));
    assert!(elapsed("/_emulator/credentials-uri") < Duration::from_millis(1500));
}

#[test]
fn a_fault_makes_sts_unavailable_for_as_long_as_it_is_told() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "status",
        "status": 503,
        "when": "before_commit",
        "action": "AssumeRole",
        "times": 2,
    });
    emulator.control("POST", "faults", Some(fault));
    let key = Key::permanent();
    let ask = || {
        emulator
            .call(&key, "2015-04-01", "AssumeRole", &[ROLE, NAME])
            .0
    };
    assert_eq!([ask(), ask(), ask()], [503, 503, 200]);
    assert_eq!(emulator.asked("sts", "AssumeRole"), 3);
}
