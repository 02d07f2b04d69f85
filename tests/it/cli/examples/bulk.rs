//! `examples/bulk`: numbers from a file, from nothing to CONNECTED.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::{Run, Workspace};
use crate::emulator::Emulator;

use super::{can_read, copy};

/// The calls that have an effect, in the order of a migration, and how the emulator's summary names
/// them.
const STAGES: [(&str, &str); 4] = [
    ("CreateChatappMigrationInitiate", "initiations"),
    ("GetMigrationVerifyCode", "sends"),
    ("ChatappMigrationVerified", "submissions"),
    ("ChatappMigrationRegister", "registrations"),
];
/// Flags of an emulator that is as fast as the machine allows.
pub(crate) const FAST: [&str; 4] = ["--quota", "200/1s", "--latency", "10ms"];

/// The example with this many numbers.
pub(crate) struct Bulk {
    pub(crate) emulator: Emulator,
    pub(crate) workspace: Workspace,
    pub(crate) numbers: Vec<String>,
}

impl Bulk {
    /// The example, all of whose numbers have the stage `start`. Nothing is applied yet.
    pub(crate) fn new(count: usize, flags: &[&str]) -> Self {
        let emulator = Emulator::start(flags);
        let mut workspace = Workspace::on(&emulator, "");
        if flags.starts_with(&FAST) {
            workspace = workspace.env("CAMS_THROTTLE_REQUESTS_PER_SECOND", "200");
        }
        copy(&workspace, "bulk");
        let numbers = (0..count).map(|index| format!("86139{index:08}"));
        let bulk = Self {
            emulator,
            workspace,
            numbers: numbers.collect(),
        };
        bulk.write("start", &[]);
        bulk
    }

    /// Writes the file with the numbers. Those with these indices are held.
    pub(crate) fn write(&self, stage: &str, held: &[usize]) {
        let mut file = "number,wave,stage,hold,method\n".to_owned();
        for (index, number) in self.numbers.iter().enumerate() {
            let hold = if held.contains(&index) { "yes" } else { "" };
            file.push_str(&format!("+{number},1,{stage},{hold},sms\n"));
        }
        self.workspace.write("numbers.csv", &file);
    }

    /// Writes the codes that these phones received last.
    pub(crate) fn write_codes(&self, numbers: &[String]) {
        let codes = numbers
            .iter()
            .map(|number| (number.clone(), self.code(number)));
        self.write_these_codes(&codes.collect());
    }

    fn write_these_codes(&self, codes: &BTreeMap<String, String>) {
        let file = json!({ "codes": codes }).to_string();
        self.workspace.write("codes.tfvars.json", &file);
    }

    fn code(&self, number: &str) -> String {
        let sent = self
            .emulator
            .control("GET", &format!("codes/{number}"), None);
        sent["code"].as_str().expect("a code").to_owned()
    }

    /// Applies, whether that succeeds or not.
    pub(crate) fn apply(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["apply", "-auto-approve", "-no-color", "-input=false"];
        all.extend(["-lock=false", "-parallelism=50"]);
        all.extend(arguments);
        self.workspace.run(&all)
    }

    /// Applies with the codes, whether that succeeds or not.
    pub(crate) fn apply_codes(&self) -> Run {
        self.apply(&["-var-file=codes.tfvars.json"])
    }

    /// What the output shows after the command that updates it: the numbers by stage.
    pub(crate) fn stages(&self) -> BTreeMap<String, Vec<String>> {
        let refreshed = self.apply(&["-refresh-only"]);
        assert_eq!(refreshed.code, 0, "{}", refreshed.all());
        let output = self.workspace.ok(&["output", "-json", "stages"]);
        let output: BTreeMap<String, Value> = serde_json::from_str(&output.stdout).expect("JSON");
        let numbers =
            |stage: Value| serde_json::from_value(stage["numbers"].clone()).expect("texts");
        output
            .into_iter()
            .map(|(name, stage)| (name, numbers(stage)))
            .collect()
    }

    /// How often an effect was accepted and refused, for each number.
    pub(crate) fn effects(&self, name: &str) -> BTreeMap<String, (u64, u64)> {
        let summary = self.emulator.control("GET", "summary", None);
        let effects = summary[name].as_array().expect("a list").iter();
        let effects = effects.map(|effect| {
            let count = |key: &str| effect[key].as_u64().expect("a count");
            let number = effect["phone_number"].as_str().expect("a number");
            (number.to_owned(), (count("accepted"), count("refused")))
        });
        effects.collect()
    }

    /// Asserts that each number is CONNECTED, and that each effect happened once and was not refused.
    fn assert_each_once(&self) {
        self.assert_connected();
        for (_, name) in STAGES {
            let effects = self.effects(name);
            assert_eq!(effects.len(), self.numbers.len(), "{name}");
            assert!(
                effects.values().all(|it| *it == (1, 0)),
                "{name}: {effects:?}"
            );
        }
    }

    /// Asserts that the state shows each number as CONNECTED.
    pub(crate) fn assert_connected(&self) {
        let state = self.workspace.state();
        for number in &self.numbers {
            let registration = &state[&format!("cams_number_registration.all[{number:?}]")];
            assert_eq!(registration["status"], "CONNECTED", "{number}");
        }
    }

    /// Asserts that a plan is empty, and that the log shows each of its calls. Returns how many those
    /// were.
    fn assert_no_changes(&self) -> usize {
        let before = self.emulator.all_requests().len();
        let plan = ["plan", "-detailed-exitcode", "-no-color", "-input=false"];
        let mut plan = self.workspace.command(&plan);
        let output = plan.env("TF_LOG_PROVIDER", "DEBUG").output();
        let run = Run::from(output.expect("the CLI runs"));
        assert_eq!(run.code, 0, "the plan is not empty:\n{}", run.all());
        let calls = self.emulator.all_requests().len() - before;
        assert_eq!(run.stderr.matches("called the API").count(), calls);
        calls
    }
}

/// The quota is the documented one. The test asserts how many calls there were, and prints how long
/// they took, because a machine may be busy.
#[test]
#[allow(
    clippy::print_stdout,
    reason = "a person who measures reads the figures"
)]
fn two_hundred_numbers_are_connected_by_two_applies() {
    if !can_read("examples/bulk") {
        return;
    }
    let bulk = Bulk::new(200, &["--latency", "20ms"]);
    let apply = |arguments: &[&str]| {
        let before = bulk.emulator.requests().len();
        let run = bulk.apply(&[arguments, &["-parallelism=100"]].concat());
        assert_eq!(run.code, 0, "{}", run.all());
        let requests = bulk.emulator.requests().split_off(before);
        // What Terraform needs for its plan is left out.
        let first = requests
            .iter()
            .find(|it| STAGES.iter().any(|stage| it["action"] == stage.0));
        let at = |request: Option<&Value>| request.and_then(|it| it["at_micros"].as_u64());
        Duration::from_micros(at(requests.last()).expect("a call") - at(first).expect("a call"))
    };
    let started = apply(&[]);
    bulk.write_codes(&bulk.numbers);
    bulk.write("live", &[]);
    let registered = apply(&["-var-file=codes.tfvars.json"]);
    bulk.assert_each_once();

    // A stage of n calls takes at least ⌈n / 10⌉ - 1 seconds, and a number connects after one.
    let floor: usize = STAGES
        .iter()
        .map(|(action, _)| bulk.emulator.count(action).div_ceil(10) - 1)
        .sum();
    let took = (started + registered).as_secs_f64();
    println!(
        "starts and codes {started:.1?}, registrations {registered:.1?}, with -parallelism=100: {:.2} of \
         the floor of {} s (the aim is 1.15)",
        took / (floor + 1) as f64,
        floor + 1
    );
    let throttled = bulk
        .emulator
        .requests()
        .into_iter()
        .filter(|request| request["throttled"] == true);
    assert_eq!(throttled.count(), 0, "no call is turned away");

    let calls = bulk.assert_no_changes();
    assert!(calls <= 6, "{calls} calls");
}

#[test]
fn a_wrong_code_fails_its_number_alone() {
    if !can_read("a wrong code in examples/bulk") {
        return;
    }
    let bulk = Bulk::new(40, &FAST);
    let run = bulk.apply(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    bulk.write("live", &[]);
    let wrong = bulk.numbers.iter().enumerate().map(|(index, number)| {
        let right = bulk.code(number);
        let code = match (index < 5, &*right) {
            (false, _) => right,
            (true, "000000") => "000001".to_owned(),
            (true, _) => "000000".to_owned(),
        };
        (number.clone(), code)
    });
    bulk.write_these_codes(&wrong.collect());
    let run = bulk.apply_codes();
    assert_eq!(run.code, 1, "{}", run.all());
    assert_eq!(
        run.stderr
            .matches("Error: Verification Code Refused")
            .count(),
        5
    );
    let stages = bulk.stages();
    assert_eq!(stages["live"].len(), 35, "{stages:?}");
    assert_eq!(stages["wrong"], bulk.numbers[..5], "{stages:?}");

    bulk.write_codes(&bulk.numbers);
    let run = bulk.apply_codes();
    assert_eq!(run.code, 0, "{}", run.all());
    bulk.assert_connected();
    for (name, expected) in [
        ("initiations", 0),
        ("sends", 0),
        ("submissions", 5),
        ("registrations", 0),
    ] {
        let effects = bulk.effects(name);
        assert!(
            effects.values().all(|(accepted, _)| *accepted == 1),
            "{name}: {effects:?}"
        );
        let refused: u64 = effects.values().map(|(_, refused)| refused).sum();
        assert_eq!(refused, expected, "{name}: {effects:?}");
    }
    bulk.assert_no_changes();
}

#[test]
fn the_output_shows_each_stage_and_the_command_that_sends_codes_again() {
    if !can_read("the stages of examples/bulk") {
        return;
    }
    let bulk = Bulk::new(4, &FAST);
    bulk.emulator.control(
        "POST",
        "faults",
        Some(json!({
            "kind": "business_error", "action": STAGES[0].0, "number": bulk.numbers[0],
            "code": "InvalidParameter.PhoneNumberError", "message": "refused", "times": "always",
        })),
    );
    // One refused start stops all codes of its apply.
    let run = bulk.apply(&[]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(bulk.effects("sends").is_empty());
    let stages = bulk.stages();
    assert_eq!(stages["refused"], bulk.numbers[..1], "{stages:?}");
    assert_eq!(stages["code not sent"], bulk.numbers[1..], "{stages:?}");

    // The number is held, and the others go on.
    bulk.write("start", &[0]);
    let run = bulk.apply(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(bulk.stages()["code missing"], bulk.numbers[1..]);

    // The codes of two numbers expire: the output has the command that sends others.
    bulk.write("live", &[0]);
    bulk.write_codes(&bulk.numbers[1..2]);
    assert_eq!(bulk.apply_codes().code, 1);
    let stages = bulk.stages();
    assert_eq!(stages["live"], bulk.numbers[1..2], "{stages:?}");
    assert_eq!(stages["wrong"], bulk.numbers[2..], "{stages:?}");
    let command = bulk.workspace.ok(&["output", "-raw", "resend"]).stdout;
    let command = command.replace('\'', "");
    let options = command
        .trim()
        .strip_prefix("terraform apply ")
        .expect("the command");
    let run = bulk.apply(&options.split(' ').collect::<Vec<_>>());
    assert_eq!(run.code, 0, "{}", run.all());
    let sends = bulk.effects("sends");
    assert_eq!(sends[&bulk.numbers[1]], (1, 0));
    assert_eq!(sends[&bulk.numbers[2]], (2, 0));
    bulk.write_codes(&bulk.numbers[1..]);
    let run = bulk.apply_codes();
    assert_eq!(run.code, 0, "{}", run.all());

    // A live number may become PENDING again.
    bulk.emulator
        .place("cams-test", "86", &bulk.numbers[1][2..], "PENDING");
    let stages = bulk.stages();
    assert_eq!(stages["pending"], bulk.numbers[1..2], "{stages:?}");
    assert_eq!(stages["live"], bulk.numbers[2..], "{stages:?}");
}

#[test]
fn an_account_that_is_not_approved_is_one_error() {
    if !can_read("an account that is not approved in examples/bulk") {
        return;
    }
    let bulk = Bulk::new(3, &FAST);
    let space = json!({ "cust_space_id": "cams-test", "account_review_status": "PENDING" });
    bulk.emulator.control("PUT", "spaces", Some(space));
    let run = bulk.apply(&[]);
    assert_eq!(run.code, 1, "{}", run.all());
    run.assert_says(&["is not approved, but PENDING."]);
    assert_eq!(run.stderr.matches("Error:").count(), 1, "{}", run.stderr);
    assert_eq!(bulk.emulator.count(STAGES[0].0), 0);
}

/// A verification lapses after 14 days, which means nothing for a number that is live. The refresh of
/// all resources, with a fourth one for each number, makes few calls; the one for the account is not
/// for a resource.
#[test]
fn live_numbers_are_adopted_from_an_empty_state_and_refreshed_by_one_list() {
    if !can_read("live numbers in examples/bulk") {
        return;
    }
    let bulk = Bulk::new(200, &FAST);
    bulk.workspace.write(
        "verified.tf",
        "resource \"cams_number_verification\" \"all\" {\n  for_each     = local.numbers\n  \
         phone_number = each.key\n}\n",
    );
    for number in &bulk.numbers {
        bulk.emulator.place_number(json!({
            "cust_space_id": "cams-test", "country_code": "86", "mobile_number": number[2..],
            "status": "CONNECTED", "code_verification_status": "EXPIRED",
        }));
    }
    bulk.write("live", &[]);
    let run = bulk.apply(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    bulk.assert_connected();
    for (action, _) in STAGES {
        assert_eq!(bulk.emulator.count(action), 0, "{action}");
    }
    let for_account = || bulk.emulator.count("QueryChatappBindWaba");
    let before = for_account();
    let calls = bulk.assert_no_changes() - (for_account() - before);
    assert_eq!(bulk.workspace.state().len(), 4 * bulk.numbers.len() + 1);
    assert!(calls <= 4, "{calls} calls");
}
