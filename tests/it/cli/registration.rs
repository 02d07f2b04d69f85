//! From a migration to a number that is live, as a user runs it.

use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::kill::{children, interrupt, send};
use super::{Run, Workspace};
use crate::emulator::Emulator;
use crate::support::PAUSE;

const REGISTER: &str = "ChatappMigrationRegister";

/// A number that is migrated and registered.
const FLOW: &str = r#"
variable "code" {
  type      = string
  default   = null
  ephemeral = true
}

resource "cams_number_migration" "one" {
  country_code  = "86"
  mobile_number = "13900001234"
}

resource "cams_number_registration" "one" {
  phone_number   = cams_number_migration.one.phone_number
  verify_code_wo = var.code
}
"#;

#[test]
fn a_number_goes_from_its_migration_to_connected_and_its_code_is_shown_nowhere() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, FLOW).env("TF_LOG", "TRACE");
    let apply = ["apply", "-auto-approve", "-no-color", "-input=false"];
    workspace.fails(&apply).assert_says(&[
        "Verification Code Missing",
        "Registration Moves Numbers to the Space",
    ]);
    let code = emulator.send_code("8613900001234");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let mut printed = String::new();
    let run = |args: &[&str], code: &str| {
        let variable = format!("code={code}");
        let args = [args, &["-no-color", "-input=false", "-var", &variable]].concat();
        workspace.run(&args)
    };
    let refused = run(&["apply", "-auto-approve"], wrong);
    refused.assert_says(&["Verification Code Refused", "probably wrong or expired"]);
    assert_eq!(refused.code, 1);
    let planned = run(&["plan", "-out=plan.bin"], &code);
    let applied = run(&["apply"], &code);
    assert_eq!(applied.code, 1, "an apply without a plan asks");
    let applied = workspace.run(&[
        "apply",
        "-no-color",
        "-input=false",
        "-var",
        &format!("code={code}"),
        "plan.bin",
    ]);
    assert_eq!(applied.code, 0, "{}", applied.all());
    assert_eq!(
        workspace.state()["cams_number_registration.one"]["status"],
        "CONNECTED"
    );
    let third = run(&["plan", "-detailed-exitcode"], &code);
    assert_eq!(third.code, 0, "{}", third.all());
    for run in [&planned, &applied, &third] {
        printed.push_str(&run.stdout);
        printed.push_str(&run.stderr);
    }
    let state = std::fs::read_to_string(workspace.path().join("terraform.tfstate")).unwrap();
    let shown = workspace.ok(&["show", "-json", "plan.bin"]).stdout;
    assert!(printed.contains("tf_rpc"), "the provider logs");
    for (place, text) in [("log", &printed), ("state", &state), ("plan", &shown)] {
        // Terraform's own log has the arguments of its command line.
        let lines = text.lines().filter(|line| !line.contains("CLI args"));
        let mut lines = lines.filter(|line| !line.contains("CLI command args"));
        let line = lines.find(|line| line.contains(&code));
        assert_eq!(line, None, "the code is in the {place}");
    }
    assert_eq!(emulator.count(REGISTER), 1);
}

#[test]
fn a_wait_that_times_out_deregisters_nothing() {
    let emulator = Emulator::start(&["--connect-after=never", "--arrives-verified"]);
    let flow = FLOW.replace(
        "  verify_code_wo = var.code\n",
        "  deregister_on_destroy = true\n  timeouts {\n    create = \"2s\"\n  }\n",
    );
    let workspace = Workspace::on(&emulator, &flow);
    workspace
        .apply()
        .assert_says(&["Number Not Connected Yet", "PENDING"]);
    let again = workspace.apply();
    again.assert_says(&["0 added, 0 changed, 0 destroyed"]);
    assert_eq!(emulator.count("ChatappPhoneNumberDeregister"), 0);
    assert_eq!(emulator.count(REGISTER), 1);
}

#[test]
fn live_numbers_whose_verification_lapsed_are_taken_over() {
    let emulator = Emulator::start(&["--quota=100/1s"]);
    for at in 0..200 {
        emulator.place_number(serde_json::json!({
            "cust_space_id": "cams-test", "country_code": "86",
            "mobile_number": format!("139{at:08}"), "status": "CONNECTED",
            "code_verification_status": "EXPIRED",
        }));
    }
    let workspace = Workspace::on(
        &emulator,
        "resource \"cams_number_registration\" \"all\" {\n  count = 200\n  \
         phone_number = format(\"86139%08d\", count.index)\n  verify_code_wo = \"123456\"\n}\n",
    );
    workspace
        .apply()
        .assert_says(&["200 added", "Number Already Live"]);
    for action in [
        REGISTER,
        "ChatappMigrationVerified",
        "GetMigrationVerifyCode",
    ] {
        assert_eq!(emulator.count(action), 0, "{action}");
    }
    let before = emulator.requests().len();
    workspace.ok(&["plan", "-detailed-exitcode", "-no-color", "-input=false"]);
    assert!(emulator.requests().len() - before <= 4);
}

#[cfg(target_os = "linux")]
#[test]
fn a_provider_that_is_killed_while_it_waits_registers_once() {
    let emulator = Emulator::start(&["--connect-after=2s", "--arrives-verified"]);
    let workspace = Workspace::on(&emulator, &without_code());
    let mut terraform = registering(&workspace, &emulator);
    for provider in children(terraform.id()) {
        send("KILL", &provider.to_string());
    }
    assert!(!terraform.wait().expect("a process").success());
    // Until the number is connected, CAMS refuses another registration.
    let began = Instant::now();
    let apply = [
        "apply",
        "-auto-approve",
        "-no-color",
        "-input=false",
        "-lock=false",
    ];
    while workspace.run(&apply).code != 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it does not connect"
        );
    }
    assert_eq!(
        workspace.state()["cams_number_registration.one"]["status"],
        "CONNECTED"
    );
    assert_eq!(emulator.accepted("registrations"), 1);
}

#[test]
fn ctrl_c_while_it_waits_keeps_the_number_and_registers_once() {
    let emulator = Emulator::start(&["--connect-after=never", "--arrives-verified"]);
    let workspace = Workspace::on(&emulator, &without_code());
    let terraform = registering(&workspace, &emulator);
    interrupt(&terraform);
    let run = Run::from(terraform.wait_with_output().expect("a process"));
    run.assert_says(&["Interrupt received", "Number Not Connected Yet"]);
    let status = &workspace.state()["cams_number_registration.one"]["status"];
    assert_eq!(status, "PENDING");
    workspace.assert_no_changes();
    assert_eq!(emulator.count(REGISTER), 1);
}

/// The flow for numbers that arrive verified.
fn without_code() -> String {
    FLOW.replace("  verify_code_wo = var.code\n", "")
}

/// Starts an apply in a process group of its own, and waits until it has registered the number.
fn registering(workspace: &Workspace, emulator: &Emulator) -> Child {
    let terraform = workspace
        .command(&["apply", "-auto-approve", "-no-color", "-input=false"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("the CLI runs");
    let began = Instant::now();
    while emulator.accepted("registrations") == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "nothing is registered"
        );
        std::thread::sleep(PAUSE);
    }
    terraform
}
