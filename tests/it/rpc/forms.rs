//! Numbers that WhatsApp writes in a form of its own, under every flag about these forms.

use serde_json::{Value, json};

use super::{TYPE, assert_migrating, assert_silent, configured, create, number};
use crate::core::{Core, Instance, Outcome};
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";

/// A code, the number as it is dialled, and the number in WhatsApp's form.
const NUMBERS: [[&str; 3]; 3] = [
    ["52", "5512345678", "15512345678"],
    ["54", "1123456789", "91123456789"],
    ["55", "31996883193", "3196883193"],
];

const FORMS: [[&str; 2]; 4] = [
    ["--number-form=whatsapp", "--accepted-forms=written"],
    ["--number-form=whatsapp", "--accepted-forms=all"],
    ["--number-form=dialled", "--accepted-forms=written"],
    ["--number-form=dialled", "--accepted-forms=all"],
];

fn written(code: &str, mobile_number: &str) -> Value {
    number(mobile_number, json!({ "country_code": code }))
}

#[track_caller]
fn assert_adopted(outcome: &Outcome) {
    let warning = &outcome.diagnostics[0].summary;
    assert_eq!(
        warning, "Number Already in the Space",
        "{:?}",
        outcome.diagnostics
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_started_once_whatever_form_the_service_has_for_it() {
    let listed = [
        "--migrating-listed-as=absent",
        "--migrating-listed-as=PENDING",
    ];
    let flags = FORMS
        .iter()
        .flat_map(|forms| listed.map(|listed| [forms[0], forms[1], listed]));
    futures_util::future::join_all(flags.map(start_once)).await;
}

async fn start_once(flags: [&str; 3]) {
    let emulator = Emulator::start(&flags);
    let core = configured(&emulator, json!({})).await;
    for [code, dialled, _] in NUMBERS {
        let created = create(&core, &written(code, dialled)).await;
        assert_migrating(&created);
        assert_silent(&created);
        let state = &created.instance.state;
        assert_eq!(state["mobile_number"], dialled);
        assert_eq!(state["phone_number"], format!("{code}{dialled}"));
        assert!(state["id"].is_string(), "{state}");
        let read = core.read(TYPE, &created.instance).await;
        assert_silent(&read);
        let read = &read.instance.state;
        assert_eq!(
            (&read["phone_number"], &read["id"]),
            (&state["phone_number"], &state["id"])
        );
    }
    // Other processes, without the state, take the numbers over in both forms.
    for form in [1, 2] {
        let other = configured(&emulator, json!({})).await;
        for number in NUMBERS {
            let adopted = create(&other, &written(number[0], number[form])).await;
            assert_adopted(&adopted);
            let named = format!("{}{}", number[0], number[form]);
            assert_eq!(adopted.instance.state["phone_number"], named);
        }
    }
    assert_eq!(emulator.count(INITIATE), NUMBERS.len(), "{flags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_in_the_other_form_keeps_a_number_from_being_started() {
    for forms in ["--number-form=whatsapp", "--number-form=dialled"] {
        let emulator = Emulator::start(&[forms]);
        // The list alone shows the numbers.
        let silent = json!({
            "kind": "business_error", "code": "InvalidParameter.Odd",
            "action": LOOKUP, "times": "always",
        });
        emulator.control("POST", "faults", Some(silent));
        for [code, dialled, whatsapps] in NUMBERS {
            emulator.place("cams-test", code, dialled, "CONNECTED");
            for form in [dialled, whatsapps] {
                let core = configured(&emulator, json!({})).await;
                let adopted = create(&core, &written(code, form)).await;
                assert_adopted(&adopted);
                assert_eq!(adopted.instance.state["status"], "CONNECTED");
            }
        }
        assert_eq!(emulator.count(INITIATE), 0);
    }
}

/// The list says how CAMS writes a number, so that the first lookup is in that form.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_list_shows_is_looked_up_in_the_form_of_the_list() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "52", "5512345678", "CONNECTED");
    let core = configured(&emulator, json!({})).await;
    let adopted = create(&core, &written("52", "5512345678")).await;
    assert!(adopted.instance.state["id"].is_string());
    assert_eq!(emulator.count(LOOKUP), 1);
}

/// A lookup that knows a number in one form only says in the other that it does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn one_form_that_is_unknown_is_no_proof_that_the_number_is_gone() {
    let emulator = Emulator::start(&["--missing-code=PhoneNumber.NotExist"]);
    let core = configured(&emulator, json!({})).await;
    let started_long_ago = |state: Value| Instance {
        state,
        private: Vec::new(),
        identity: Value::Null,
    };
    for [code, dialled, _] in NUMBERS {
        let created = create(&core, &written(code, dialled)).await;
        let read = core
            .read(TYPE, &started_long_ago(created.instance.state.clone()))
            .await;
        assert_eq!(read.instance.state, created.instance.state);
        assert_silent(&read);

        emulator.remove("cams-test", code, dialled);
        let read = core
            .read(TYPE, &started_long_ago(created.instance.state))
            .await;
        assert_eq!(read.instance.state, Value::Null, "{:?}", read.diagnostics);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_imported_in_either_form() {
    futures_util::future::join_all(FORMS.map(import_all)).await;
}

async fn import_all(flags: [&str; 2]) {
    let emulator = Emulator::start(&flags);
    for [code, dialled, _] in NUMBERS {
        emulator.place("cams-test", code, dialled, "CONNECTED");
    }
    let core = configured(&emulator, json!({})).await;
    for [code, dialled, whatsapps] in NUMBERS {
        for form in [dialled, whatsapps] {
            for id in [
                format!("cams-test/{code}/{form}"),
                format!("cams-test/{code}{form}"),
            ] {
                let (imported, diagnostics) = core.import(TYPE, &id, &Value::Null).await;
                assert!(diagnostics.is_empty(), "{diagnostics:?}");
                let read = core.read(TYPE, &imported[0]).await;
                assert_silent(&read);
                let state = &read.instance.state;
                assert_eq!(state["mobile_number"], form, "{id}");
                assert_eq!(state["status"], "CONNECTED", "{id}");
                assert!(state["id"].is_string(), "{id}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_plans_for_both_forms_are_two_plans_for_one_number() {
    let emulator = Emulator::start(&[]);
    let nothing = Instance::default();
    for [code, dialled, whatsapps] in NUMBERS {
        let core: Core = configured(&emulator, json!({})).await;
        let (one, other) = (written(code, dialled), written(code, whatsapps));
        assert_silent(&core.plan(TYPE, &nothing, &one, &one).await);
        let planned = core.plan(TYPE, &nothing, &other, &other).await;
        let warning = &planned.diagnostics[0];
        assert_eq!(warning.summary, "Number Declared Twice");
        for form in [dialled, whatsapps] {
            assert!(
                warning.detail.contains(&format!("{code}{form}")),
                "{}",
                warning.detail
            );
        }
    }
}
