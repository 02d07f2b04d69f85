//! Runs the program of a profile with mode `External`, and reads the credentials that it prints.
//!
//! This file is longer than 300 lines because it has a test for each way in which a program ends.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::de::IgnoredAny;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command as Process};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use base::secret::Secret;

use super::answer::{self, Fetched};
use super::context::FetchContext;
use super::error::{CredentialsErrorKind, Result};
use crate::openapi::without_mark;

/// How long a program may run.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a program runs before the log says so.
const SLOW: Duration = Duration::from_secs(5);

/// Credentials take some 2 KiB.
const MAX_BYTES: usize = 64 << 10;

/// The script of the watcher, for a POSIX shell. Its input is a pipe that only this process can
/// write to, so the input ends when this process does, in whichever way. The first line of the input
/// is the process id of the program, which may have left the group.
const WATCH: &str = "read -r program; read -r end; kill -s KILL $program 0";

/// Runs the program and reads what it prints. `origin` is the profile that names it.
///
/// The program is not run by a shell. The program and the processes of its group are killed when it has printed its answer, when its time limit expires, when the future is dropped, and when
/// this process ends.
/// Its error output is not read, because it may hold anything.
pub(crate) async fn run(
    command: &[Secret],
    origin: &str,
    context: &FetchContext,
) -> Result<Fetched> {
    let error = |kind: CredentialsErrorKind, what: &str| {
        let text = format!("The process_command of {origin} {what}.");
        kind.error(text)
    };
    let Some((program, arguments)) = command.split_first() else {
        return Err(error(CredentialsErrorKind::Unusable, "is empty"));
    };
    let running = Running::start(program, arguments).await;
    let mut running = running.map_err(|failure| {
        let what = format!("cannot be started: {}", failure.kind());
        error(CredentialsErrorKind::Unusable, &what)
    })?;
    let slow = async {
        sleep(SLOW).await;
        tracing::warn!(
            "the process_command of {origin} has run for {SLOW:?}; it is ended after {RUN_TIMEOUT:?}"
        );
        std::future::pending().await
    };
    let output = timeout(RUN_TIMEOUT, async {
        tokio::select! {
            output = running.output() => output,
            never = slow => never,
        }
    });
    let late = "ran for more than a minute";
    let output = output.await;
    let output = output.map_err(|_| error(CredentialsErrorKind::Unreachable, late))?;
    let refused = |what: &str| error(CredentialsErrorKind::Refused, what);
    let output = output.map_err(|what| refused(&what))?;
    answer::read_output(&output, context.now(None)).map_err(refused)
}

/// A program that is running. When this is dropped, the program is ended with all that it started
/// in its group of processes.
struct Running {
    program: Child,
    /// The program's input, which is never written to and ends when this process does.
    _input: Option<ChildStdin>,
    /// Leads the group of the program and ends it when this process is killed. It is not waited
    /// for, so that its process id stays the group's. `None` where there is no shell.
    watcher: Option<Child>,
}

impl Running {
    async fn start(program: &Secret, arguments: &[Secret]) -> io::Result<Self> {
        let watcher = Process::new("/bin/sh")
            .args(["-c", WATCH])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let mut watcher = watcher
            .inspect_err(|error| {
                tracing::debug!("a program would outlive a killed provider: no /bin/sh: {error}");
            })
            .ok();
        let group = watcher.as_ref().and_then(id).map_or(0, Pid::as_raw_pid);
        let mut program = Process::new(program.expose())
            .args(arguments.iter().map(Secret::expose))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(group)
            .spawn()?;
        let input = watcher.as_mut().and_then(|watcher| watcher.stdin.as_mut());
        if let (Some(input), Some(id)) = (input, program.id()) {
            // A watcher that does not receive the id still ends the group.
            let _ = input.write_all(format!("{id}\n").as_bytes()).await;
        }
        Ok(Self {
            // To wait for a program would close its input first.
            _input: program.stdin.take(),
            program,
            watcher,
        })
    }

    /// What the program prints until it ends. The error says what was wrong.
    ///
    /// A child of the program may keep the output open for long, so that it does not end. When the
    /// program has ended, an answer that is whole is taken.
    async fn output(&mut self) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut output = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
        let mut stdout = self.program.stdout.take();
        let mut ended = false;
        while !ended || (stdout.is_some() && !is_whole(&output)) {
            let read = async {
                match &mut stdout {
                    Some(stdout) => stdout.read_buf(&mut *output).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = read => {
                    if read.map_err(|_| "prints what cannot be read".to_owned())? == 0 {
                        stdout = None;
                    }
                    if output.len() > MAX_BYTES {
                        return Err("prints more than 64 KiB".to_owned());
                    }
                }
                status = self.program.wait(), if !ended => {
                    let status = status.map_err(|_| "cannot be waited for".to_owned())?;
                    if !status.success() {
                        return Err(format!("failed: {status}"));
                    }
                    ended = true;
                }
            }
        }
        Ok(output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A program may have left the group. This does nothing if it has been waited for.
        let _ = self.program.start_kill();
        // Without a watcher the program leads the group, as long as it has not been waited for:
        // then its process id may be that of another one.
        let group = self.watcher.as_ref().unwrap_or(&self.program);
        if let Some(group) = id(group) {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The process id of a child. `None` if it has been waited for.
fn id(child: &Child) -> Option<Pid> {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    id.and_then(Pid::from_raw)
}

/// Whether the output is a whole JSON object.
fn is_whole(output: &[u8]) -> bool {
    let output = without_mark(output).trim_ascii_start();
    output.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(output).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::UNIX_EPOCH;

    use tokio::net::unix::pipe;

    use crate::credentials::shell_words::split;
    use base::clock::Clock;
    use base::random::Random;

    const PAIR: &str = r#"{"access_key_id":"i","access_key_secret":"s"}"#;

    async fn outcome(line: &str) -> Result<String, String> {
        let command = split(line).expect("a command");
        let context = FetchContext {
            network: crate::openapi::Network::default(),
            clock: Clock::fixed(UNIX_EPOCH),
            random: Random::seeded(1),
        };
        match run(&command, "profile \"x\"", &context).await {
            Ok(fetched) => Ok(fetched.key.id),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn failure(line: &str) -> String {
        outcome(line).await.expect_err(line)
    }

    /// A pipe that stays open as long as a process that a program has started has opened its path.
    fn held_open() -> (tempfile::TempDir, String, pipe::Receiver) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("pipe");
        let mkfifo = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(mkfifo.expect("mkfifo").success());
        let pipe = pipe::OpenOptions::new().open_receiver(&path);
        let path = path.display().to_string();
        (directory, path, pipe.expect("a pipe"))
    }

    #[tokio::test]
    async fn what_a_program_prints_is_used_and_what_it_says_of_errors_is_not_read() {
        let line = format!(r#"sh -c "echo s3cr3t >&2; echo \"\$0\"" '{PAIR}'"#);
        assert_eq!(outcome(&line).await, Ok("i".to_owned()));
        let failed = failure("sh -c 'echo s3cr3t; echo s3cr3t >&2; exit 3'").await;
        let expected = "The process_command of profile \"x\" failed: exit status: 3.";
        assert_eq!(failed, expected);
        assert!(
            failure("/no/such/s3cr3t --flag")
                .await
                .ends_with("entity not found.")
        );
        assert!(
            failure("echo s3cr3t")
                .await
                .ends_with("something other than credentials.")
        );
        assert!(
            failure("true")
                .await
                .ends_with("something other than credentials.")
        );
    }

    #[tokio::test]
    async fn a_program_runs_without_a_shell() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("written");
        let _ = outcome(&format!("echo '{PAIR}' > {}", file.display())).await;
        assert!(!file.exists());
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_does_not_end_is_ended() {
        for line in ["sleep 1000", "cat"] {
            let failure = failure(line).await;
            assert!(
                failure.ends_with("ran for more than a minute."),
                "{failure}"
            );
        }
    }

    #[tokio::test]
    async fn a_whole_answer_is_taken_though_a_child_keeps_the_output_open() {
        let (_directory, path, mut pipe) = held_open();
        let line = format!(r#"sh -c 'exec 3>{path}; sleep 1000 & echo "$0"' '{PAIR}'"#);
        let taken = timeout(RUN_TIMEOUT / 4, outcome(&line)).await;
        assert_eq!(taken.expect("in time"), Ok("i".to_owned()));
        // Nothing is left of what the program has started.
        assert_eq!(pipe.read(&mut [0]).await.expect("an end"), 0);
    }

    #[tokio::test]
    async fn half_an_answer_is_waited_for_though_the_program_has_ended() {
        let (_directory, path, mut pipe) = held_open();
        let (first, second) = PAIR.split_at(20);
        let script = format!("printf %s \"$0\"; (exec 3>{path}; read -r go; echo \"$1\") &");
        let line = format!("sh -c '{script}' '{first}' '{second}'");
        // The child reads its input, which ends at once because a shell starts it in the
        // background, and it is the one that writes the second half.
        assert_eq!(outcome(&line).await, Ok("i".to_owned()));
        assert_eq!(pipe.read(&mut [0]).await.expect("an end"), 0);
    }

    #[tokio::test]
    async fn a_program_is_ended_with_all_that_it_started() {
        let (_directory, path, mut pipe) = held_open();
        // All of them have the pipe open, until they end.
        let line = format!("sh -c 'exec 3>{path}; sleep 1000 & exec yes'");
        assert!(failure(&line).await.ends_with("prints more than 64 KiB."));
        assert_eq!(pipe.read(&mut [0]).await.expect("an end"), 0);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_program_that_leaves_its_group_is_ended_too() {
        let (_directory, path, mut pipe) = held_open();
        let line = format!("setsid sh -c 'exec 3>{path}; exec yes'");
        assert!(failure(&line).await.ends_with("prints more than 64 KiB."));
        assert_eq!(pipe.read(&mut [0]).await.expect("an end"), 0);
    }
}
