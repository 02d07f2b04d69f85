//! Runs the program of a profile with mode `External`, and reads the credentials that it prints.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command as Process};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::secret::Secret;

use super::answer::{self, Fetched};
use super::context::Context;
use super::error::{Error, ErrorKind};
use super::source::Command;

/// How long a program may run.
const LIMIT: Duration = Duration::from_secs(60);

/// Credentials take some 2 KiB.
const MOST: usize = 64 << 10;

/// Runs the program and reads what it prints. `origin` is the profile that names it.
///
/// The program is not run by a shell, gets no input, and is ended with all that it started when its
/// time is over. What it says about errors is not read, because it may hold anything.
pub(super) async fn run(
    command: &Command,
    origin: &str,
    context: &Context,
) -> Result<Fetched, Error> {
    let error =
        |kind, what: &str| Error::new(kind, format!("The process_command of {origin} {what}."));
    let Some((program, arguments)) = command.0.split_first() else {
        return Err(error(ErrorKind::Unusable, "is empty"));
    };
    let child = Process::new(program.expose())
        .args(arguments.iter().map(Secret::expose))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut running = match child {
        Ok(child) => Running(child),
        Err(failure) => {
            let what = format!("can't be started: {}", failure.kind());
            return Err(error(ErrorKind::Unusable, &what));
        }
    };
    let output = match timeout(LIMIT, running.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(what)) => return Err(error(ErrorKind::Refused, &what)),
        Err(_) => return Err(error(ErrorKind::Unreachable, "ran for more than a minute")),
    };
    let fetched = answer::read_output(&output, context.now(None));
    fetched.map_err(|what| error(ErrorKind::Refused, what))
}

/// A program that is running. When this is dropped, the program is ended with all that it started.
struct Running(Child);

impl Running {
    /// What the program prints until it ends. The error says what was wrong.
    async fn output(&mut self) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut output = Zeroizing::new(Vec::with_capacity(MOST + 1));
        if let Some(stdout) = self.0.stdout.take() {
            let mut stdout = stdout.take(MOST as u64 + 1);
            let read = stdout.read_to_end(&mut output).await;
            read.map_err(|_| "prints what can't be read".to_owned())?;
        }
        if output.len() > MOST {
            return Err("prints more than 64 KiB".to_owned());
        }
        let status = self.0.wait().await;
        let status = status.map_err(|_| "can't be waited for".to_owned())?;
        match status.success() {
            true => Ok(output),
            false => Err(format!("failed: {status}")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // `None` if it has ended and was waited for, after which its number may be another one's.
        let group = self.0.id().and_then(|id| i32::try_from(id).ok());
        let group = group.and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // It may have ended just now.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Splits a command line into words as a POSIX shell does, without giving any sign but quotation
/// marks and the backslash a meaning. `None` if a quotation mark is not closed.
pub(super) fn split(line: &str) -> Option<Vec<Secret>> {
    let mut words = Vec::new();
    let mut letters = line.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Some(words);
        }
        let mut word = String::new();
        while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace()) {
            match letter {
                '\'' => loop {
                    match letters.next()? {
                        '\'' => break,
                        other => word.push(other),
                    }
                },
                '"' => loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' => match letters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                },
                '\\' => word.push(letters.next()?),
                other => word.push(other),
            }
        }
        words.push(Secret::new(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::UNIX_EPOCH;

    use tokio::io::AsyncReadExt;
    use tokio::net::unix::pipe;

    use crate::clock::Clock;
    use crate::random::Random;

    async fn outcome(line: &str) -> Result<String, String> {
        let command = Command(split(line).expect("a command"));
        let context = Context {
            network: crate::openapi::Network::default(),
            clock: Clock::fixed(UNIX_EPOCH),
            random: Random::seeded(1),
            user_agent: "test".into(),
            connect_timeout: LIMIT,
            read_timeout: LIMIT,
        };
        match run(&command, "profile \"x\"", &context).await {
            Ok(fetched) => Ok(fetched.key.id),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn failure(line: &str) -> String {
        outcome(line).await.expect_err(line)
    }

    #[tokio::test]
    async fn what_a_program_prints_is_used_and_what_it_says_of_errors_is_not_read() {
        let pair = r#"'{"access_key_id":"i","access_key_secret":"s"}'"#;
        let line = format!(r#"sh -c "echo s3cr3t >&2; echo \"\$0\"" {pair}"#);
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
                .ends_with("something else than credentials.")
        );
        assert!(
            failure("cat")
                .await
                .ends_with("something else than credentials.")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_does_not_end_is_ended() {
        assert!(
            failure("sleep 1000")
                .await
                .ends_with("ran for more than a minute.")
        );
    }

    #[tokio::test]
    async fn a_program_is_ended_with_all_that_it_started() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("pipe");
        let mkfifo = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(mkfifo.expect("mkfifo").success());
        let mut pipe = pipe::OpenOptions::new()
            .open_receiver(&path)
            .expect("a pipe");
        // All of them have the pipe open, until they end.
        let path = path.display();
        let line = format!("sh -c 'exec 3>{path}; sleep 1000 & exec yes'");
        assert!(failure(&line).await.ends_with("prints more than 64 KiB."));
        let end = pipe.read(&mut [0]).await;
        assert_eq!(end.expect("an end"), 0);
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        let words = |line: &str| {
            let words = split(line)?;
            Some(
                words
                    .iter()
                    .map(|word| word.expose().to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        let some = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(words("  a  b\tc\n"), some(&["a", "b", "c"]));
        assert_eq!(
            words(r#"a 'b  c' "d \"e\" \n" f\ g"#),
            some(&["a", "b  c", r#"d "e" \n"#, "f g"])
        );
        assert_eq!(
            words("'' a''b # c; d | e $f"),
            some(&["", "ab", "#", "c;", "d", "|", "e", "$f"])
        );
        assert_eq!(words(""), some(&[]));
        for open in ["'a", "\"a", "\"a\\", "a\\"] {
            assert_eq!(words(open), None, "{open}");
        }
    }
}
