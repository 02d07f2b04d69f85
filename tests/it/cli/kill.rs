//! Processes that are ended in the middle of an apply. One more apply then finds every number, and
//! each was started once.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::Workspace;
use crate::emulator::Emulator;
use crate::support::PAUSE;

const NUMBERS: usize = 30;
/// The calls of an apply: one list, and for each number a lookup and an initiation.
const CALLS: usize = 1 + 2 * NUMBERS;
/// At how many moments an apply is ended.
const MOMENTS: usize = 20;

/// Ends a process of a running apply, whose workspace this is.
type End = fn(&mut Child, &Path);

#[test]
fn the_provider_is_killed() {
    at_twenty_moments(|terraform, _| {
        for provider in children(terraform.id()) {
            send("KILL", &provider.to_string());
        }
    });
}

#[test]
fn terraform_is_killed() {
    at_twenty_moments(|terraform, _| terraform.kill().expect("a process"));
}

#[test]
fn ctrl_c_once() {
    at_twenty_moments(|terraform, _| interrupt(terraform));
}

#[test]
fn ctrl_c_twice() {
    at_twenty_moments(|terraform, directory| {
        interrupt(terraform);
        // The second interrupt comes when Terraform has reacted to the first one.
        let started = Instant::now();
        while !printed(directory).contains("Interrupt received")
            && started.elapsed() < Duration::from_secs(10)
        {
            if terraform.try_wait().expect("a process").is_some() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        interrupt(terraform);
    });
}

/// Under `nohup` a command and what it starts go on when their terminal is closed.
#[test]
fn a_hang_up_under_nohup_costs_nothing() {
    let emulator = Emulator::start(&["--quota", "100/1s", "--latency", "20ms"]);
    let workspace = many_numbers(&emulator);
    let apply = workspace.command(&["apply", "-auto-approve", "-no-color", "-input=false"]);
    let mut shell = crate::support::command("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(apply.get_program())
        .args(apply.get_args())
        .current_dir(workspace.path())
        .env_clear();
    for (name, value) in apply.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let mut terraform = shell
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the CLI runs");
    wait_for(&emulator, NUMBERS, &mut terraform);
    send("HUP", &format!("-{}", terraform.id()));
    assert!(terraform.wait().expect("a process").success());
    assert_eq!(workspace.state().len(), NUMBERS);
}

/// Ends applies after different numbers of calls, which are spread evenly over all the calls of an
/// apply. Four applies run at a time, since each mostly waits.
fn at_twenty_moments(end: End) {
    let moments: Vec<usize> = (0..MOMENTS)
        .map(|moment| 1 + moment * (CALLS - 1) / (MOMENTS - 1))
        .collect();
    for some in moments.chunks(4) {
        std::thread::scope(|scope| {
            for moment in some {
                scope.spawn(move || at(*moment, end));
            }
        });
    }
}

/// Ends an apply after this many calls, and checks what one more apply finds.
fn at(calls: usize, end: End) {
    // Where the service does not list numbers that are migrating, only the lookup can find those
    // that were started.
    let listed = if calls.is_multiple_of(2) {
        "MIGRATING"
    } else {
        "absent"
    };
    let emulator = Emulator::start(&[
        "--quota",
        "100/1s",
        "--latency",
        "20ms",
        "--jitter",
        "10ms",
        "--migrating-listed-as",
        listed,
        // Neither operation shows the last numbers when the next apply begins.
        "--list-lag",
        "2s",
        "--lookup-lag",
        "2s",
        "--on-repeat",
        "new-id",
    ]);
    let workspace = many_numbers(&emulator);
    let output = fs::File::create(workspace.path().join("apply.out")).expect("a file");
    let mut terraform = workspace
        .command(&["apply", "-auto-approve", "-no-color", "-input=false"])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file"))
        .stderr(output)
        .spawn()
        .expect("the CLI runs");
    wait_for(&emulator, calls, &mut terraform);
    end(&mut terraform, workspace.path());
    terraform.wait().expect("a process");
    assert_no_process_left(workspace.path());

    forget_a_torn_state(&workspace);
    // A killed Terraform leaves its lock behind, which no other process holds here.
    workspace.ok(&[
        "apply",
        "-auto-approve",
        "-no-color",
        "-input=false",
        "-lock=false",
    ]);
    assert_eq!(
        workspace.state().len(),
        NUMBERS,
        "ended after {calls} calls"
    );
    let started = emulator.started();
    assert_eq!(started.len(), NUMBERS, "ended after {calls} calls");
    assert!(
        started.values().all(|times| *times == 1),
        "ended after {calls} calls: {started:?}"
    );
}

/// Removes a state file that Terraform was writing when it was killed, because it cannot be read.
pub(crate) fn forget_a_torn_state(workspace: &Workspace) {
    let path = workspace.path().join("terraform.tfstate");
    let Ok(state) = fs::read(&path) else { return };
    if serde_json::from_slice::<serde_json::Value>(&state).is_err() {
        fs::remove_file(&path).expect("a file to remove");
    }
}

#[test]
fn a_torn_state_heals_once_it_is_removed() {
    let emulator = Emulator::start(&["--quota", "100/1s"]);
    let workspace = many_numbers(&emulator);
    workspace.apply();
    let path = workspace.path().join("terraform.tfstate");
    let state = fs::read(&path).expect("a state");
    fs::write(&path, &state[..4096]).expect("a file");
    workspace
        .fails(&["plan", "-no-color", "-input=false"])
        .assert_says(&["syntax error"]);

    forget_a_torn_state(&workspace);
    workspace
        .apply()
        .assert_says(&["Number Already in the Space", "more similar warnings"]);
    assert_eq!(workspace.state().len(), NUMBERS);
    let started = emulator.started();
    assert_eq!(started.len(), NUMBERS);
    assert!(started.values().all(|times| *times == 1), "{started:?}");
    workspace.assert_no_changes();
}

fn many_numbers(emulator: &Emulator) -> Workspace {
    let configuration = format!(
        "resource \"cams_number_migration\" \"many\" {{\n  count = {NUMBERS}\n  \
         country_code = \"86\"\n  mobile_number = format(\"139%08d\", count.index)\n}}\n"
    );
    Workspace::on(emulator, &configuration).env("CAMS_THROTTLE_REQUESTS_PER_SECOND", "100")
}

/// Waits until the emulator has recorded this many calls, or the apply is over.
pub(crate) fn wait_for(emulator: &Emulator, calls: usize, terraform: &mut Child) {
    let started = Instant::now();
    while emulator.requests().len() < calls && terraform.try_wait().expect("a process").is_none() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the apply does not get to {calls} calls"
        );
        std::thread::sleep(PAUSE);
    }
}

/// Interrupts the whole process group, as a terminal does.
pub(crate) fn interrupt(terraform: &Child) {
    send("INT", &format!("-{}", terraform.id()));
}

/// Sends a signal to a process or a group. It may be gone already, since at the last moments an
/// apply ends by itself.
pub(crate) fn send(signal: &str, to: &str) {
    std::process::Command::new("kill")
        .args(["-s", signal, "--", to])
        .status()
        .expect("kill");
}

/// Waits until no process works in the directory. A provider whose Terraform is gone ends by itself
/// when its operations have ended.
pub(crate) fn assert_no_process_left(directory: &Path) {
    let started = Instant::now();
    loop {
        let left = processes(|process| {
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == directory)
        });
        if left.is_empty() {
            return;
        }
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "left behind: {left:?}"
        );
        std::thread::sleep(PAUSE);
    }
}

/// The processes that this one has started.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let line = format!("PPid:\t{parent}");
    processes(|process| {
        fs::read_to_string(process.join("status"))
            .is_ok_and(|status| status.lines().any(|found| found == line))
    })
}

/// The processes whose directory below `/proc` is wanted.
fn processes(wanted: impl Fn(&PathBuf) -> bool) -> Vec<u32> {
    let all = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| Some(entry.ok()?.path()));
    let wanted = all.filter(wanted);
    wanted
        .filter_map(|process| process.file_name()?.to_str()?.parse().ok())
        .collect()
}

/// What the apply has printed so far.
fn printed(directory: &Path) -> String {
    fs::read_to_string(directory.join("apply.out")).unwrap_or_default()
}
