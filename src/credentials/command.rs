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
