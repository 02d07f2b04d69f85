use std::time::UNIX_EPOCH;

use super::*;
const ACCOUNT: &str = "1000000000000000";

fn keys() -> KnownKeys {
    let key = format!("{ACCOUNT}:key:secret");
    KnownKeys::new(vec![key.parse().expect("a key")], Generated { seed: 0 })
}

fn session(name: &str) -> Caller {
    Caller {
        account_id: ACCOUNT.into(),
        role: Some("admin".into()),
        name: name.into(),
    }
}

fn claim<'a>(id: &'a str, token: Option<&'a str>) -> SignatureClaim<'a> {
    SignatureClaim {
        access_key_id: id,
        security_token: token,
        date: "",
        nonce: "",
    }
}

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

fn code(found: Result<(&Secret, Caller), Rejection>) -> String {
    found.map_or_else(|refusal| refusal.code, |_| "found".into())
}

#[test]
fn a_key_is_read_with_its_account_and_nothing_else_is() {
    let key: PermanentKey = "1:id:se:cret".parse().expect("a key");
    assert_eq!((&*key.account_id, &*key.access_key_id), ("1", "id"));
    assert_eq!(key.access_key_secret.expose(), "se:cret");
    for text in [
        "",
        "1:id",
        "1:id:",
        "one:id:secret",
        ":id:secret",
        "1::secret",
    ] {
        assert!(text.parse::<PermanentKey>().is_err(), "{text}");
    }
}

#[test]
fn a_session_needs_exactly_its_token_and_ends_when_it_says() {
    let lifetime = Duration::from_secs(3);
    let mut keys = keys();
    let issued = keys.issue(session("a"), lifetime, at(1_900));
    let other = keys.issue(session("b"), lifetime, at(1_900));
    assert_ne!(issued.access_key_id, other.access_key_id);
    assert_eq!(issued.credentials()["Expiration"], "1970-01-01T00:00:04Z");

    let (id, token) = (&*issued.access_key_id, issued.security_token.expose());
    let find = |token, now| code(keys.find(&claim(id, token), RevokedAs::NotFound, at(now)));
    let mismatch = "InvalidSecurityToken.MismatchWithAccessKey";
    assert_eq!(find(Some(token), 3_999), "found");
    assert_eq!(find(Some(token), 4_000), "InvalidSecurityToken.Expired");
    assert_eq!(find(None, 2_000), "MissingSecurityToken");
    assert_eq!(find(Some(other.security_token.expose()), 2_000), mismatch);
    assert_eq!(find(Some("CAIS"), 2_000), "InvalidSecurityToken.Malformed");
}

#[test]
fn a_revoked_session_is_refused_with_the_code_that_is_chosen() {
    let mut keys = keys();
    let issued = keys.issue(session("a"), Duration::from_secs(3600), at(0));
    assert_eq!(keys.revoke_all(), 1);
    assert_eq!(keys.revoke_all(), 0);
    let next = keys.issue(session("a"), Duration::from_secs(3600), at(0));
    for (revoked_as, expected) in [
        (RevokedAs::NotFound, "InvalidAccessKeyId.NotFound"),
        (RevokedAs::Expired, "InvalidSecurityToken.Expired"),
    ] {
        let find = |of: &IssuedSession| {
            let claim = claim(&of.access_key_id, Some(of.security_token.expose()));
            code(keys.find(&claim, revoked_as, at(1)))
        };
        assert_eq!(find(&issued), expected);
        assert_eq!(find(&next), "found");
    }
}

#[test]
fn no_lifetime_is_too_long() {
    let mut keys = keys();
    let issued = keys.issue(session("a"), Duration::from_secs(u64::MAX), at(0));
    assert_eq!(issued.credentials()["Expiration"], "1970-01-01T00:00:00Z");
}

#[test]
fn secrets_are_in_no_debug_text() {
    let mut keys = keys();
    let issued = keys.issue(session("a"), Duration::from_secs(3600), at(0));
    let shown = format!("{keys:?} {issued:?}");
    assert!(shown.contains(&issued.access_key_id));
    let secrets = [&issued.access_key_secret, &issued.security_token];
    for secret in secrets {
        assert!(secret.expose().len() > 40);
        assert!(!shown.contains(secret.expose()), "{shown}");
    }
}
