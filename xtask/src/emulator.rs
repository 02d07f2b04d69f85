//! An emulator that runs as a separate process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::shell::Result;

/// An emulator process. Dropping this value kills the process.
pub(crate) struct Emulator {
    child: Child,
    /// The address on which it listens, as `http://HOST:PORT`.
    pub(crate) url: String,
}

impl Emulator {
    /// Starts an emulator on a free port, and waits until it listens.
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
                Err("the emulator did not print its address".into())
            }
        }
    }

    /// Sends a GET request to the control interface, and returns the body of the response.
    pub(crate) fn get(&self, path: &str) -> Result<String> {
        self.request("GET", path, "")
    }

    /// Puts a value, written as JSON, into the control interface.
    pub(crate) fn put(&self, path: &str, body: &str) -> Result<()> {
        self.request("PUT", path, body).map(drop)
    }

    /// Gets a resource of the control interface, and then deletes it.
    ///
    /// The caller must not send other requests to the emulator at the same time: the deletion would
    /// discard their records.
    pub(crate) fn take(&self, path: &str) -> Result<String> {
        let answer = self.request("GET", path, "")?;
        self.request("DELETE", path, "")?;
        Ok(answer)
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Result<String> {
        let failed = |error: std::io::Error| format!("the emulator does not answer: {error}");
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).map_err(failed)?;
        let request = format!(
            "{method} /_emulator/{path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
            _ => Err("the emulator's control interface did not answer with status 200".into()),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
