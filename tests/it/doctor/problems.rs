//! Everything that can be wrong is found, and the exit code says so.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::{KEY_ID, SECRET, SPACE, assert_only_reads, emulator, examine, examine_at, settings};
use crate::redis_server::{PASSWORD, RedisServer};

#[test]
fn denied_permissions_are_named_and_only_needed_ones_fail() {
    for (operation, code) in [
        ("QueryChatappPhoneNumbers", 1),
        ("GetPhoneNumberVerificationStatus", 1),
        ("QueryChatappBindWaba", 0),
        ("GetChatappOpenStatus", 0),
    ] {
        let emulator = emulator(&["--deny", operation]);
        let text = examine(&settings(&emulator), &[]);
        text.assert_says(&[
            &format!("RAM denies {operation}."),
            &format!("cams:{operation}"),
        ]);
        assert_eq!(text.code, Some(code), "{operation}:\n{}", text.stdout);
        let json = examine(&settings(&emulator), &["--json"]);
        assert_eq!(json.code, Some(code), "{operation}");
        for (other, found) in json.json()["operations"].as_object().expect("operations") {
            let expected = match other.as_str() {
                other if other == operation => "denied",
                "GetChatappOpenStatus"
                | "GetPhoneNumberVerificationStatus"
                | "QueryChatappBindWaba"
                | "QueryChatappPhoneNumbers" => "granted",
                _ => "not_tried",
            };
            assert_eq!(found["permission"], expected, "{operation}: {other}");
        }
        assert_only_reads(&emulator);
    }
}

#[test]
fn an_account_without_the_product_is_told_to_activate_it() {
    let emulator = emulator(&["--not-subscribed"]);
    let text = examine(&settings(&emulator), &[]);
    assert_eq!(text.code, Some(1));
    text.assert_says(&["The account has not activated CAMS.", "CAMS accepts them."]);
    let json = examine(&settings(&emulator), &["--json"]);
    assert_eq!(json.json()["product"]["activated"], false);
}

#[test]
fn a_space_that_is_not_ready_is_told_from_one_that_is() {
    for (space, about, words) in [
        (
            json!({ "bound": false }),
            "waba",
            "Bind one in the CAMS console",
        ),
        (
            json!({ "account_review_status": "PENDING" }),
            "waba",
            "review status is PENDING",
        ),
        (
            json!({ "owned": false }),
            "QueryChatappPhoneNumbers",
            "does not own the space",
        ),
    ] {
        let emulator = emulator(&[]);
        let mut change = space;
        change["cust_space_id"] = SPACE.into();
        emulator.control("PUT", "spaces", Some(change.clone()));
        let json = examine(&settings(&emulator), &["--json"]);
        assert_eq!(
            (json.code, &*json.state(about)),
            (Some(1), "problem"),
            "{change}"
        );
        examine(&settings(&emulator), &[]).assert_says(&[words]);
    }
}

#[test]
fn a_wrong_secret_is_told_from_a_wrong_key() {
    let emulator = emulator(&[]);
    for (variable, value, words) in [
        (
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "wrong-secret",
            "Check that secret_key belongs to access_key",
        ),
        (
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "LTAI5tUnknown",
            "The access key does not exist",
        ),
    ] {
        let mut settings = settings(&emulator);
        settings.retain(|(name, _)| *name != variable);
        settings.push((variable, value));
        let text = examine(&settings, &[]);
        assert_eq!(text.code, Some(1));
        text.assert_says(&["CAMS refuses them", words]);
        assert!(!text.stdout.contains(value), "{}", text.stdout);
        let json = examine(&settings, &["--json"]);
        assert_eq!(json.state("credentials"), "problem");
        assert_eq!(json.state("endpoint"), "ok");
        // One question is enough to see it.
        assert_eq!(json.json()["waba"], Value::Null);
    }
}

#[test]
fn missing_settings_are_named_and_nothing_is_asked() {
    let none = examine(&[], &[]);
    assert_eq!(none.code, Some(1));
    none.assert_says(&[
        "no credentials were tried",
        "No credentials are set",
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "was not asked",
    ]);

    let emulator = emulator(&[]);
    let mut settings = settings(&emulator);
    settings.retain(|(name, _)| *name != "CAMS_CUST_SPACE_ID");
    let text = examine(&settings, &[]);
    assert_eq!(text.code, Some(1));
    text.assert_says(&["No space is named", "--space ID"]);
    let json = examine(&settings, &["--json", "--space", SPACE]);
    assert_eq!(json.code, Some(0), "{}", json.stdout);
    assert_eq!(json.json()["space"], "--space");
}

#[test]
fn an_endpoint_without_a_server_is_told_from_one_that_is_no_cams() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let settings = [
        ("CAMS_ENDPOINT", url.as_str()),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
        ("CAMS_CUST_SPACE_ID", SPACE),
    ];
    let text = examine(&settings, &[]);
    assert_eq!(text.code, Some(1));
    text.assert_says(&["cannot be reached", &url]);
    let json = examine(&settings, &["--json"]);
    assert_eq!(json.json()["endpoint"]["answers"], false);

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    std::thread::spawn(move || serve_pages(&other));
    let mut settings = settings;
    settings[0].1 = &url;
    let text = examine(&settings, &[]);
    assert_eq!(text.code, Some(1));
    text.assert_says(&["returns no usable answer", "the answer is not JSON"]);
    assert_eq!(examine(&settings, &["--json"]).state("endpoint"), "problem");
}

/// Answers every request with a page that has nothing to do with CAMS, until the test ends.
fn serve_pages(listener: &TcpListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
        while head
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let page = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\
                    connection: close\r\n\r\n<html>";
        stream.write_all(page.as_bytes()).unwrap();
    }
}

#[test]
fn a_clock_that_is_off_is_measured_and_does_not_stop_the_examination() {
    for (seconds, words) in [
        (3_600, "ahead of this machine's"),
        (-3_600, "behind this machine's"),
        (120, "ahead of this machine's"),
    ] {
        let emulator = emulator(&[]);
        let fault = json!({ "kind": "clock_skew", "seconds": seconds, "times": "always" });
        emulator.control("POST", "faults", Some(fault));
        let json = examine(&settings(&emulator), &["--json"]);
        assert_eq!(json.code, Some(0), "{}", json.stdout);
        assert_eq!(json.state("clock"), "attention");
        let ahead = json.json()["endpoint"]["clock_ahead_seconds"]
            .as_i64()
            .unwrap();
        assert!((ahead - seconds).abs() <= 5, "{ahead} for {seconds}");
        examine(&settings(&emulator), &[]).assert_says(&[words]);
    }
}

#[test]
fn a_quota_store_that_cannot_be_used_is_a_problem() {
    let emulator = emulator(&[]);
    // A home that is a file has no directory for it.
    let home = tempfile::NamedTempFile::new().unwrap();
    let text = examine_at(home.path(), &settings(&emulator), &[]);
    assert_eq!(text.code, Some(1));
    text.assert_says(&["It cannot be shared there", "CAMS_THROTTLE_SCOPE"]);
    let mut alone = settings(&emulator);
    alone.push(("CAMS_THROTTLE_SCOPE", "process"));
    let json = examine_at(home.path(), &alone, &["--json"]);
    assert_eq!(json.code, Some(0), "{}", json.stdout);
    assert_eq!(json.json()["quota"]["scope"], "process");
}

#[test]
fn a_quota_is_shared_over_redis_or_is_not_and_no_password_is_shown() {
    let emulator = emulator(&[]);
    let redis = RedisServer::start();
    let url = redis.url();
    let mut shared = settings(&emulator);
    shared.extend([
        ("CAMS_THROTTLE_SCOPE", "redis"),
        ("CAMS_THROTTLE_REDIS_URL", url.as_str()),
    ]);
    let text = examine(&shared, &[]);
    assert_eq!(text.code, Some(0), "{}", text.stdout);
    text.assert_says(&["the Redis server in CAMS_THROTTLE_REDIS_URL"]);
    assert!(!redis.keys().is_empty(), "the calls passed the throttle");
    drop(redis);
    for arguments in [&[][..], &["--json"]] {
        let gone = examine(&shared, arguments);
        assert_eq!(gone.code, Some(1), "{}", gone.stdout);
        assert!(!gone.stdout.contains(PASSWORD), "{}", gone.stdout);
    }
    assert_eq!(
        examine(&shared, &["--json"]).json()["quota"]["usable"],
        false
    );
}

#[test]
fn what_a_redis_that_works_may_do_to_the_quota_is_told() {
    let (emulator, redis) = (emulator(&[]), RedisServer::start());
    redis.command("ACL SETUSER few on >few ~* +@all -@dangerous");
    redis.command("CONFIG SET maxmemory-policy allkeys-lru");
    for (url, told) in [
        (redis.url_for("few", "few"), "may not run INFO"),
        (redis.url(), "maxmemory-policy is allkeys-lru"),
    ] {
        let mut shared = settings(&emulator);
        shared.extend([
            ("CAMS_THROTTLE_SCOPE", "redis"),
            ("CAMS_THROTTLE_REDIS_URL", url.as_str()),
            ("CAMS_THROTTLE_REDIS_CONNECT_TIMEOUT", "1000"),
            ("CAMS_THROTTLE_REDIS_COMMAND_TIMEOUT", "300"),
        ]);
        let text = examine(&shared, &[]);
        assert_eq!(text.code, Some(0), "{}", text.stdout);
        text.assert_says(&[told]);
    }
}
