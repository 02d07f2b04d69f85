//! Files whose lock another process never gives back, as one does that was stopped by Ctrl-Z.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{ONE, Workspace};
use crate::emulator::Emulator;

/// Locks the files that it is given, and says so.
const HOLD: &str = "import fcntl, sys, time\n\
    files = [open(name, 'r+') for name in sys.argv[1:]]\n\
    for file in files: fcntl.flock(file, fcntl.LOCK_EX)\n\
    print('held', flush=True)\n\
    time.sleep(600)\n";

/// A stopped process that holds locks. It ends with this value.
struct Stopped(Child);

impl Stopped {
    fn holding(files: &[PathBuf]) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", HOLD])
            .args(files)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut said).expect("a line");
        assert_eq!(said, "held\n");
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::STOP).expect("it is stopped");
        Self(child)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The files of the state directory whose names end so.
fn files(workspace: &Workspace, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace.path().join("state")).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = paths
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    assert!(!files.is_empty(), "{end}");
    files
}

#[test]
fn locks_that_are_never_given_back_delay_an_apply_and_are_told() {
    for known in [true, false] {
        let emulator = Emulator::start(&[]);
        let workspace = Workspace::on(&emulator, ONE);
        workspace.apply();
        let accounts = files(&workspace, "accounts");
        if !known {
            std::fs::write(&accounts[0], "").expect("written");
        }
        let _stopped = Stopped::holding(&[accounts, files(&workspace, ".starts")].concat());
        let two = ONE.replace("\"one\"", "\"two\"").replace("1234", "1235");
        workspace.configure(&format!("{ONE}{two}"));
        let began = Instant::now();
        let run = workspace.ok(&["apply", "-auto-approve", "-no-color", "-input=false"]);
        assert!(began.elapsed() < Duration::from_secs(60));
        run.assert_says(&[
            "1 added",
            "Account File Locked",
            "(Ctrl-Z)",
            "state/accounts",
        ]);
    }
}
