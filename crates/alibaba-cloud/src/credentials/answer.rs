//! Credentials as whoever gives them writes them: STS, metadata services, sidecars and programs.
//!
//! What is wrong with an answer is said without quoting it.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::openapi::AccessKey;
use base::secret::Secret;

use super::{expiry, pair, profile};

/// A key that was fetched, and how long it is valid from now on. `None` if nobody knows.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) key: AccessKey,
    pub(super) life: Option<Duration>,
}

/// What time it is: at whoever gave the answer, if the answer says it, else here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now(pub(super) SystemTime);

impl Now {
    /// How long it is until this date. The error says that it has passed.
    pub(super) fn until(self, end: SystemTime) -> Result<Duration, &'static str> {
        let left = end.duration_since(self.0).unwrap_or_default();
        if left.is_zero() {
            return Err("gives credentials that have ended; check this machine's clock");
        }
        Ok(left)
    }
}

/// The fields of credentials, in the spelling of Alibaba Cloud's services.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fields {
    code: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
    expiration: Option<String>,
}

/// The fields of credentials, in the spelling of the CLI.
#[derive(Deserialize)]
struct CliFields {
    mode: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    sts_token: Option<String>,
    expiration: Option<String>,
}

/// The answer of STS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sts {
    credentials: Fields,
}

/// The answer of CloudSSO.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CloudSso {
    cloud_credential: Fields,
}

/// Reads the answer of a metadata service or a sidecar. The error says what is wrong with it, going
/// on from whoever gave it.
pub(super) fn read(body: &[u8], now: Now) -> Result<Fetched, &'static str> {
    let fields: Fields = parse(body)?;
    if fields.code.as_deref().is_some_and(|code| code != "Success") {
        return Err("says that it has no credentials");
    }
    fetched(fields, now)
}

/// Reads the answer of STS to a request that it granted.
pub(super) fn read_sts(body: &[u8], now: Now) -> Result<Fetched, &'static str> {
    let sts: Sts = parse(body)?;
    fetched(sts.credentials, now)
}

/// Reads the answer of CloudSSO to a request that it granted.
pub(super) fn read_cloud_sso(body: &[u8], now: Now) -> Result<Fetched, &'static str> {
    let answer: CloudSso = parse(body)?;
    fetched(answer.cloud_credential, now)
}

/// Reads what the program of a profile printed.
pub(super) fn read_output(output: &[u8], now: Now) -> Result<Fetched, &'static str> {
    let fields: CliFields = parse(profile::without_mark(output))?;
    let token = filled(fields.sts_token);
    // Another mode is no reason to refuse a key: the SDKs do not look at it either.
    if fields.mode.as_deref() == Some("StsToken") && token.is_none() {
        return Err("gives no sts_token");
    }
    let key = key(fields.access_key_id, fields.access_key_secret, token)?;
    let end = filled(fields.expiration).and_then(|text| {
        let end = expiry::parse(&text);
        if end.is_none() {
            tracing::warn!("the program gives an expiration that is no date, which is left out");
        }
        end
    });
    let life = end.map(|end| now.until(end)).transpose()?;
    Ok(Fetched { key, life })
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, &'static str> {
    serde_json::from_slice(body).map_err(|_| "answers with something else than credentials")
}

fn fetched(fields: Fields, now: Now) -> Result<Fetched, &'static str> {
    let token = filled(fields.security_token).ok_or("gives no SecurityToken")?;
    let key = key(fields.access_key_id, fields.access_key_secret, Some(token))?;
    let life = match filled(fields.expiration) {
        Some(text) => Some(life(&text, now)?),
        None => None,
    };
    Ok(Fetched { key, life })
}

fn key(
    id: Option<String>,
    secret: Option<String>,
    token: Option<String>,
) -> Result<AccessKey, &'static str> {
    let trimmed = |part: Option<String>| pair::trimmed("an access key that was fetched", &part?);
    let id = trimmed(id).ok_or("gives no id of an access key")?;
    let secret = Secret::new(trimmed(secret).ok_or("gives no secret of an access key")?);
    let security_token = trimmed(token).map(Secret::new);
    let token = security_token.as_ref().map(Secret::expose);
    let parts = [Some(id.as_str()), Some(secret.expose()), token];
    if !parts
        .iter()
        .flatten()
        .all(|part| pair::is_well_formed(part))
    {
        return Err("gives an access key with signs that no access key has");
    }
    Ok(AccessKey {
        id,
        secret,
        security_token,
    })
}

fn life(text: &str, now: Now) -> Result<Duration, &'static str> {
    let end = expiry::parse(text).ok_or("gives an expiration that is no date")?;
    now.until(end)
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    const CANARY: &str = "c4n4ry";

    fn now() -> Now {
        Now(UNIX_EPOCH + Duration::from_secs(1_735_787_045))
    }

    fn body(fields: &str) -> String {
        format!(r#"{{"AccessKeyId":"STS.i","AccessKeySecret":"s","SecurityToken":"t",{fields}}}"#)
    }

    #[test]
    fn an_answer_is_a_key_and_its_life() {
        let fetched = read(
            body(r#""Code":"Success","Expiration":"2025-01-02T04:04:05Z""#).as_bytes(),
            now(),
        );
        let fetched = fetched.expect("credentials");
        assert_eq!(fetched.key.id, "STS.i");
        assert_eq!(fetched.life, Some(Duration::from_secs(3600)));
        let open = read(body(r#""Other":1"#).as_bytes(), now()).expect("credentials");
        assert_eq!(open.life, None);
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_said() {
        for (fields, what) in [
            (r#""Code":"Failed""#, "says that it has no credentials"),
            (r#""Expiration":"soon""#, "no date"),
            (r#""Expiration":"2025-01-02T03:04:05Z""#, "have ended"),
            (r#""Code":7"#, "something else"),
        ] {
            let error = read(body(fields).as_bytes(), now()).expect_err(fields);
            assert!(error.contains(what), "{error}");
        }
        for (output, what) in [
            (
                r#"{"mode":"StsToken","access_key_id":"i","access_key_secret":"s"}"#,
                "no sts_token",
            ),
            (
                r#"{"mode":"StsToken","sts_token":" ","access_key_id":"i"}"#,
                "no sts_token",
            ),
            (r#"{"mode":"AK","access_key_secret":"s"}"#, "no id"),
            (r#"{"mode":"AK","access_key_id":"i"}"#, "no secret"),
            (r#"{"mode":"RamRoleArn"}"#, "no id"),
            (
                r#"{"access_key_id":"i j","access_key_secret":"s"}"#,
                "signs that",
            ),
        ] {
            let error = read_output(output.as_bytes(), now()).expect_err(output);
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn what_a_program_prints_beside_a_key_is_no_reason_to_refuse_it() {
        for more in [
            r#""mode":"External""#,
            r#""mode":"RamRoleArn","ram_role_arn":"acs:ram::1:role/r""#,
            r#""mode":"ak","expiration":"soon""#,
        ] {
            let output = format!(
                r#"{{"access_key_id":" i\n","access_key_secret":"s\r\n","sts_token":" ",{more}}}"#
            );
            let fetched = read_output(output.as_bytes(), now()).expect(more);
            assert_eq!((fetched.key.id.as_str(), fetched.life), ("i", None));
            assert_eq!(fetched.key.secret.expose(), "s");
            assert!(fetched.key.security_token.is_none());
        }
    }

    #[test]
    fn a_program_may_print_a_byte_order_mark_first() {
        let output = "\u{feff}{\"access_key_id\":\"i\",\"access_key_secret\":\"s\"}";
        let fetched = read_output(output.as_bytes(), now()).expect("credentials");
        assert_eq!(fetched.key.id, "i");
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes: Vec<u8>, text in ".*") {
            let around = body(&format!(r#""Expiration":"{CANARY}{text}""#));
            for bytes in [bytes.as_slice(), text.as_bytes(), around.as_bytes()] {
                for read in [read, read_sts, read_cloud_sso, read_output] {
                    let _ = read(bytes, now());
                }
            }
        }
    }
}
