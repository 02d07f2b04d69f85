//! A provider process, with its stdout and stderr.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::watch;

use crate::support::{self, PROVIDER, signal, soon};

/// What becomes of the provider's stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stderr {
    /// The end of the pipe that should read it is closed.
    Closed,
    /// Everything that is written to it is read.
    #[default]
    Read,
    /// Nobody reads it, so that its pipe fills up and a write to it blocks.
    Unread,
}

/// A started provider. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: watch::Receiver<String>,
    /// The pipe of stderr, held open where nobody reads it.
    unread: Option<ChildStderr>,
}

impl Process {
    /// Starts the provider with this environment only, and `directory` for its temporary files.
    pub(crate) fn spawn(
        arguments: &[&str],
        environment: &[(String, String)],
        directory: &Path,
        kind: Stderr,
    ) -> Self {
        let command: Vec<&str> = [PROVIDER].iter().chain(arguments).copied().collect();
        Self::spawn_as(&command, environment, directory, kind)
    }

    /// Starts the provider by another command, such as a shell, which must run it in its own place.
    pub(crate) fn spawn_as(
        command: &[&str],
        environment: &[(String, String)],
        directory: &Path,
        kind: Stderr,
    ) -> Self {
        let mut child = Command::from(support::command(command[0]))
            .args(&command[1..])
            .env_clear()
            .env("TMPDIR", directory)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let pipe = child.stderr.take().unwrap();
        let (collected, stderr) = watch::channel(String::new());
        let unread = match kind {
            Stderr::Closed => None,
            Stderr::Read => {
                tokio::spawn(collect(pipe, collected));
                None
            }
            Stderr::Unread => Some(pipe),
        };
        Self {
            child,
            stdout,
            stderr,
            unread,
        }
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child
            .id()
            .expect("the process has not been waited for")
    }

    /// Sends a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.id());
    }

    /// Reads the next line of stdout, without its newline. At the end of stdout it is empty.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        soon("a line on stdout", self.stdout.read_line(&mut line))
            .await
            .unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    /// Reads the rest of stdout, until the process closes it.
    pub(crate) async fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        soon("the end of stdout", self.stdout.read_to_string(&mut rest))
            .await
            .unwrap();
        rest
    }

    /// The text on stderr so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.borrow().clone()
    }

    /// Waits until stderr holds `text`.
    pub(crate) async fn stderr_with(&mut self, text: &str) {
        let what = format!("`{text}` on stderr");
        let found = soon(&what, self.stderr.wait_for(|stderr| stderr.contains(text)))
            .await
            .is_ok();
        assert!(found, "no {what}:\n{}", self.stderr());
    }

    /// The lines on stderr so far, as Terraform reads them. The test fails at a line that Terraform
    /// could not parse.
    pub(crate) fn logs(&self) -> Vec<Value> {
        self.stderr().lines().map(parse_log).collect()
    }

    /// Waits for the end of the process and of its stderr.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = soon("the end of the process", self.child.wait())
            .await
            .unwrap();
        let closed = async { while self.stderr.changed().await.is_ok() {} };
        soon("the end of stderr", closed).await;
        status
    }
}

async fn collect(pipe: ChildStderr, collected: watch::Sender<String>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|length| length > 0)
    {
        collected.send_modify(|text| text.push_str(&String::from_utf8_lossy(&line)));
        line.clear();
    }
}

/// Reads a log line by the rules of go-plugin. If one of these three fields had another type,
/// Terraform itself would crash.
fn parse_log(line: &str) -> Value {
    let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    for name in ["@level", "@message", "@timestamp"] {
        assert!(entry[name].is_string(), "{name} in {line}");
    }
    let timestamp = entry["@timestamp"].as_str().unwrap_or_default();
    assert_eq!(
        timestamp.len(),
        "2006-01-02T15:04:05.000000Z".len(),
        "{line}"
    );
    entry
}
