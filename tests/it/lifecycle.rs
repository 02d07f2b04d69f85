//! The ways in which the process ends, and what does not end it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::Instant;

use crate::core::tfplugin6::get_provider_schema;
use crate::core::{COOKIE, Client, Core, Handshake, Process, Stderr, connect, plugin};
use crate::support::{self, PAUSE, PROVIDER, names_in, soon};

#[tokio::test]
async fn shutdown_ends_it_at_once_and_removes_the_socket() {
    let mut core = Core::start().await;
    let mut output = core.stdio().stream_stdio(()).await.unwrap().into_inner();
    let asked = Instant::now();
    let mut controller = core.controller();
    let response = soon("a response", controller.shutdown(plugin::Empty {})).await;
    response.unwrap();
    let status = core.process().ended().await;
    assert!(status.success(), "{status}");
    // go-plugin kills after two seconds.
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    assert!(names_in(core.directory()).is_empty());
    assert!(
        !matches!(output.message().await, Ok(Some(_))),
        "stdio spoke"
    );
    assert_eq!(core.process().rest_of_stdout().await, "");
    assert_eq!(core.process().stderr(), "");
}

#[tokio::test]
async fn an_interrupt_is_left_to_terraform() {
    let mut core = Core::start().env("TF_LOG", "DEBUG").await;
    core.process().signal("INT");
    core.process().stderr_with("left an interrupt").await;
    core.schema().await;
    assert!(core.shutdown().await.success());
}

#[tokio::test]
async fn an_interrupt_before_anyone_connects_is_swallowed_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Core::start().env("TF_LOG", "DEBUG").spawn(directory.path());
    let handshake = Handshake::parse(&process.line().await);
    process.signal("INT");
    process.stderr_with("left an interrupt").await;
    connect(&handshake, Client::Plaintext).await.unwrap();
}

#[tokio::test]
async fn a_request_to_terminate_ends_it_cleanly() {
    for signal in ["TERM", "HUP"] {
        let mut core = Core::start().await;
        core.process().signal(signal);
        let status = core.process().ended().await;
        assert!(status.success(), "{signal}: {status}");
        assert!(names_in(core.directory()).is_empty(), "{signal}");
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_crash_leaves_no_core_file() {
    let mut core = Core::start().await;
    let limits = format!("/proc/{}/limits", core.process().id());
    let limits = std::fs::read_to_string(limits).unwrap();
    let line = limits.lines().find(|line| line.contains("core file size"));
    let words: Vec<_> = line.unwrap().split_whitespace().skip(4).collect();
    assert_eq!(words[..2], ["0", "0"], "soft and hard limit");
}

#[tokio::test]
async fn a_signal_that_was_inherited_as_ignored_stays_ignored() {
    for (ignored, other) in [("HUP", "TERM"), ("TERM", "HUP")] {
        let directory = tempfile::tempdir().unwrap();
        // This is how nohup starts Terraform, and how its plugins start then.
        let mut process = Core::start()
            .env("TF_LOG", "DEBUG")
            .env("PATH", "/usr/bin:/bin")
            .spawn_ignoring(ignored, directory.path());
        let handshake = Handshake::parse(&process.line().await);
        process.signal(ignored);
        // The interrupt is handled after the signal that was sent before it.
        process.signal("INT");
        process.stderr_with("left an interrupt").await;
        assert!(!process.stderr().contains("ends the plugin"), "{ignored}");
        connect(&handshake, Client::Plaintext).await.unwrap();
        process.signal(other);
        assert!(process.ended().await.success(), "{ignored}");
    }
}

/// The tests of signals again, in a process that ignores what `nohup` and a script in the
/// background ignore.
#[test]
fn tests_of_signals_pass_wherever_they_are_started() {
    let tests = [
        "lifecycle::an_interrupt_is_left_to_terraform",
        "lifecycle::a_request_to_terminate_ends_it_cleanly",
        "lifecycle::a_signal_that_was_inherited_as_ignored_stays_ignored",
        "lifecycle::the_next_start_clears_what_a_crash_left_behind",
    ];
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' HUP INT QUIT; exec \"$0\" --exact \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(tests)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("4 passed"), "{said}");
}

#[tokio::test]
async fn an_orphan_leaves_when_its_connection_is_gone() {
    let core = Core::start().await;
    core.schema().await;
    let (mut process, directory) = core.disconnect();
    let status = process.ended().await;
    assert!(status.success(), "{status}");
    assert!(names_in(directory.path()).is_empty());
}

#[tokio::test]
async fn an_orphan_that_nobody_ever_called_leaves_too() {
    let directory = tempfile::tempdir().unwrap();
    // The shell is the parent until its stdin is closed.
    let mut shell = Command::from(support::command("sh"))
        .args(["-c", r#""$0" & cat"#, PROVIDER])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", directory.path())
        .env(COOKIE.0, COOKIE.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(shell.stdout.take().unwrap());
    let mut line = String::new();
    soon("the handshake", stdout.read_line(&mut line))
        .await
        .unwrap();
    let socket = PathBuf::from(Handshake::parse(line.trim_end()).address);
    assert!(socket.exists());

    drop(shell.stdin.take());
    soon("the end of the shell", shell.wait()).await.unwrap();
    // Stdout ends with the last process that holds it.
    soon("the end of the orphan", stdout.read_to_string(&mut line))
        .await
        .unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn debug_mode_waits_for_terraforms_that_come_and_go() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::spawn(&["--debug"], &[], directory.path(), Stderr::Read);
    let line = process.line().await;
    let settings = line
        .strip_prefix("export TF_REATTACH_PROVIDERS='")
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or_else(|| panic!("not a setting: {line}"));
    let settings: Value = serde_json::from_str(settings).unwrap();
    // The address has no host, so that each CLI adds that of its own registry, and attaches.
    let settings = &settings["terraform-provider-cams/cams"];
    assert_eq!(settings["Protocol"], "grpc");
    assert_eq!(settings["ProtocolVersion"], 6);
    assert_eq!(settings["Pid"], process.id());
    assert_eq!(settings["Test"], true);
    assert_eq!(settings["Addr"]["Network"], "unix");

    let address = settings["Addr"]["String"].as_str().unwrap();
    let handshake = Handshake::parse(&format!("1|6|unix|{address}|grpc|"));
    for _ in 0..2 {
        let channel = connect(&handshake, Client::Plaintext).await.unwrap();
        let mut provider = crate::core::provider(channel);
        provider
            .get_provider_schema(get_provider_schema::Request::default())
            .await
            .unwrap();
    }
    process.signal("INT");
    assert!(process.ended().await.success());
    assert!(names_in(directory.path()).is_empty());
}

#[tokio::test]
async fn the_next_start_clears_what_a_crash_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    for signal in ["ABRT", "QUIT", "KILL"] {
        let mut process = Core::start().spawn(directory.path());
        process.line().await;
        process.signal(signal);
        assert!(!process.ended().await.success());
        assert_eq!(names_in(directory.path()).len(), 1, "{signal}");

        let mut next = Core::start().spawn(directory.path());
        let handshake = Handshake::parse(&next.line().await);
        let alone = async {
            while names_in(directory.path()).len() > 1 {
                tokio::time::sleep(PAUSE).await;
            }
        };
        soon("the dead socket to be cleared", alone).await;
        assert!(PathBuf::from(handshake.address).exists(), "{signal}");
        next.signal("TERM");
        next.ended().await;
        assert!(names_in(directory.path()).is_empty(), "{signal}");
    }
}
