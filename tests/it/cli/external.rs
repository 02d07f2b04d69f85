//! The program of a profile with mode External: it ends with the provider, however that ends, and
//! its answer is taken although a child of it goes on.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::kill::{children, interrupt, send};
use super::output::APPLY;
use super::{ONE, Workspace};
use crate::emulator::Emulator;
use crate::support::{PATIENCE, PAUSE};

/// A program that hangs, and so does its child. It reads no input and heeds no signal that it can
/// ignore. The file `pids` in its home directory names both.
const HANGS: &str = "#!/bin/sh
trap '' HUP INT TERM
sleep 1000 &
echo $$ $! > ~/pids.new
mv ~/pids.new ~/pids
exec sleep 1000
";

#[test]
fn the_program_ends_with_a_provider_that_is_killed() {
    ends_by(|terraform| signal_providers(terraform, "KILL"));
}

#[test]
fn the_program_ends_with_a_provider_that_is_terminated() {
    ends_by(|terraform| signal_providers(terraform, "TERM"));
}

#[test]
fn the_program_ends_with_a_terraform_that_is_killed() {
    ends_by(|terraform| terraform.kill().expect("a process"));
}

#[test]
fn the_program_ends_with_a_terraform_that_is_interrupted() {
    ends_by(|terraform| interrupt(terraform));
}

#[test]
fn an_answer_is_taken_though_a_child_keeps_the_output_open() {
    let emulator = Emulator::start(&[]);
    let printed = json!({
        "mode": "AK", "access_key_id": "emulator", "access_key_secret": "emulator-secret",
    });
    let program = format!(
        "#!/bin/sh\nsleep 1000 &\necho $! > ~/pids.new\nmv ~/pids.new ~/pids\necho '{printed}'\n"
    );
    let workspace = workspace(&emulator, &program);
    let started = Instant::now();
    workspace.apply().assert_says(&["1 added"]);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    gone(&started_in(workspace.path(), || true));
}

/// Runs an apply until the program hangs, ends it in this way, and waits for the program's end.
fn ends_by(end: impl Fn(&mut Child)) {
    let emulator = Emulator::start(&[]);
    let workspace = workspace(&emulator, HANGS);
    let mut terraform = workspace
        .command(&APPLY)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the CLI runs");
    let running = started_in(workspace.path(), || {
        terraform.try_wait().expect("a process").is_none()
    });
    assert_eq!(running.len(), 2);
    end(&mut terraform);
    gone(&running);
    terraform.wait().expect("a process");
}

fn workspace(emulator: &Emulator, program: &str) -> Workspace {
    let workspace = Workspace::new(ONE)
        .env("CAMS_ENDPOINT", emulator.url())
        .env("CAMS_CUST_SPACE_ID", "cams-test");
    let path = workspace.path().join("program");
    let profile = json!({ "name": "x", "mode": "External", "process_command": path });
    let file = json!({ "current": "x", "profiles": [profile] });
    fs::create_dir(workspace.path().join(".aliyun")).expect("a directory");
    workspace.write(".aliyun/config.json", &file.to_string());
    workspace.write("program", program);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("permissions");
    workspace
}

/// The processes that the program in this directory has reported, once it has.
fn started_in(directory: &Path, mut goes_on: impl FnMut() -> bool) -> Vec<String> {
    let started = Instant::now();
    loop {
        if let Ok(pids) = fs::read_to_string(directory.join("pids")) {
            return pids.split_whitespace().map(str::to_owned).collect();
        }
        assert!(goes_on(), "the apply ended without the program");
        assert!(started.elapsed() < 3 * PATIENCE, "the program does not run");
        std::thread::sleep(PAUSE);
    }
}

fn signal_providers(terraform: &Child, signal: &str) {
    for provider in children(terraform.id()) {
        send(signal, &provider.to_string());
    }
}

/// Waits until none of the processes runs. A process that was not waited for yet counts as gone.
fn gone(pids: &[String]) {
    let runs = |pid: &&String| {
        let status = fs::read_to_string(format!("/proc/{pid}/status"));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    };
    let started = Instant::now();
    while let Some(pid) = pids.iter().find(runs) {
        assert!(started.elapsed() < PATIENCE, "{pid} still runs");
        std::thread::sleep(PAUSE);
    }
}
