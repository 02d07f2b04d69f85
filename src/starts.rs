//! Finds out whether a list of a space is recent enough to start a number.
//!
//! A process shares the list of a space among its resources for some time. Meanwhile another process
//! on this host may start a number, and its lock ([`claims`](super::claims)) may be free again before
//! this process wants the same number. The shared list is then older than the start. So every process
//! appends a line to a file of the space before it starts a number there. A process that sees lines
//! of other processes requests a new list.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{OFlags, fcntl_setfl};
use tokio::time::Instant;

use base::fingerprint::fingerprint;
use base::private_file;

/// The starts on this host, as far as this process knows of them.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    directory: Option<PathBuf>,
    spaces: Mutex<HashMap<String, Seen>>,
}

/// What this process has seen of the starts in a space.
#[derive(Debug)]
struct Seen {
    /// How many bytes the note has if other processes have not changed it.
    length: u64,
    /// When this process last saw that others had changed it.
    changed_at: Instant,
}

impl Starts {
    /// The starts that are noted in `directory`. Without a directory, other processes are unknown.
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            ..Self::default()
        }
    }

    /// The instant before which a list of the space may have missed a start by another process.
    pub(crate) fn not_before(&self, cust_space_id: &str) -> Instant {
        let now = Instant::now();
        let mut spaces = self.lock();
        let Some(length) = self.path(cust_space_id).and_then(|path| length(&path)) else {
            return now;
        };
        let seen = spaces.entry(cust_space_id.to_owned()).or_insert(Seen {
            length,
            changed_at: now,
        });
        // A note that was deleted has changed too.
        if length != seen.length {
            seen.length = length;
            seen.changed_at = now;
        }
        seen.changed_at
    }

    /// Notes that this process is going to start a number in the space. A note that cannot be made
    /// is only logged: the lock on the number still keeps two processes from starting it together.
    pub(crate) fn note(&self, cust_space_id: &str) {
        let Some(path) = self.path(cust_space_id) else {
            return;
        };
        let mut spaces = self.lock();
        match append(&path) {
            Ok(added) => {
                if let Some(seen) = spaces.get_mut(cust_space_id) {
                    seen.length += added;
                }
            }
            Err(error) => tracing::debug!(%error, "a start cannot be noted for other processes"),
        }
    }

    /// The note of a space. Its name does not show which space it is.
    fn path(&self, cust_space_id: &str) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        Some(directory.join(format!("{}.starts", fingerprint(&[cust_space_id]))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the line of this process, and returns its length. The operating system puts lines that
/// several processes append one behind the other, so that no lock is needed.
fn append(path: &Path) -> io::Result<u64> {
    let mut file = private_file::open(path)?;
    fcntl_setfl(&file, OFlags::APPEND)?;
    let line = format!("{}\n", std::process::id());
    file.write_all(line.as_bytes())?;
    Ok(line.len() as u64)
}

/// The length of the note; `None` if it cannot be used. It is created if it does not exist, so that
/// a later look sees a change and not a first note.
fn length(path: &Path) -> Option<u64> {
    let file: File = private_file::open(path).ok()?;
    Some(file.metadata().ok()?.len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn only_a_start_by_another_process_makes_earlier_lists_too_old() {
        let directory = tempfile::tempdir().expect("a directory");
        let starts = || Starts::new(Some(directory.path().join("state")));
        let (one, other) = (starts(), starts());
        let first = one.not_before("s");
        advance(SECOND).await;
        one.note("s");
        one.note("s");
        assert_eq!(
            one.not_before("s"),
            first,
            "its own starts are in its lists"
        );

        other.note("another space");
        assert_eq!(one.not_before("s"), first);
        other.note("s");
        let changed = one.not_before("s");
        assert_eq!(changed, Instant::now());
        advance(SECOND).await;
        assert_eq!(one.not_before("s"), changed, "until the next start");
    }

    #[tokio::test(start_paused = true)]
    async fn a_note_that_was_deleted_makes_earlier_lists_too_old() {
        let directory = tempfile::tempdir().expect("a directory");
        let starts = Starts::new(Some(directory.path().join("state")));
        starts.not_before("s");
        starts.note("s");
        let first = starts.not_before("s");
        advance(SECOND).await;
        std::fs::remove_dir_all(directory.path().join("state")).expect("a directory");
        assert!(starts.not_before("s") > first);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_directory_every_list_may_be_too_old() {
        let starts = Starts::new(None);
        starts.note("s");
        let first = starts.not_before("s");
        advance(SECOND).await;
        assert!(starts.not_before("s") > first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_on_the_note_that_is_never_released_delays_no_start() {
        let directory = tempfile::tempdir().expect("a directory");
        let starts = || Starts::new(Some(directory.path().join("state")));
        let (one, other) = (starts(), starts());
        let first = one.not_before("s");
        let held = private_file::open(&one.path("s").expect("a path")).expect("a file");
        held.lock().expect("its lock");
        let began = Instant::now();
        for _ in 0..100 {
            other.note("s");
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        advance(SECOND).await;
        assert!(one.not_before("s") > first, "they are noted all the same");
    }
}
