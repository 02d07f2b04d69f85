//! Every fault in the calls that follow the start of a migration, and in each of the ways in which
//! the service may behave where its documentation leaves that open.
//!
//! A create ends with an object or with an error, never with both. Nothing is submitted, registered
//! or deregistered twice. After two applies at most the number is in its right state, and an apply
//! that failed said why.
//!
//! The number of cells and their time are printed:
//! `cargo test --workspace --test it -- --nocapture rpc::flow_faults`.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt, future, stream};
use serde_json::{Value, json};

use super::codes::{self, code};
use super::faults::{AT_ONCE, Fault, assert_no_secret, faults};
use super::registration::{self, NUMBER, place, registration};
use super::verification::{self, verification};
use super::webhook::{self, webhook};
use super::{configure, destroy, merge};
use crate::core::{Calls, Core, Instance, Outcome};
use crate::emulator::Emulator;

/// What Terraform does while the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It creates a verification code.
    Send,
    /// It creates a registration, with the code.
    Register,
    /// It creates a verification, with the code.
    Verify,
    /// It creates a webhook.
    SetWebhook,
    /// It refreshes a registration that was not live.
    Refresh,
    /// It destroys a registration whose number it deregisters.
    Deregister,
}

/// The calls that are struck. Those that change something meet every fault under every service.
const CALLS: [(Step, &str); 14] = [
    (Step::Send, "GetMigrationVerifyCode"),
    (Step::Register, "ChatappMigrationVerified"),
    (Step::Register, "ChatappMigrationRegister"),
    (Step::Verify, "ChatappMigrationVerified"),
    (Step::Deregister, "ChatappPhoneNumberDeregister"),
    (Step::SetWebhook, "UpdatePhoneWebhook"),
    (Step::Send, "QueryChatappPhoneNumbers"),
    (Step::Send, "GetPhoneNumberVerificationStatus"),
    (Step::Register, "QueryChatappPhoneNumbers"),
    (Step::Register, "ChatappSyncPhoneNumber"),
    (Step::Register, "GetPhoneNumberVerificationStatus"),
    (Step::Verify, "GetPhoneNumberVerificationStatus"),
    (Step::Refresh, "QueryChatappPhoneNumbers"),
    (Step::Refresh, "ChatappSyncPhoneNumber"),
];

const READS: [&str; 3] = [
    "QueryChatappPhoneNumbers",
    "ChatappSyncPhoneNumber",
    "GetPhoneNumberVerificationStatus",
];

/// The ways in which the service may behave.
const SERVICES: [&[&str]; 3] = [
    &[],
    &[
        "--list-follows=meta",
        "--migrating-listed-as=PENDING",
        "--on-registered=ok",
        "--deregister-keeps-verification",
    ],
    &[
        "--business-status=200",
        "--verified-listed-as=absent",
        "--missing-number=not-verified",
        "--deregistered-as=PENDING",
        "--absent=empty",
    ],
];

/// How long an apply may take that meets a fault in each call: it ends by this, or because the call
/// was repeated as often as calls are, with waits of 7.5 s at most.
const IMPATIENT: &str = "10s";
/// How long an apply may take that succeeds or is refused, also on a slow machine.
const PATIENT: &str = "30s";

struct Cell {
    fault: Arc<Fault>,
    step: Step,
    action: &'static str,
    /// Whether it strikes all calls until the first apply has ended, or one.
    always: bool,
    service: &'static [&'static str],
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (row, fault) in faults().into_iter().map(Arc::new).enumerate() {
        for (column, (step, action)) in CALLS.into_iter().enumerate() {
            if fault.name == "stale list" && action != "QueryChatappPhoneNumbers" {
                continue;
            }
            let reads = READS.contains(&action);
            for (at, service) in SERVICES.into_iter().enumerate() {
                if !reads || at == (row + column) % SERVICES.len() {
                    cells.push(Cell {
                        fault: fault.clone(),
                        step,
                        action,
                        // A refresh has minutes for a call that is answered at last.
                        always: step != Step::Refresh && (row + column + at).is_multiple_of(2),
                        service,
                    });
                }
            }
        }
    }
    cells
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fault_has_a_step_done_twice_or_its_outcome_stored_wrongly() {
    let began = Instant::now();
    let cells = cells();
    let all = cells.len();
    let checks = cells.into_iter().map(|cell| tokio::spawn(check(cell)));
    let results = stream::iter(checks).buffer_unordered(3 * AT_ONCE);
    let wrong = results.filter(|result| future::ready(result.is_err()));
    let wrong = wrong.count().await;
    print(all, began);
    assert_eq!(wrong, 0, "of {all} cells");
}

#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn print(cells: usize, began: Instant) {
    println!("{cells} cells; {:.0} s", began.elapsed().as_secs_f64());
}

async fn check(cell: Cell) {
    let Cell { fault, step, .. } = &cell;
    let about = format!(
        "{} in {}, {}, {step:?}, {:?}",
        fault.name,
        cell.action,
        if cell.always { "always" } else { "once" },
        cell.service
    );
    let flags = [
        &["--quota=1000/1s", "--connect-after=0ms"][..],
        cell.service,
    ]
    .concat();
    let emulator = Emulator::start(&flags);
    let mut code = String::new();
    let mut stored = Instance::default();
    match step {
        Step::Send => place(&emulator, "MIGRATING", "NOT_VERIFIED"),
        Step::Register | Step::Verify => {
            place(&emulator, "MIGRATING", "NOT_VERIFIED");
            code = emulator.send_code(NUMBER);
        }
        Step::SetWebhook | Step::Deregister | Step::Refresh => {
            place(&emulator, "CONNECTED", "VERIFIED");
        }
    }
    match step {
        Step::Refresh => stored = registered("PENDING"),
        Step::Deregister => stored = registered("CONNECTED"),
        _ => {}
    }
    let mut placed = fault.fault.clone();
    let times = if cell.always {
        json!("always")
    } else {
        json!(1)
    };
    merge(
        &mut placed,
        json!({ "action": cell.action, "times": times }),
    );
    emulator.control("POST", "faults", Some(placed));

    let provider = provider(&emulator).await;
    let timeout = if cell.always { IMPATIENT } else { PATIENT };
    let first = run(&provider, *step, &stored, &code, timeout).await;
    emulator.control("DELETE", "faults", None);
    let text = texts(&first, &code);
    let about = format!("{about}:\n{text}");
    if failed(&first) {
        let says = fault.says.iter().any(|says| text.contains(says));
        assert!(says, "{:?} is missing, {about}", fault.says);
    }
    let is_in_state = !first.instance.state.is_null();
    match step {
        Step::Deregister => assert_eq!(is_in_state, failed(&first), "{about}"),
        Step::Refresh => assert!(is_in_state || failed(&first), "{about}"),
        _ => assert_ne!(is_in_state, failed(&first), "{about}"),
    }
    if !failed(&first) {
        stored = first.instance;
    } else {
        let provider = self::provider(&emulator).await;
        let second = run(&provider, *step, &stored, &code, PATIENT).await;
        let text = texts(&second, &code);
        // CAMS refuses to deregister a number twice, and the text says what to do then.
        let refused =
            *step == Step::Deregister && text.contains("set deregister_on_destroy to false");
        let about = format!("{about}\nand then:\n{text}");
        assert!(refused || !failed(&second), "{about}");
        stored = second.instance;
    }
    match step {
        Step::Register | Step::Refresh => {
            let provider = self::provider(&emulator).await;
            let read = provider.read(registration::TYPE, &stored).await;
            assert_eq!(read.instance.state["status"], "CONNECTED", "{about}");
        }
        Step::Verify => {
            let status = &stored.state["code_verification_status"];
            assert_eq!(status, "VERIFIED", "{about}");
        }
        Step::Send | Step::SetWebhook => assert!(!stored.state.is_null(), "{about}"),
        Step::Deregister => {}
    }
    let done = ["sends", "submissions", "registrations", "deregistrations"];
    let done = done.map(|of| emulator.accepted(of));
    let expected = match step {
        // A code that may have been sent is not sent again.
        Step::Send if about.contains("Code May Have Been Sent") => [done[0].min(1), 0, 0, 0],
        Step::Send => [1, 0, 0, 0],
        Step::Register => [1, 1, 1, 0],
        Step::Verify => [1, 1, 0, 0],
        Step::SetWebhook | Step::Refresh => [0, 0, 0, 0],
        Step::Deregister => [0, 0, 0, 1],
    };
    assert_eq!(done, expected, "{about}");
}

/// The state of a registration with this status, which its destroy deregisters.
fn registered(status: &str) -> Instance {
    let state = registration(json!({
        "cust_space_id": "cams-test", "status": status, "deregister_on_destroy": true,
        "wait_for_connected": true, "timeouts": { "create": null, "update": IMPATIENT },
    }));
    Instance {
        state,
        ..Instance::default()
    }
}

/// A provider of its own, as one run of Terraform has.
async fn provider(emulator: &Emulator) -> impl Deref<Target = Calls> {
    let provider = Core::start().in_process().await;
    configure_impatient(&provider, emulator).await;
    provider
}

async fn configure_impatient(provider: &Calls, emulator: &Emulator) {
    let changes = json!({
        "security_token": "sts-token-of-a-test",
        "client_read_timeout": 1500,
        "account_id": "1234567890",
    });
    configure(provider, emulator.url(), changes).await;
}

async fn run(
    provider: &Calls,
    step: Step,
    stored: &Instance,
    code: &str,
    timeout: &str,
) -> Outcome {
    let patience = json!({ "create": timeout, "update": null });
    let with_code = json!({ "verify_code_wo": code, "timeouts": patience });
    let delivery = json!({
        "up_callback_url": "https://example.com/up", "http_flag": true, "timeouts": patience,
    });
    match step {
        Step::Send => {
            let config = self::code(json!({ "timeouts": patience }));
            create(provider, codes::TYPE, &config).await
        }
        Step::Register => create(provider, registration::TYPE, &registration(with_code)).await,
        Step::Verify => create(provider, verification::TYPE, &verification(with_code)).await,
        Step::SetWebhook => create(provider, webhook::TYPE, &webhook(delivery)).await,
        Step::Refresh => provider.read(registration::TYPE, stored).await,
        Step::Deregister => destroy(provider, registration::TYPE, stored).await,
    }
}

/// Plans and applies a new object. Its code is never planned.
pub(crate) async fn create(provider: &Calls, type_name: &str, config: &Value) -> Outcome {
    let nothing = Instance::default();
    let mut proposed = config.clone();
    if let Some(code) = proposed.get_mut("verify_code_wo") {
        *code = Value::Null;
    }
    let planned = provider.plan(type_name, &nothing, &proposed, config).await;
    let applied = provider.apply(type_name, &nothing, &planned.instance, config);
    applied.await.expect("a response, whatever happens")
}

pub(crate) fn failed(outcome: &Outcome) -> bool {
    outcome.diagnostics.iter().any(|it| it.severity == 1)
}

/// The diagnostics, in which no secret may be.
pub(crate) fn texts(outcome: &Outcome, code: &str) -> String {
    let texts = outcome.diagnostics.iter();
    let texts = texts.map(|it| format!("{}: {}\n", it.summary, it.detail));
    let texts: String = texts.collect();
    assert_no_secret(&texts);
    assert!(
        code.is_empty() || !texts.contains(code),
        "the code is in:\n{texts}"
    );
    texts
}

/// The log is that of a process, so each fault strikes one real process too.
#[tokio::test(flavor = "multi_thread")]
async fn no_fault_brings_a_code_into_the_log() {
    let quoted = json!({ "kind": "echo_request" });
    let faults = faults().into_iter().map(|fault| fault.fault);
    let each = |mut fault: Value| async move {
        let emulator = Emulator::start(&["--connect-after=0ms"]);
        place(&emulator, "MIGRATING", "NOT_VERIFIED");
        let code = emulator.send_code(NUMBER);
        merge(&mut fault, json!({ "action": "ChatappMigrationVerified" }));
        emulator.control("POST", "faults", Some(fault));
        let core = Core::start().env("TF_LOG", "TRACE").await;
        configure_impatient(&core, &emulator).await;
        let nothing = Instance::default();
        let outcome = run(&core, Step::Register, &nothing, &code, IMPATIENT).await;
        texts(&outcome, &code);
        let log = format!("{:?}", core.whole_log().await);
        assert!(log.contains("ChatappMigrationVerified"), "{log}");
        assert!(!log.contains(&code), "the code {code} is in:\n{log}");
    };
    stream::iter(faults.chain([quoted]))
        .for_each_concurrent(AT_ONCE / 2, each)
        .await;
}
