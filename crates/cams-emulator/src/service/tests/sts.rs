//! STS: sessions, and what can be done with them.
//!
//! This file is longer than 300 lines because every operation of STS is tested here, and the
//! tests share the helpers that call it.

use super::*;
use crate::signature::tests::requests::signed_with;

const ACCOUNT: &str = "1000000000000000";
const ROLE: (&str, &str) = ("RoleArn", "acs:ram::1000000000000000:role/admin");
const SESSION: (&str, &str) = ("RoleSessionName", "terraform");
const STS: (&str, &str) = ("Version", "2015-04-01");
const OIDC: &str = "AssumeRoleWithOIDC";
const PROVIDER: (&str, &str) = (
    "OIDCProviderArn",
    "acs:ram::1000000000000000:oidc-provider/GitHub",
);

/// Credentials as an answer has them.
struct Credentials {
    id: String,
    secret: String,
    token: String,
}

impl Credentials {
    fn of(answer: &Value) -> Self {
        let text = |name: &str| {
            let value = answer["Credentials"][name].as_str();
            value.unwrap_or_else(|| panic!("{answer}")).to_owned()
        };
        Self {
            id: text("AccessKeyId"),
            secret: text("AccessKeySecret"),
            token: text("SecurityToken"),
        }
    }
}

impl Fixture {
    fn sts(&mut self, action: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let parameters: Vec<_> = parameters.iter().copied().chain([STS]).collect();
        self.call(action, &parameters)
    }

    fn assume(&mut self) -> Credentials {
        Credentials::of(&self.sts("AssumeRole", &[ROLE, SESSION]).1)
    }

    /// A call that is signed with these credentials.
    fn call_as(
        &mut self,
        credentials: &Credentials,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> (u16, Value) {
        let key = [
            ("AccessKeyId", &*credentials.id),
            ("SecurityToken", &*credentials.token),
        ];
        let parameters: Vec<_> = parameters.iter().copied().chain(key).collect();
        let nonce = self.nonce();
        let call = signed_with(&credentials.secret, &nonce, action, &parameters);
        shown(self.receive(&call))
    }

    /// A request without a signature, with its parameters in a form.
    fn post(&mut self, parameters: &[(&str, &str)]) -> (u16, Value) {
        let encoded = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&")
        };
        let mut call = list("unused");
        call.query = encoded(&[("Action", OIDC), STS, ("Format", "JSON")]);
        call.body = encoded(parameters).into();
        let form = "application/x-www-form-urlencoded".parse().expect("text");
        call.headers.insert("content-type", form);
        shown(self.receive(&call))
    }

    fn post_token(&mut self, token: &str) -> (u16, Value) {
        self.post(&[ROLE, SESSION, PROVIDER, ("OIDCToken", token)])
    }
}

#[test]
fn a_session_is_issued_as_documented_and_calls_cams() {
    let mut fixture = Fixture::listing(&[]);
    let (status, body) = fixture.sts("AssumeRole", &[ROLE, SESSION]);
    assert_eq!(status, 200, "{body}");
    let arn = "acs:ram::1000000000000000:role/admin/terraform";
    assert_eq!(body["AssumedRoleUser"]["Arn"], arn);
    assert_eq!(body["Credentials"]["Expiration"], "2025-01-02T04:04:05Z");
    assert_eq!(body.get("Code"), None);
    let session = Credentials::of(&body);
    assert!(session.id.starts_with("STS."), "{}", session.id);

    let entry = fixture.last_entry();
    assert_eq!(json!(entry)["kind"], "sts");
    assert_eq!(entry.access_key_id.as_deref(), Some("emulator"));
    assert_eq!(entry.issued_key_id.as_ref(), Some(&session.id));

    let number = [SPACE, ("CountryCode", "86"), ("MobileNumber", "139")];
    let (status, body) = fixture.call_as(&session, INITIATE, &number);
    assert_eq!((status, &body["Code"]), (200, &json!("OK")), "{body}");
    let entry = fixture.last_entry();
    assert_eq!(entry.access_key_id.as_ref(), Some(&session.id));
    assert_eq!(entry.account_id.as_deref(), Some(ACCOUNT));
}

#[test]
fn a_session_ends_and_can_be_followed_by_another() {
    let mut fixture = Fixture::new(&["--session-lifetime=60"]);
    let session = fixture.assume();
    fixture.date += Duration::from_secs(59);
    let near = ("Timestamp", "2025-01-02T03:04:05Z");
    assert_eq!(fixture.call_as(&session, LIST, &[SPACE, near]).0, 200);
    fixture.date += Duration::from_secs(1);
    let (status, body) = fixture.call_as(&session, LIST, &[SPACE, near]);
    let expired = json!("InvalidSecurityToken.Expired");
    assert_eq!((status, &body["Code"]), (400, &expired));
    assert!(!fixture.last_entry().counted);

    let next = fixture.assume();
    assert_ne!(next.id, session.id);
    assert_eq!(fixture.call_as(&next, LIST, &[SPACE]).0, 200);
}

#[test]
fn a_session_assumes_a_role_and_is_named_by_it() {
    let mut fixture = Fixture::new(&[]);
    let first = fixture.assume();
    let named = ("RoleSessionName", "second@host");
    let (status, body) = fixture.call_as(&first, "AssumeRole", &[ROLE, named, STS]);
    assert_eq!(status, 200, "{body}");
    let second = Credentials::of(&body);
    let (_, body) = fixture.call_as(&second, "GetCallerIdentity", &[STS]);
    let arn = "acs:ram::1000000000000000:assumed-role/admin/second@host";
    assert_eq!(body["Arn"], arn);
    assert_eq!(body["AccountId"], ACCOUNT);
    assert_eq!(body["IdentityType"], "AssumedRoleUser");
    assert_eq!(body.get("UserId"), None);
    let principal = format!("{}:second@host", body["RoleId"].as_str().expect("text"));
    assert_eq!(body["PrincipalId"], principal);
}

#[test]
fn a_permanent_key_is_told_whose_it_is() {
    let mut fixture = Fixture::new(&[]);
    let (_, body) = fixture.sts("GetCallerIdentity", &[]);
    assert_eq!(body["AccountId"], ACCOUNT);
    assert_eq!(body["IdentityType"], "RAMUser");
    assert_eq!(body["Arn"], "acs:ram::1000000000000000:user/emulator");
    assert!(body["UserId"].is_string() && body["PrincipalId"].is_string());
    assert_eq!(body.get("RoleId"), None);
}

#[test]
fn what_a_role_cannot_be_assumed_with_is_refused_with_the_documented_code() {
    let mut fixture = Fixture::new(&["--role=admin", "--external-id=partner"]);
    let right = ("ExternalId", "partner");
    let long = "x".repeat(2049);
    for (parameters, status, code) in [
        (&[SESSION, right][..], 400, "MissingRoleArn"),
        (&[ROLE, right], 400, "MissingRoleSessionName"),
        (
            &[("RoleArn", "admin"), SESSION],
            400,
            "InvalidParameter.RoleArn",
        ),
        (
            &[("RoleArn", "acs:ram::1000000000000000:role/a b"), SESSION],
            400,
            "InvalidParameter.RoleArn",
        ),
        (
            &[ROLE, ("RoleSessionName", "a")],
            400,
            "InvalidParameter.RoleSessionName",
        ),
        (
            &[ROLE, ("RoleSessionName", "a b")],
            400,
            "InvalidParameter.RoleSessionName",
        ),
        (
            &[ROLE, SESSION, ("DurationSeconds", "899")],
            400,
            "InvalidParameter.DurationSeconds",
        ),
        (
            &[ROLE, SESSION, ("DurationSeconds", "43201")],
            400,
            "InvalidParameter.DurationSeconds",
        ),
        (
            &[ROLE, SESSION, ("DurationSeconds", "an hour")],
            400,
            "InvalidParameter.DurationSeconds",
        ),
        (
            &[ROLE, SESSION, ("Policy", "{")],
            400,
            "InvalidParameter.PolicyGrammar",
        ),
        (
            &[ROLE, SESSION, ("Policy", &long)],
            400,
            "InvalidParameter.PolicySize",
        ),
        (
            &[ROLE, SESSION, ("ExternalId", "a b")],
            400,
            "InvalidParameter.ExternalId",
        ),
        (&[ROLE, SESSION], 403, "NoPermission"),
        (
            &[ROLE, SESSION, ("ExternalId", "stranger")],
            403,
            "NoPermission",
        ),
        (
            &[
                ("RoleArn", "acs:ram::1000000000000000:role/other"),
                SESSION,
                right,
            ],
            404,
            "EntityNotExist.Role",
        ),
        (
            &[("RoleArn", "acs:ram::7:role/admin"), SESSION, right],
            404,
            "EntityNotExist.Role",
        ),
    ] {
        let (given, body) = fixture.sts("AssumeRole", parameters);
        assert_eq!(
            (given, &body["Code"]),
            (status, &json!(code)),
            "{parameters:?}"
        );
        for field in ["Message", "RequestId", "HostId", "Recommend"] {
            assert!(body[field].is_string(), "{field}");
        }
    }
    let (status, _) = fixture.sts("AssumeRole", &[ROLE, SESSION, right]);
    assert_eq!(status, 200);
}

#[test]
fn a_token_of_an_identity_provider_starts_a_session_and_is_never_shown() {
    let mut fixture = Fixture::new(&[]);
    let token = "header.c2VjcmV0.signature";
    let (status, body) = fixture.post_token(token);
    assert_eq!(status, 200, "{body}");
    assert!(!body.to_string().contains(token));
    assert_eq!(body["OIDCTokenInfo"]["VerificationInfo"], "Success");
    let entry = json!(fixture.last_entry());
    assert_eq!(entry["access_key_id"], Value::Null);
    assert!(!entry.to_string().contains(token), "{entry}");

    let session = Credentials::of(&body);
    assert_eq!(fixture.call_as(&session, LIST, &[SPACE]).0, 200);
}

#[test]
fn a_gateway_that_quotes_requests_quotes_the_token_too() {
    let fault = json!([{ "kind": "echo_request", "action": OIDC }]);
    let mut fixture = Fixture::with_faults(fault);
    let (status, body) = fixture.post_token("header.c2VjcmV0.signature");
    assert_eq!(status, 400);
    let message = body["Message"].as_str().expect("text");
    assert!(
        message.contains("OIDCToken=header.c2VjcmV0.signature"),
        "{message}"
    );
}

#[test]
fn only_the_token_in_the_file_passes_and_one_that_was_there_has_expired() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    let file = path.to_str().expect("text");
    let mut fixture = Fixture::new(&["--oidc-token-file", file]);
    let code = |(status, body): (u16, Value)| (status, body["Code"].clone());
    let invalid = (401, json!("AuthenticationFail.OIDCToken.Invalid"));
    assert_eq!(code(fixture.post_token("first")), invalid);
    std::fs::write(&path, "first\n").expect("written");
    assert_eq!(fixture.post_token("first").0, 200);
    assert_eq!(code(fixture.post_token("first%0A")), invalid);
    std::fs::write(&path, "second").expect("written");
    let expired = (401, json!("AuthenticationFail.OIDCToken.Expired"));
    assert_eq!(code(fixture.post_token("first")), expired);
    assert_eq!(fixture.post_token("second").0, 200);
}

#[test]
fn a_jwt_whose_time_is_over_is_refused() {
    use base64::Engine as _;
    let jwt = |exp: u64| {
        let claims = json!({ "sub": "repo", "exp": exp }).to_string();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        format!("e30.{claims}.c2ln")
    };
    let mut fixture = Fixture::new(&[]);
    let now = 1_735_787_045;
    assert_eq!(fixture.post_token(&jwt(now + 1)).0, 200);
    let (status, body) = fixture.post_token(&jwt(now));
    let expired = json!("AuthenticationFail.OIDCToken.Expired");
    assert_eq!((status, &body["Code"]), (401, &expired));
}

#[test]
fn a_request_with_a_token_lacks_nothing_or_says_what() {
    let mut fixture = Fixture::new(&[]);
    let token = ("OIDCToken", "e30.e30.c2ln");
    let elsewhere = ("OIDCProviderArn", "acs:ram::7:oidc-provider/GitHub");
    for (parameters, code) in [
        (&[SESSION, PROVIDER, token][..], "MissingParameter.RoleArn"),
        (&[ROLE, SESSION, token], "MissingParameter.OIDCProviderArn"),
        (&[ROLE, SESSION, PROVIDER], "MissingParameter.OIDCToken"),
        (&[ROLE, PROVIDER, token], "MissingRoleSessionName"),
        (
            &[ROLE, SESSION, elsewhere, token],
            "AuthenticationFail.NoPermission",
        ),
    ] {
        assert_eq!(fixture.post(parameters).1["Code"], code);
    }
}

#[test]
fn a_source_identity_is_told_again_and_must_be_well_formed() {
    let mut fixture = Fixture::new(&[]);
    let named = ("SourceIdentity", "alice@host");
    let (_, body) = fixture.sts("AssumeRole", &[ROLE, SESSION, named]);
    assert_eq!(body["SourceIdentity"], "alice@host");
    let named = ("SourceIdentity", "acs:alice");
    let (_, body) = fixture.sts("AssumeRole", &[ROLE, SESSION, named]);
    assert_eq!(body["Code"], "InvalidParameter.SourceIdentity");
}

#[test]
fn the_sessions_of_an_account_share_its_quota_and_those_of_another_do_not() {
    let mut fixture = Fixture::new(&["--quota=2/1s", "--key=2:other:other-secret"]);
    let sessions = [fixture.assume(), fixture.assume()];
    let there = ("RoleArn", "acs:ram::2:role/admin");
    let foreign = fixture.sts("AssumeRole", &[there, SESSION]).1;
    let foreign = Credentials::of(&foreign);
    for session in &sessions {
        assert_eq!(fixture.call_as(session, LIST, &[SPACE]).0, 200);
    }
    let (_, body) = fixture.call(LIST, &[SPACE]);
    assert_eq!(body["Code"], "Throttling.User");
    assert_eq!(fixture.call_as(&foreign, LIST, &[SPACE]).0, 200);

    let summary = |fixture: &mut Fixture, path: &str| {
        let (_, summary) = fixture.control(Method::GET, path, &Value::Null);
        summary["actions"][LIST]["arrived"].clone()
    };
    assert_eq!(summary(&mut fixture, "summary"), 4);
    assert_eq!(summary(&mut fixture, "summary?account=2"), 1);
}

#[test]
fn calls_of_sts_do_not_use_the_quota_of_cams() {
    let mut fixture = Fixture::new(&["--quota=1/1s", "--quota-per=account"]);
    fixture.assume();
    fixture.assume();
    assert_eq!(fixture.call(LIST, &[SPACE]).0, 200);
}

#[test]
fn requests_are_counted_by_what_they_are_addressed_to() {
    let mut fixture = Fixture::new(&[]);
    fixture.assume();
    fixture.sts("AssumeRole", &[]);
    fixture.list();
    let (_, summary) = fixture.control(Method::GET, "summary", &Value::Null);
    let expected = json!({ "cams": { LIST: 1 }, "sts": { "AssumeRole": 2 } });
    assert_eq!(summary["requests"], expected);
}

#[test]
fn faults_strike_sts_as_they_strike_cams() {
    for (fault, status, code) in [
        (json!({ "kind": "throttle" }), 400, json!("Throttling.User")),
        (
            json!({ "kind": "status", "status": 500, "when": "before_commit" }),
            500,
            json!("InternalError"),
        ),
        (
            json!({ "kind": "business_error", "code": "NoPermission", "status": 403 }),
            403,
            json!("NoPermission"),
        ),
    ] {
        let mut fault = fault;
        fault["action"] = json!("AssumeRole");
        let mut fixture = Fixture::with_faults(json!([fault]));
        let (given, body) = fixture.sts("AssumeRole", &[ROLE, SESSION]);
        assert_eq!((given, &body["Code"]), (status, &code), "{body}");
        assert_eq!(fixture.last_entry().issued_key_id, None);
        fixture.assume();
    }
    let fault = json!([{ "kind": "altered_answer", "credentials": { "SecurityToken": null } }]);
    let mut fixture = Fixture::with_faults(fault);
    let (_, body) = fixture.sts("AssumeRole", &[ROLE, SESSION]);
    assert_eq!(body["Credentials"]["SecurityToken"], Value::Null);
}

#[test]
fn sessions_are_revoked() {
    let mut fixture = Fixture::new(&[]);
    let session = fixture.assume();
    let (_, revoked) = fixture.control(Method::DELETE, "sessions", &Value::Null);
    assert_eq!(revoked, json!({ "revoked": 1 }));
    let (status, body) = fixture.call_as(&session, LIST, &[SPACE]);
    assert_eq!(
        (status, &body["Code"]),
        (404, &json!("InvalidAccessKeyId.NotFound"))
    );
}

#[test]
fn how_sessions_are_issued_can_be_changed_and_only_that() {
    let mut fixture = Fixture::new(&[]);
    let change = json!({ "session_lifetime": 3, "metadata": "v2" });
    let (status, now) = fixture.control(Method::PUT, "issuance", &change);
    assert_eq!((status, &now["session_lifetime"]), (200, &json!(3)));
    assert_eq!(now["revoked_as"], "not-found");
    let (_, body) = fixture.sts("AssumeRole", &[ROLE, SESSION]);
    assert_eq!(body["Credentials"]["Expiration"], "2025-01-02T03:04:08Z");
    for wrong in [
        json!({ "lifetime": 3 }),
        json!({ "metadata": "soon" }),
        json!([]),
    ] {
        assert_eq!(fixture.control(Method::PUT, "issuance", &wrong).0, 400);
    }
}

#[test]
fn a_sparse_answer_has_what_a_client_cannot_do_without() {
    let mut fixture = Fixture::new(&["--answers=sparse"]);
    let (_, body) = fixture.sts("AssumeRole", &[ROLE, SESSION]);
    let names: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["Credentials", "RequestId"]);
    let (_, body) = fixture.sts("GetCallerIdentity", &[]);
    let names: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["AccountId", "RequestId"]);
}
