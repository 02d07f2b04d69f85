//! What users of CAMS have seen in its answers and its documentation lacks.

use serde_json::{Value, json};

use super::{TYPE, assert_silent, configured, create, number};
use crate::core::Instance;
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_number_is_judged_by_nothing_but_its_status() {
    let emulator = Emulator::start(&[]);
    let place = |code_verification_status: &str| {
        emulator.place_number(json!({
            "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
            "code_verification_status": code_verification_status, "name_status": "APPROVED",
            "messaging_limit_tier": "TIER_2K",
        }));
    };
    place("VERIFIED");
    let core = configured(&emulator, json!({})).await;
    let adopted = create(&core, &number("13900001234", json!({}))).await;
    assert_eq!(
        adopted.diagnostics[0].summary,
        "Number Already in the Space"
    );
    assert_eq!(adopted.instance.state["status"], "CONNECTED");
    // Some weeks later the code has expired, and the number is as live as before.
    place("EXPIRED");
    for core in [core, configured(&emulator, json!({})).await] {
        let read = core.read(TYPE, &adopted.instance).await;
        assert_silent(&read);
        assert_eq!(read.instance.state, adopted.instance.state);
    }
    assert_eq!(emulator.count(INITIATE), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_for_nothing_is_nothing() {
    let nothings = [Value::Null, json!(""), json!(" "), json!("None")];
    futures_util::future::join_all(nothings.map(with_nothing)).await;
}

async fn with_nothing(nothing: Value) {
    let emulator = Emulator::start(&["--migrating-listed-as=PENDING"]);
    let fault = json!({
        "kind": "altered_answer", "times": "always",
        "data": { "Id": nothing, "Status": nothing, "PhoneNumber": nothing,
                  "CodeVerificationStatus": nothing },
        "rows": { "Status": nothing, "NameStatus": nothing, "VerifiedName": nothing },
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let created = create(&core, &number("13900001234", json!({}))).await;
    assert_silent(&created);
    let state = &created.instance.state;
    assert_eq!(
        (&state["id"], &state["status"]),
        (&Value::Null, &json!("MIGRATING"))
    );
    // A row without a status shows that the number is there, and leaves the state as it is.
    let core = configured(&emulator, json!({})).await;
    let read = core.read(TYPE, &created.instance).await;
    assert_silent(&read);
    assert_eq!(read.instance.state, *state, "{nothing}");
    emulator.control("DELETE", "faults", None);
    let read = core.read(TYPE, &created.instance).await;
    assert!(
        read.instance.state["id"].is_string(),
        "{}",
        read.instance.state
    );
}

/// "System error." is what CAMS says of a value that it does not admit, each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_error_with_status_400_is_a_refusal_and_shown_with_the_number_of_meta() {
    for action in [INITIATE, LOOKUP] {
        let emulator = Emulator::start(&[]);
        let fault = json!({
            "kind": "business_error", "code": "ERR-COMMON-001", "times": "always",
            "message": "(#100) System error. #131215", "action": action,
        });
        emulator.control("POST", "faults", Some(fault));
        let core = configured(&emulator, json!({})).await;
        let created = create(&core, &number("13900001234", json!({}))).await;
        let refused = action == INITIATE;
        assert_eq!(
            created.instance.state.is_null(),
            refused,
            "{:?}",
            created.diagnostics
        );
        if refused {
            let said = &created.diagnostics.last().expect("an error").detail;
            for part in [
                "(#100) System error. #131215",
                "ERR-COMMON-001",
                "HTTP status: 400",
            ] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
        assert_eq!(emulator.count(INITIATE), 1, "it is not sent again");
        // One before the start, and one after the refusal or the start.
        assert!(emulator.count(LOOKUP) <= 2, "{}", emulator.count(LOOKUP));
    }
}

/// Whatever number of Meta a refusal quotes, it is no reason to forget, to wait or to try again.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_meta_decides_nothing() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    let created = create(&core, &number("13900001234", json!({}))).await;
    // Within an hour of the start it is not looked up.
    let old = Instance {
        private: br#"{"started_at":0}"#.to_vec(),
        ..created.instance.clone()
    };
    for (code, message) in [
        ("#131026", "(#131026) not found"),
        ("InvalidParameter.Odd", "(#4) rate limit"),
        ("(#33)", "#131000 try again"),
        ("InvalidParameter.Odd", "(#190) token"),
    ] {
        let fault = json!({
            "kind": "business_error", "code": code, "message": message, "action": LOOKUP,
        });
        emulator.control("POST", "faults", Some(fault));
        let before = emulator.count(LOOKUP);
        let read = core.read(TYPE, &old).await;
        let state = &created.instance.state;
        assert_eq!(read.instance.state, *state, "{code} {message}");
        assert_eq!(emulator.count(LOOKUP), before + 1, "{code} {message}");
    }
}
