//! The binary as a user runs it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn its_first_line_tells_where_it_listens() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cams-emulator"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let address = line.strip_prefix("listening on http://127.0.0.1:").unwrap();
    assert_ne!(address.parse::<u16>().unwrap(), 0);
}

#[test]
fn an_address_that_is_taken_is_named_with_what_to_do() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_cams-emulator"))
        .args(["--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains(&address) && stderr.contains("--listen"),
        "{stderr}"
    );
}
