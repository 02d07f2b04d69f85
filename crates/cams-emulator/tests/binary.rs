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
