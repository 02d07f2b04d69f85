//! `examples/bulk`, ended in the middle of an apply: each number is CONNECTED in the end, and nothing
//! was done twice but the sends that were under way.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::process::Stdio;

use super::bulk::{Bulk, FAST};
use super::can_read;
use crate::cli::kill::{assert_no_process_left, children, forget_a_torn_state, send, wait_for};

const NUMBERS: usize = 10;
/// The calls of an apply that starts numbers and sends codes, and of one that registers them, at
/// most: some lists, and for each number lookups and two calls with an effect.
const CALLS: usize = 5 + 4 * NUMBERS;
/// The variable with the number of moments.
const MOMENTS: &str = "CAMS_TEST_KILLS";

/// Half of the moments are in the apply that starts numbers and sends codes, and half in the one that
/// registers them. Two of them are tried at a time.
#[test]
fn a_killed_apply_is_continued_by_the_next_one() {
    if !can_read("kills in examples/bulk") {
        return;
    }
    let moments = std::env::var(MOMENTS).map_or(4, |moments| moments.parse().expect("a number"));
    let moments: Vec<usize> = (0..moments)
        .map(|moment| 2 * CALLS * moment / moments + 2 + moment % 2)
        .collect();
    for some in moments.chunks(2) {
        std::thread::scope(|scope| {
            for moment in some {
                scope.spawn(|| at(*moment));
            }
        });
    }
}

/// Ends the apply that makes this call, counted over both applies.
fn at(moment: usize) {
    let bulk = Bulk::new(NUMBERS, &FAST);
    let again = match moment < CALLS {
        true => kill(&bulk, moment, &[]),
        false => BTreeSet::new(),
    };
    until_it_succeeds(&bulk, &[]);
    bulk.write("live", &[]);
    bulk.write_codes(&bulk.numbers);
    let codes = ["-var-file=codes.tfvars.json"];
    if let Some(calls) = moment.checked_sub(CALLS) {
        kill(&bulk, calls, &codes);
    }
    until_it_succeeds(&bulk, &codes);

    bulk.assert_connected();
    for name in ["initiations", "submissions", "registrations"] {
        let effects = bulk.effects(name);
        assert_eq!(effects.len(), NUMBERS, "{name}");
        assert!(
            effects.values().all(|(accepted, _)| *accepted == 1),
            "call {moment}: {name}: {effects:?}"
        );
    }
    for (number, (accepted, _)) in bulk.effects("sends") {
        let most = if again.contains(&number) { 2 } else { 1 };
        assert!(
            accepted <= most,
            "call {moment}: {accepted} codes to {number}"
        );
    }
}

/// Kills Terraform, or the provider at odd moments, after this many calls of an apply. Returns the
/// numbers that were sent a code of which the state does not know.
fn kill(bulk: &Bulk, calls: usize, arguments: &[&str]) -> BTreeSet<String> {
    let mut all = vec!["apply", "-auto-approve", "-no-color", "-input=false"];
    all.extend(arguments);
    let before = bulk.emulator.requests().len();
    let mut terraform = bulk.workspace.command(&all);
    let terraform = terraform
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut terraform = terraform.spawn().expect("the CLI runs");
    wait_for(&bulk.emulator, before + calls, &mut terraform);
    match calls.is_multiple_of(2) {
        true => terraform.kill().expect("a process"),
        false => {
            for provider in children(terraform.id()) {
                send("KILL", &provider.to_string());
            }
        }
    }
    terraform.wait().expect("a process");
    assert_no_process_left(bulk.workspace.path());
    forget_a_torn_state(&bulk.workspace);
    let known = bulk.workspace.state();
    let sent = bulk.effects("sends").into_keys();
    let unknown = |number: &String| {
        !known.contains_key(&format!("cams_number_verification_code.all[{number:?}]"))
    };
    sent.filter(unknown).collect()
}

/// Applies until that succeeds. A registration whose answer was lost is refused until the list shows
/// the number as live.
fn until_it_succeeds(bulk: &Bulk, arguments: &[&str]) {
    let mut run = bulk.apply(arguments);
    for _ in 0..4 {
        if run.code == 0 {
            return;
        }
        run = bulk.apply(arguments);
    }
    assert_eq!(run.code, 0, "{}", run.all());
}
