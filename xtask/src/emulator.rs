//! An emulator that runs as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::shell::Result;

/// An emulator process, which is ended when this value is dropped.
pub(crate) struct Emulator {
    child: Child,
    /// The address that it listens on, as `http://HOST:PORT`.
    pub(crate) url: String,
}

impl Emulator {
    /// Starts an emulator on a free port of this machine, and waits until it listens.
    pub(crate) fn start(binary: &Path, flags: &[&str]) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", binary.display()))?;
        let mut line = String::new();
        let read = child
            .stdout
            .take()
            .map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        match (read, url) {
            (Some(Ok(_)), Some(url)) => Ok(Self { child, url }),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                Err("the emulator did not say where it listens".into())
            }
        }
    }

    /// Asks the control interface, and returns the body of its answer.
    pub(crate) fn get(&self, path: &str) -> Result<String> {
        self.ask("GET", path)
    }

    /// Asks the control interface for something, and then has it cleared.
    ///
    /// Nothing else may be asked of the emulator between the two.
    pub(crate) fn take(&self, path: &str) -> Result<String> {
        let answer = self.ask("GET", path)?;
        self.ask("DELETE", path)?;
        Ok(answer)
    }

    fn ask(&self, method: &str, path: &str) -> Result<String> {
        let failed = |error: std::io::Error| format!("the emulator does not answer: {error}");
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).map_err(failed)?;
        let request = format!(
            "{method} /_emulator/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
            _ => Err("the emulator's control interface does not answer".into()),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
