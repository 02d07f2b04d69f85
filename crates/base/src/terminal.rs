//! What this program writes for people to its stdout and stderr, beside the lines of the log.
//!
//! Every text is cleaned here, so that nothing that it quotes steers a terminal.

use std::io::{self, Write};

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, stat};

use crate::foreign_text::printable;

/// Writes a text and a line break to stdout.
///
/// # Errors
///
/// If it cannot be written: the reader is gone, the disk is full, or stdout is closed.
pub fn print(text: &str) -> io::Result<()> {
    if is_closed() {
        let what = "stdout is closed, or is /dev/null opened for reading too";
        return Err(io::Error::new(io::ErrorKind::BrokenPipe, what));
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", printable(text))?;
    stdout.flush()
}

/// Writes a text and a line break to stderr. If that fails, there is no other place for it.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// Whether the program was started without a stdout. Rust's runtime then opens `/dev/null` in its
/// place, for reading and writing, before any code of this program runs. A redirection by a shell
/// opens it only for writing. What a language opens for a child whose output it drops cannot always
/// be distinguished from it: that of Python looks the same.
fn is_closed() -> bool {
    let stdout = io::stdout();
    let reads = fcntl_getfl(&stdout).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR);
    reads && is_null(&stdout)
}

fn is_null(file: impl rustix::fd::AsFd) -> bool {
    let (Ok(file), Ok(null)) = (fstat(file), stat("/dev/null")) else {
        return false;
    };
    let is_device = FileType::from_raw_mode(file.st_mode) == FileType::CharacterDevice;
    is_device && file.st_rdev == null.st_rdev
}
