//! Credentials as STS, metadata services, sidecars and programs write them.
//!
//! Errors say what is wrong with an answer without quoting it.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::openapi::AccessKey;

use super::key_parts::{KeyPart, KeyPartError, assemble};
use crate::openapi::without_mark;

/// A key that was fetched, and how long it is valid from now on. `None` if that is not known.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) key: AccessKey,
    pub(crate) life: Option<Duration>,
}

/// The fields of credentials, in the spelling of Alibaba Cloud's services.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyFields {
    code: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
    expiration: Option<String>,
}

/// The same in the spelling of the CLI. A program may print both.
#[derive(Deserialize)]
struct CliFields {
    mode: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    sts_token: Option<String>,
    expiration: Option<String>,
}

/// The answer of STS or CloudSSO to a request that it granted.
#[derive(Deserialize)]
pub(crate) struct SessionAnswer {
    #[serde(rename = "Credentials", alias = "CloudCredential")]
    credentials: KeyFields,
}

/// Reads the answer of a metadata service or a sidecar. `now` is the time at the server, if the
/// answer says it. The error says what is wrong, in words that continue the name of the server.
pub(crate) fn read(body: &[u8], now: SystemTime) -> Result<Fetched, &'static str> {
    let fields: KeyFields = parse(body)?;
    if fields.code.as_deref().is_some_and(|code| code != "Success") {
        return Err("says that it has no credentials");
    }
    fetched(&fields, now)
}

/// Reads the answer of STS or CloudSSO to a request that it granted.
pub(crate) fn read_session(body: &[u8], now: SystemTime) -> Result<Fetched, &'static str> {
    parse::<SessionAnswer>(body)?.fetched(now)
}

impl SessionAnswer {
    /// The key of the session. `now` is the time at the server.
    pub(crate) fn fetched(&self, now: SystemTime) -> Result<Fetched, &'static str> {
        fetched(&self.credentials, now)
    }
}

/// Reads what the program of a profile printed.
pub(crate) fn read_output(output: &[u8], now: SystemTime) -> Result<Fetched, &'static str> {
    let fields: CliFields = parse(without_mark(output))?;
    // Another mode is no reason to refuse a key: the SDKs do not look at it either.
    if fields.mode.as_deref() == Some("StsToken") && filled(&fields.sts_token).is_none() {
        return Err("gives no sts_token");
    }
    let key = key([
        &fields.access_key_id,
        &fields.access_key_secret,
        &fields.sts_token,
    ])?;
    let end = filled(&fields.expiration).and_then(|text| {
        let end = parse_expiration(text);
        if end.is_none() {
            tracing::warn!("the program gives an expiration that is no date, which is left out");
        }
        end
    });
    let life = end.map(|end| time_until(end, now)).transpose()?;
    Ok(Fetched { key, life })
}

/// How long it is until `end`. The error says that it has passed.
pub(crate) fn time_until(end: SystemTime, now: SystemTime) -> Result<Duration, &'static str> {
    let left = end.duration_since(now).unwrap_or_default();
    match left.is_zero() {
        true => Err("gives credentials that have ended; check this machine's clock"),
        false => Ok(left),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, &'static str> {
    serde_json::from_slice(body).map_err(|_| "returned something other than credentials")
}

fn fetched(fields: &KeyFields, now: SystemTime) -> Result<Fetched, &'static str> {
    filled(&fields.security_token).ok_or("gives no SecurityToken")?;
    let key = key([
        &fields.access_key_id,
        &fields.access_key_secret,
        &fields.security_token,
    ])?;
    let life = filled(&fields.expiration).map(|text| {
        let end = parse_expiration(text).ok_or("gives an expiration that is no date")?;
        time_until(end, now)
    });
    let life = life.transpose()?;
    Ok(Fetched { key, life })
}

fn key(parts: [&Option<String>; 3]) -> Result<AccessKey, &'static str> {
    let parts = parts.map(Option::as_deref);
    let name = |_| "an access key that was fetched".to_owned();
    assemble(parts, name).map_err(|error| match error {
        KeyPartError::Missing(KeyPart::Id) => "gives no id of an access key",
        KeyPartError::Missing(_) => "gives no secret of an access key",
        KeyPartError::Malformed(_) => "gives an access key with characters that no access key has",
    })
}

/// Reads a date as Alibaba Cloud writes it, `2025-01-02T03:04:05Z`, and as other programs do: with
/// a fraction of a second or with an offset such as `+08:00`. A date before 1970 is none: programs
/// in Go write the year 1 for a date that is not set.
fn parse_expiration(text: &str) -> Option<SystemTime> {
    let date = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
    (date >= OffsetDateTime::UNIX_EPOCH).then(|| date.into())
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;
    use base::clock::Utc;

    const CANARY: &str = "c4n4ry";

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_735_787_045)
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
            (r#""Code":7"#, "something other"),
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
                "characters that",
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
            r#""mode":"AK","expiration":"0001-01-01T00:00:00Z""#,
            r#""Code":200,"AccessKeyId":"i","AccessKeySecret":"s","Expiration":null"#,
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

    fn seconds(text: &str) -> Option<u64> {
        let since = parse_expiration(text)?.duration_since(UNIX_EPOCH).ok()?;
        Some(since.as_secs())
    }

    #[test]
    fn dates_are_read_in_every_usual_form() {
        let at = Some(1_735_787_045);
        for text in [
            "2025-01-02T03:04:05Z",
            " 2025-01-02T03:04:05.678Z\n",
            "2025-01-02T11:04:05+08:00",
            "2025-01-01T22:34:05-04:30",
        ] {
            assert_eq!(seconds(text), at, "{text}");
        }
        for text in [
            "",
            "1735787045",
            "2025-01-02T03:04:05",
            "2025-13-02T03:04:05Z",
            "2025-01-02T24:04:05Z",
            "2025-01-02T03:04Z",
            "2025-01-02T03:04:05Zulu",
            "-025-01-02T03:04:05Z",
            "2025-01-02T03:04:05+0800",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_the_clock_writes_is_read_again(at in 0_u64..250_000_000_000) {
            let text = Utc::from(UNIX_EPOCH + Duration::from_secs(at)).seconds();
            prop_assert_eq!(seconds(&text), Some(at), "{}", text);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse_expiration(&text);
        }

        #[test]
        fn no_answer_panics(bytes: Vec<u8>, text in ".*") {
            let around = body(&format!(r#""Expiration":"{CANARY}{text}""#));
            for bytes in [bytes.as_slice(), text.as_bytes(), around.as_bytes()] {
                for read in [read, read_session, read_output] {
                    let _ = read(bytes, now());
                }
            }
        }
    }
}
