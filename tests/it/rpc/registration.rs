//! `cams_number_registration`: what it sends and what it stores, in each case that it can meet.

use std::time::Duration;

use serde_json::{Value, json};

use super::{configured, count, destroy, merge};
use crate::core::tfplugin6::stop_provider;
use crate::core::{Calls, Instance, Outcome};
use crate::emulator::Emulator;
use crate::support::soon;

pub(crate) const TYPE: &str = "cams_number_registration";
const SUBMIT: &str = "ChatappMigrationVerified";
const REGISTER: &str = "ChatappMigrationRegister";
const DEREGISTER: &str = "ChatappPhoneNumberDeregister";
pub(crate) const NUMBER: &str = "8613900001234";
/// The list may be wrong about a number that is missing, and the lookup says it clearly.
const NOT_THERE: &str = "--missing-code=PhoneNumber.NotExist";

/// A create, and what comes of it.
struct Case {
    flags: &'static [&'static str],
    /// The number in the space before, by status and verification.
    placed: Option<(&'static str, &'static str)>,
    fault: Value,
    /// The code that is submitted: `right` stands for the one that the emulator has sent.
    code: Option<&'static str>,
    changes: Value,
    /// The status that is stored, or none.
    stored: Option<&'static str>,
    /// The titles of all diagnostics of the apply.
    says: &'static [&'static str],
    /// How many codes were submitted and how many registrations requested.
    sent: (usize, usize),
}

impl Default for Case {
    fn default() -> Self {
        Self {
            flags: &[],
            placed: Some(("MIGRATING", "NOT_VERIFIED")),
            fault: json!([]),
            code: Some("right"),
            changes: json!({}),
            stored: Some("CONNECTED"),
            says: &[],
            sent: (1, 1),
        }
    }
}

fn cases() -> Vec<Case> {
    let live = |status, says| Case {
        placed: Some((status, "EXPIRED")),
        stored: Some(status),
        says,
        sent: (0, 0),
        ..Case::default()
    };
    let fault = |action: &str, when: &str| json!([{ "kind": "status", "status": 500, "action": action, "when": when }]);
    let never = Case {
        flags: &["--connect-after=never"],
        changes: json!({ "timeouts": { "create": "8s", "update": null } }),
        stored: Some("PENDING"),
        says: &["Number Not Connected Yet"],
        ..Case::default()
    };
    let not_stored = |says, sent| Case {
        stored: None,
        says,
        sent,
        ..Case::default()
    };
    vec![
        // Live numbers are taken over, whatever their verification is.
        live("CONNECTED", &["Number Already Live"]),
        live("FLAGGED", &["Number Already Live", "Number Is Limited"]),
        live("RESTRICTED", &["Number Already Live", "Number Is Limited"]),
        live(
            "RATE_LIMITED",
            &["Number Already Live", "Number Is Limited"],
        ),
        Case {
            placed: Some(("BANNED", "VERIFIED")),
            ..not_stored(&["Number Is Banned"], (0, 0))
        },
        Case {
            placed: None,
            flags: &[NOT_THERE],
            ..not_stored(&["Number Not in the Space"], (0, 0))
        },
        // The submission.
        Case::default(),
        Case {
            flags: &["--migrating-listed-as=PENDING"],
            ..Case::default()
        },
        Case {
            placed: Some(("MIGRATING", "VERIFIED")),
            code: None,
            sent: (0, 1),
            ..Case::default()
        },
        Case {
            placed: Some(("PENDING", "VERIFIED")),
            code: Some("000000"),
            sent: (0, 1),
            ..Case::default()
        },
        Case {
            code: None,
            ..not_stored(&["Verification Code Missing"], (0, 0))
        },
        Case {
            code: Some(" "),
            ..not_stored(&["Verification Code Missing"], (0, 0))
        },
        Case {
            code: Some("000000"),
            ..not_stored(&["Verification Code Refused"], (1, 0))
        },
        Case {
            fault: fault(SUBMIT, "after_commit"),
            ..Case::default()
        },
        Case {
            fault: fault(SUBMIT, "before_commit"),
            changes: json!({ "timeouts": { "create": "8s", "update": null } }),
            ..not_stored(&["Verification With Unknown Outcome"], (1, 0))
        },
        // The registration.
        Case {
            flags: &["--two-step"],
            ..not_stored(&["Registration Refused"], (1, 1))
        },
        Case {
            fault: fault(REGISTER, "after_commit"),
            ..Case::default()
        },
        Case {
            fault: fault(REGISTER, "before_commit"),
            changes: json!({ "timeouts": { "create": "8s", "update": null } }),
            ..not_stored(&["Registration With Unknown Outcome"], (1, 1))
        },
        // The wait.
        never,
        Case {
            flags: &["--final-status=BANNED"],
            ..not_stored(&["Number Is Banned"], (1, 1))
        },
        Case {
            flags: &["--final-status=FLAGGED"],
            stored: Some("FLAGGED"),
            says: &["Number Is Limited"],
            ..Case::default()
        },
        Case {
            flags: &["--final-status=SOMETHING_NEW"],
            changes: json!({ "timeouts": { "create": "8s", "update": null } }),
            stored: Some("SOMETHING_NEW"),
            says: &["Number Not Connected Yet"],
            ..Case::default()
        },
        Case {
            flags: &["--connect-after=never", "--list-follows=meta"],
            changes: json!({ "wait_for_connected": false }),
            stored: Some("PENDING"),
            ..Case::default()
        },
        // A lost answer waits all the same.
        Case {
            fault: fault(REGISTER, "after_commit"),
            changes: json!({ "wait_for_connected": false }),
            ..Case::default()
        },
        // What cannot be read.
        Case {
            flags: &["--deny=QueryChatappPhoneNumbers"],
            ..not_stored(&["CAMS Denied Access"], (0, 0))
        },
        Case {
            flags: &["--deny=ChatappSyncPhoneNumber", "--list-follows=meta"],
            placed: Some(("CONNECTED", "EXPIRED")),
            says: &["ChatappSyncPhoneNumber Failed", "Number Already Live"],
            sent: (0, 0),
            ..Case::default()
        },
        // A synchronization that is denied ends no wait: the list may show the number all the same.
        Case {
            flags: &["--deny=ChatappSyncPhoneNumber", "--list-follows=meta"],
            placed: Some(("MIGRATING", "VERIFIED")),
            fault: fault(REGISTER, "after_commit"),
            code: None,
            says: &["ChatappSyncPhoneNumber Failed"],
            sent: (0, 1),
            ..Case::default()
        },
        // One that fails for a passing reason leaves a list that may be too old to act on.
        Case {
            placed: Some(("MIGRATING", "VERIFIED")),
            fault: json!([{ "kind": "status", "status": 500, "when": "before_commit", "times": "always", "action": "ChatappSyncPhoneNumber" }]),
            changes: json!({ "timeouts": { "create": "8s", "update": null } }),
            ..not_stored(&["CAMS Unavailable"], (0, 0))
        },
        Case {
            flags: &[
                "--deny=GetPhoneNumberVerificationStatus",
                "--migrating-listed-as=PENDING",
            ],
            says: &["GetPhoneNumberVerificationStatus Failed"],
            ..Case::default()
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_create_sends_what_is_needed_once_and_stores_what_is_certain() {
    let cases = cases().into_iter().map(|case| tokio::spawn(check(case)));
    for case in cases {
        case.await.unwrap();
    }
}

async fn check(case: Case) {
    let emulator = Emulator::start(case.flags);
    if let Some((status, verification)) = case.placed {
        place(&emulator, status, verification);
    }
    let code = match case.code {
        Some("right") if case.sent.0 > 0 => Some(emulator.send_code(NUMBER)),
        code => code.map(str::to_owned),
    };
    emulator.control("POST", "faults", Some(case.fault));
    let core = configured(&emulator, json!({})).await;
    let mut config = registration(json!({ "verify_code_wo": code }));
    merge(&mut config, case.changes);
    let outcome = create(&core, &config).await;
    let state = &outcome.instance.state;
    let about = format!(
        "{:?} {:?}: {:?}",
        case.flags, case.placed, outcome.diagnostics
    );
    assert_eq!(state["status"].as_str(), case.stored, "{about}");
    // An object with an error would be destroyed by the next apply.
    let failed = outcome.diagnostics.iter().any(|it| it.severity == 1);
    assert_eq!(failed, state.is_null(), "{about}");
    assert_eq!(titles(&outcome), case.says, "{about}");
    let sent = (emulator.count(SUBMIT), emulator.count(REGISTER));
    assert_eq!(sent, case.sent, "{about}");
    if let Some(code) = code.filter(|code| code.len() == 6) {
        let logs = core.whole_log().await;
        let everywhere = format!("{about} {state} {logs:?}");
        assert!(!everywhere.contains(&code), "the code is shown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_triggers_registers_again_and_only_then() {
    let emulator = Emulator::start(&[]);
    // The first registration of a number whose name is in review leaves it PENDING for good.
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
        "status": "MIGRATING", "code_verification_status": "VERIFIED",
        "name_status": "Pending_Review",
    }));
    let core = configured(&emulator, json!({})).await;
    let patience = json!({ "create": "6s", "update": "10s" });
    let config = |changes| {
        let mut config = registration(json!({ "timeouts": patience }));
        merge(&mut config, changes);
        config
    };
    let created = create(&core, &config(json!({}))).await.instance;
    assert_eq!(created.state["status"], "PENDING");
    // Every other change only stores it.
    for changes in [
        json!({ "deregister_on_destroy": true }),
        json!({ "deregister_on_destroy": true, "wait_for_connected": false }),
    ] {
        let stored = update(&emulator, &created, &config(changes)).await;
        assert_eq!(titles(&stored), [""; 0]);
        assert_eq!(emulator.count(REGISTER), 1);
    }
    // A refusal keeps the prior state, so that the next apply registers again.
    let again = config(json!({ "triggers": { "name": "approved" } }));
    emulator.control("PUT", "behaviour", Some(json!({ "two_step": true })));
    let refused = update(&emulator, &created, &again).await;
    assert_eq!(titles(&refused), ["Registration Refused"]);
    assert_eq!(refused.instance.state, created.state);
    emulator.control("PUT", "behaviour", Some(json!({ "two_step": false })));
    let registered = update(&emulator, &created, &again).await;
    assert_eq!(
        registered.instance.state["status"], "CONNECTED",
        "{registered:?}"
    );
    assert_eq!(
        registered.instance.state["triggers"],
        json!({ "name": "approved" })
    );
    assert_eq!(emulator.count(REGISTER), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_about_a_number_that_was_live_keeps_the_prior_state() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "CONNECTED", "EXPIRED");
    let core = configured(&emulator, json!({})).await;
    let created = create(&core, &registration(json!({}))).await.instance;
    let lost =
        json!([{ "kind": "status", "status": 500, "action": REGISTER, "when": "before_commit" }]);
    emulator.control("POST", "faults", Some(lost));
    let again = registration(json!({ "triggers": { "name": "approved" } }));
    let unknown = update(&emulator, &created, &again).await;
    assert_eq!(titles(&unknown), ["Registration With Unknown Outcome"]);
    assert_eq!(unknown.instance.state, created.state);
    assert_eq!(emulator.count(REGISTER), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_a_run_deregisters_and_creates_are_registered() {
    for flags in [
        &["--deregister-keeps-verification"][..],
        &["--deregister-keeps-verification", "--sync-lag=60m"],
    ] {
        let emulator = Emulator::start(flags);
        let mut stored = Vec::new();
        for number in ["13900001234", "13900005678"] {
            emulator.place_number(json!({
                "cust_space_id": "cams-test", "country_code": "86", "mobile_number": number,
                "status": "CONNECTED", "code_verification_status": "VERIFIED",
            }));
            let config = registration(json!({
                "phone_number": format!("86{number}"), "deregister_on_destroy": true,
            }));
            let core = configured(&emulator, json!({})).await;
            stored.push((create(&core, &config).await.instance, config));
        }
        // The list of the first number is older than the end of the second one.
        let core = configured(&emulator, json!({})).await;
        for (prior, config) in &stored {
            assert!(destroy(&core, TYPE, prior).await.instance.state.is_null());
            let created = create(&core, config).await;
            assert_eq!(created.instance.state["status"], "CONNECTED", "{created:?}");
        }
        assert_eq!(emulator.count(DEREGISTER), 2, "{flags:?}");
        assert_eq!(emulator.count(REGISTER), 2, "{flags:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_address_keeps_its_number() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "CONNECTED", "EXPIRED");
    let config = registration(json!({ "deregister_on_destroy": true }));
    let core = configured(&emulator, json!({})).await;
    let old = create(&core, &config).await.instance;
    // The new address takes the number over before the old one is destroyed.
    let core = configured(&emulator, json!({})).await;
    let new = create(&core, &config).await;
    assert_eq!(new.instance.state["status"], "CONNECTED", "{new:?}");
    let destroyed = destroy(&core, TYPE, &old).await;
    assert_eq!(destroyed.instance.state, Value::Null);
    assert_eq!(titles(&destroyed), ["Number Kept by Another Resource"]);
    assert_eq!(emulator.count(DEREGISTER), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_replacement_warns_about_the_live_number_that_it_cuts() {
    for (deregisters, says) in [
        (
            true,
            &[
                "Live Number Will Be Deregistered",
                "Registration Moves Numbers to the Space",
            ][..],
        ),
        (false, &["Registration Moves Numbers to the Space"]),
    ] {
        let emulator = Emulator::start(&[]);
        place(&emulator, "CONNECTED", "EXPIRED");
        let core = configured(&emulator, json!({})).await;
        let config = registration(json!({ "deregister_on_destroy": deregisters }));
        let created = create(&core, &config).await.instance;
        let core = configured(&emulator, json!({})).await;
        let read = core.read(TYPE, &created).await.instance;
        // Terraform plans the new object without the prior state.
        let replaced = Instance {
            private: read.private,
            ..Instance::default()
        };
        let planned = core.plan(TYPE, &replaced, &config, &config).await;
        assert_eq!(titles(&planned), says);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_change_after_an_import_registers_nothing() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "CONNECTED", "EXPIRED");
    let core = configured(&emulator, json!({})).await;
    let identity = json!({ "cust_space_id": "cams-test", "phone_number": NUMBER });
    for (id, identity) in [
        (&*format!("cams-test/{NUMBER}"), Value::Null),
        ("", identity),
    ] {
        let (imported, diagnostics) = core.import(TYPE, id, &identity).await;
        assert_eq!(count(&diagnostics), 0, "{diagnostics:?}");
        let read = core.read(TYPE, &imported[0]).await.instance;
        assert_eq!(read.state["status"], "CONNECTED");
        assert_eq!(read.state["quality_rating"], "GREEN");
        let config = registration(json!({ "triggers": { "a": "1" } }));
        let stored = update(&emulator, &read, &config).await;
        assert_eq!(titles(&stored), [""; 0]);
        assert_eq!(stored.instance.state["triggers"], json!({ "a": "1" }));
        assert_eq!(emulator.count(REGISTER), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_deregisters_only_if_the_state_says_so() {
    for (deregisters, flags, titles_of_plan, calls) in [
        (false, &[][..], "Number Stays Registered", 0),
        (true, &[], "Live Number Will Be Deregistered", 1),
        (
            true,
            &["--half-deregistrations=1"],
            "Live Number Will Be Deregistered",
            2,
        ),
    ] {
        let emulator = Emulator::start(flags);
        place(&emulator, "CONNECTED", "EXPIRED");
        let core = configured(&emulator, json!({})).await;
        let config = registration(json!({ "deregister_on_destroy": deregisters }));
        let created = create(&core, &config).await.instance;
        let core = configured(&emulator, json!({})).await;
        let planned = core.plan(TYPE, &created, &Value::Null, &Value::Null).await;
        assert_eq!(titles(&planned), [titles_of_plan]);
        let mut destroyed = destroy(&core, TYPE, &created).await;
        if calls == 2 {
            assert_eq!(titles(&destroyed), ["Number Not Deregistered"]);
            assert_eq!(destroyed.instance.state, created.state);
            destroyed = destroy(&core, TYPE, &created).await;
        }
        assert_eq!(destroyed.instance.state, Value::Null, "{destroyed:?}");
        assert_eq!(emulator.count(DEREGISTER), calls);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_keeps_a_registered_number() {
    let emulator = Emulator::start(&["--connect-after=never"]);
    place(&emulator, "MIGRATING", "VERIFIED");
    let core = configured(&emulator, json!({})).await;
    let config = registration(json!({}));
    let stop = async {
        while tokio::task::block_in_place(|| emulator.count(REGISTER)) == 0 {
            tokio::task::yield_now().await;
        }
        let request = stop_provider::Request::default();
        core.provider().stop_provider(request).await.unwrap();
    };
    let both = async { tokio::join!(create(&core, &config), stop) };
    let (outcome, ()) = soon("an end of the wait", both).await;
    assert_eq!(titles(&outcome), ["Number Not Connected Yet"]);
    assert_eq!(outcome.instance.state["phone_number"], NUMBER);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_wait_share_one_poll() {
    let emulator = Emulator::start(&["--connect-after=5s", "--quota=100/1s"]);
    let core = configured(&emulator, json!({})).await;
    let numbers: Vec<String> = (0..20).map(|at| format!("139{at:08}")).collect();
    for number in &numbers {
        emulator.place_number(json!({
            "cust_space_id": "cams-test", "country_code": "86", "mobile_number": number,
            "status": "MIGRATING", "code_verification_status": "VERIFIED",
        }));
    }
    let began = std::time::Instant::now();
    let configs = numbers
        .iter()
        .map(|number| registration(json!({ "phone_number": format!("86{number}") })));
    let configs: Vec<_> = configs.collect();
    let creates = configs.iter().map(|config| create(&core, config));
    for outcome in futures_util::future::join_all(creates).await {
        assert_eq!(outcome.instance.state["status"], "CONNECTED", "{outcome:?}");
    }
    // One poll in two seconds, one before the registrations, and one more.
    let polls = 2 + began.elapsed().div_duration_f64(Duration::from_secs(2)) as usize;
    let syncs = emulator.count("ChatappSyncPhoneNumber");
    assert!(syncs <= polls, "{syncs} polls, {polls} expected");
    assert_eq!(emulator.count(REGISTER), numbers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_synchronizes_once_if_a_registration_is_not_live() {
    for (status, syncs) in [("CONNECTED", 0), ("PENDING", 1)] {
        let emulator = Emulator::start(&[]);
        place(&emulator, "CONNECTED", "EXPIRED");
        let core = configured(&emulator, json!({})).await;
        let state = registration(json!({
            "cust_space_id": "cams-test", "status": status, "deregister_on_destroy": false,
            "wait_for_connected": true,
        }));
        let stored = Instance {
            state,
            ..Instance::default()
        };
        for _ in 0..5 {
            let read = core.read(TYPE, &stored).await;
            assert_eq!(read.instance.state["status"], "CONNECTED");
            assert_eq!(titles(&read), [""; 0]);
        }
        assert_eq!(emulator.count("ChatappSyncPhoneNumber"), syncs);
        assert!(emulator.requests().len() <= 2, "{:?}", emulator.requests());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_has_moved_out_is_told_as_such() {
    let emulator = Emulator::start(&[NOT_THERE]);
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
        "status": "MIGRATED", "lookup": false,
    }));
    let core = configured(&emulator, json!({})).await;
    let state = registration(json!({ "cust_space_id": "cams-test", "status": "CONNECTED" }));
    let stored = Instance {
        state,
        ..Instance::default()
    };
    let read = core.read(TYPE, &stored).await;
    assert_eq!(read.instance.state, Value::Null);
    assert_eq!(titles(&read), ["Number Has Moved Out of the Space"]);
}

/// The configuration of the registration, with `changes`.
pub(crate) fn registration(changes: Value) -> Value {
    let mut value = json!({
        "cust_space_id": null, "phone_number": NUMBER, "verify_code_wo": null,
        "deregister_on_destroy": null, "wait_for_connected": null, "triggers": null, "id": null,
        "status": null, "quality_rating": null, "messaging_limit_tier": null,
        "verified_name": null, "name_status": null, "is_official": null, "timeouts": null,
    });
    merge(&mut value, changes);
    value
}

pub(crate) fn place(emulator: &Emulator, status: &str, verification: &str) {
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
        "status": status, "code_verification_status": verification,
    }));
}

/// Plans and applies a new registration, as Terraform core does.
async fn create(core: &Calls, config: &Value) -> Outcome {
    apply(core, TYPE, &Instance::default(), config).await
}

/// Plans and applies a change of the registration.
async fn update(emulator: &Emulator, prior: &Instance, config: &Value) -> Outcome {
    // Terraform starts a process for each run.
    let core = configured(emulator, json!({})).await;
    apply(&core, TYPE, prior, config).await
}

/// Plans and applies a change of a resource whose code is never stored, as Terraform core does.
pub(crate) async fn apply(
    core: &Calls,
    type_name: &str,
    prior: &Instance,
    config: &Value,
) -> Outcome {
    let mut proposed = config.clone();
    proposed["verify_code_wo"] = Value::Null;
    if let (Some(proposed), Some(state)) = (proposed.as_object_mut(), prior.state.as_object()) {
        for (name, value) in proposed {
            let only_configured = ["triggers", "timeouts", "verify_code_wo_version"];
            let is_computed = !only_configured.contains(&name.as_str());
            if value.is_null() && is_computed {
                *value = state[name].clone();
            }
        }
    }
    let planned = core.plan(type_name, prior, &proposed, config).await;
    assert!(
        planned.diagnostics.iter().all(|it| it.severity != 1),
        "{planned:?}"
    );
    assert!(planned.requires_replace.is_empty(), "{planned:?}");
    let applied = core
        .apply(type_name, prior, &planned.instance, config)
        .await;
    applied.expect("a response, whatever happens")
}

/// The titles of the diagnostics, sorted.
pub(crate) fn titles(outcome: &Outcome) -> Vec<&str> {
    count(&outcome.diagnostics);
    let titles = outcome.diagnostics.iter().map(|it| it.summary.as_str());
    let mut titles: Vec<_> = titles.collect();
    titles.sort_unstable();
    titles
}
