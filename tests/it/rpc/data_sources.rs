//! Data sources, which read what Terraform does not manage.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{config_of, configured, count};
use crate::core::tfplugin6::{
    Diagnostic, read_data_source, stop_provider, validate_data_resource_config,
};
use crate::core::value::{decode, encode};
use crate::core::{Calls, Core};
use crate::emulator::Emulator;

const LIST: &str = "QueryChatappPhoneNumbers";
const SYNC: &str = "ChatappSyncPhoneNumber";

/// The configuration of a data source with `changes`; everything else is null.
async fn config(core: &Calls, type_name: &str, changes: Value) -> Value {
    let schemas = core.schema().await.data_source_schemas;
    config_of(&schemas[type_name], changes)
}

async fn read(core: &Calls, type_name: &str, changes: Value) -> (Value, Vec<Diagnostic>) {
    let config = config(core, type_name, changes).await;
    let request = read_data_source::Request {
        type_name: type_name.to_owned(),
        config: Some(encode(&config)),
        ..Default::default()
    };
    let response = core.provider().read_data_source(request).await;
    let response = response.expect("a response").into_inner();
    count(&response.diagnostics);
    let state = response.state.as_ref().map_or(Value::Null, decode);
    (state, response.diagnostics)
}

/// What is read. The test fails if there are diagnostics.
async fn silent(core: &Calls, type_name: &str, changes: Value) -> Value {
    let (state, diagnostics) = read(core, type_name, changes).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    state
}

/// The one error of a read that has no state.
async fn error(core: &Calls, type_name: &str, changes: Value) -> String {
    let (state, diagnostics) = read(core, type_name, changes).await;
    assert_eq!(state, Value::Null);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    format!("{}: {}", diagnostics[0].summary, diagnostics[0].detail)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_is_read_in_either_form_from_the_list_that_all_share() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    emulator.place("cams-test", "52", "15512345678", "FLAGGED");
    let core = configured(&emulator, json!({})).await;
    let number = |digits: &str| json!({ "phone_number": digits });
    let state = silent(&core, "cams_phone_number", number("8613900001234")).await;
    assert_eq!(state["cust_space_id"], "cams-test");
    assert_eq!(state["phone_number"], "8613900001234");
    assert_eq!(state["status"], "CONNECTED");
    assert_eq!(state["verified_name"], "Emulated Business");
    assert_eq!(state["is_official"], "N");
    assert_eq!(state["new_name_status"], Value::Null);
    for digits in ["525512345678", "5215512345678"] {
        let state = silent(&core, "cams_phone_number", number(digits)).await;
        assert_eq!(
            (&state["phone_number"], &state["status"]),
            (&json!(digits), &json!("FLAGGED"))
        );
    }
    assert_eq!(emulator.count(LIST), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_in_the_space_is_an_error_that_says_what_the_list_shows() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "MIGRATED");
    emulator.place("other", "86", "13900001235", "CONNECTED");
    let core = configured(&emulator, json!({})).await;
    for (changes, says) in [
        (
            json!({ "phone_number": "8613900001234" }),
            "with the status MIGRATED",
        ),
        (
            json!({ "phone_number": "8613900001235" }),
            "does not show the number 8613900001235",
        ),
    ] {
        let error = error(&core, "cams_phone_number", changes).await;
        assert!(error.starts_with("Number Not in the Space: "), "{error}");
        assert!(error.contains(says), "{error}");
    }
    let other = json!({ "phone_number": "8613900001235", "cust_space_id": "other" });
    let state = silent(&core, "cams_phone_number", other).await;
    assert_eq!(state["cust_space_id"], "other");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_numbers_are_read_once_each_sorted_and_filtered() {
    let emulator = Emulator::start(&[]);
    for (number, status, quality) in [
        ("13900001236", "PENDING", "GREEN"),
        ("13900001234", "CONNECTED", "GREEN"),
        ("13900001235", "CONNECTED", "YELLOW"),
        ("13900001237", "DELETED", "GREEN"),
    ] {
        emulator.place_number(json!({
            "cust_space_id": "cams-test", "country_code": "86", "mobile_number": number,
            "status": status, "quality_rating": quality,
        }));
    }
    let core = configured(&emulator, json!({})).await;
    for (changes, expected) in [
        (
            json!({}),
            &["4 CONNECTED", "5 CONNECTED", "6 PENDING", "7 DELETED"][..],
        ),
        (
            json!({ "status": "connected" }),
            &["4 CONNECTED", "5 CONNECTED"],
        ),
        (
            json!({ "status": "CONNECTED", "quality_rating": "YELLOW" }),
            &["5 CONNECTED"],
        ),
        (json!({ "status": "BANNED" }), &[]),
        (json!({ "cust_space_id": "empty" }), &[]),
    ] {
        let state = silent(&core, "cams_phone_numbers", changes.clone()).await;
        let rows = state["phone_numbers"].as_array().expect("a list").iter();
        let shown: Vec<_> = rows
            .map(|row| {
                let number = row["phone_number"].as_str().expect("digits");
                format!(
                    "{} {}",
                    &number[12..],
                    row["status"].as_str().expect("a status")
                )
            })
            .collect();
        assert_eq!(shown, expected, "{changes}");
    }
    assert_eq!(emulator.count(LIST), 2);
    assert_eq!(emulator.count(SYNC), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronization_comes_before_the_list_and_its_failure_is_a_warning() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    let core = configured(&emulator, json!({})).await;
    let synced = json!({ "refresh_from_meta": true });
    silent(&core, "cams_phone_numbers", synced.clone()).await;
    let requests = emulator.requests();
    let actions: Vec<_> = requests
        .iter()
        .filter_map(|it| it["action"].as_str())
        .collect();
    assert_eq!(actions, [SYNC, LIST]);

    let fault = json!({
        "kind": "business_error", "action": SYNC, "code": "Ram.PermissionDeny", "status": 400,
        "times": "always",
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let (state, diagnostics) = read(&core, "cams_phone_numbers", synced).await;
    assert_eq!(state["phone_numbers"][0]["status"], "CONNECTED");
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].summary, "Numbers Not Refreshed From Meta");
    assert!(
        diagnostics[0]
            .detail
            .contains("cams:ChatappSyncPhoneNumber")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waba_is_read_and_a_space_without_one_is_an_error() {
    let emulator = Emulator::start(&[]);
    for space in [
        json!({ "cust_space_id": "cams-test", "account_review_status": "PENDING" }),
        json!({ "cust_space_id": "unbound", "bound": false }),
        json!({ "cust_space_id": "foreign", "owned": false }),
    ] {
        emulator.control("PUT", "spaces", Some(space));
    }
    let core = configured(&emulator, json!({})).await;
    let state = silent(&core, "cams_waba", json!({})).await;
    for (name, value) in [
        ("account_review_status", json!("PENDING")),
        ("name", json!("Emulated WABA")),
        ("business_name", json!("Emulated Business")),
        ("currency", json!("USD")),
        ("is_on_biz_app", json!("N")),
    ] {
        assert_eq!(state[name], value, "{name}");
    }
    for (space, says) in [
        (
            "unbound",
            "No WABA Bound: QueryChatappBindWaba succeeded without an account",
        ),
        (
            "foreign",
            "Space of Another Account: The call QueryChatappBindWaba failed for space foreign",
        ),
    ] {
        let error = error(&core, "cams_waba", json!({ "cust_space_id": space })).await;
        assert!(error.starts_with(says), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_space_and_a_number_that_cannot_be_right_are_errors() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({ "cust_space_id": null })).await;
    for type_name in ["cams_phone_numbers", "cams_waba"] {
        let error = error(&core, type_name, json!({})).await;
        assert!(error.starts_with("Missing Space: "), "{error}");
    }
    let wrong = json!({ "phone_number": "+86 139 0000 1234", "cust_space_id": "a b" });
    let config = config(&core, "cams_phone_number", wrong).await;
    let request = validate_data_resource_config::Request {
        type_name: "cams_phone_number".to_owned(),
        config: Some(encode(&config)),
    };
    let response = core.provider().validate_data_resource_config(request).await;
    let diagnostics = response.expect("a response").into_inner().diagnostics;
    let mut titles: Vec<_> = diagnostics.iter().map(|it| it.summary.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Invalid Phone Number", "Invalid Space"]);
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_names_the_call_and_one_that_is_stopped_ends_at_once() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "never_answer", "when": "before_commit", "action": LIST, "times": "always",
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let stop = async {
        super::stop::seen(&emulator, LIST, 1).await;
        let stopped = Instant::now();
        let request = stop_provider::Request::default();
        core.provider()
            .stop_provider(request)
            .await
            .expect("a response");
        stopped
    };
    let (error, stopped) = tokio::join!(error(&core, "cams_phone_numbers", json!({})), stop);
    assert!(error.starts_with("Stopped: "), "{error}");
    assert!(stopped.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_unconfigured_provider_reads_nothing() {
    let core = Core::start().await;
    let error = error(&core, "cams_instances", json!({})).await;
    assert!(error.starts_with("Provider Not Configured"), "{error}");
}
