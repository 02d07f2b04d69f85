//! Which lists of a space are too old to start a number by.
//!
//! The list of a space is shared within a process for some time. Another process on this host may
//! start a number in the meantime, and finish before this process wants the same number: the lock
//! of [`claims`](super::claims) is then free, and the shared list is from before the start. So
//! every process notes in a file of the space that it is about to start a number there, and whoever
//! sees that others have done so needs a new list.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use base::fingerprint::fingerprint;
use base::private_file;

/// How long another process may keep a file locked. It adds one byte.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a lock that another process holds is tried.
const PAUSE: Duration = Duration::from_millis(20);

/// The starts on this host, as far as this process knows of them.
#[derive(Debug, Default)]
pub struct Starts {
    directory: Option<PathBuf>,
    spaces: Mutex<HashMap<String, Seen>>,
    /// Whether a lock was not given back.
    without_lock: AtomicBool,
}

/// What this process has seen of the starts in a space.
#[derive(Debug)]
struct Seen {
    /// How many starts this process has noted.
    own: u64,
    /// How many starts other processes had noted when this process looked last.
    others: u64,
    /// When this process last saw that others had noted one.
    changed_at: Instant,
}

impl Starts {
    /// The starts that are noted in `directory`. Without a directory nobody knows of others.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            ..Self::default()
        }
    }

    /// The instant before which a list of the space may have missed a start by another process.
    pub fn not_before(&self, cust_space_id: &str) -> Instant {
        let now = Instant::now();
        let Some(noted) = self.noted(cust_space_id) else {
            return now;
        };
        let mut spaces = self.lock();
        let seen = spaces.entry(cust_space_id.to_owned()).or_insert(Seen {
            own: 0,
            others: noted,
            changed_at: now,
        });
        let others = noted.saturating_sub(seen.own);
        if others != seen.others {
            seen.others = others;
            seen.changed_at = now;
        }
        seen.changed_at
    }

    /// Notes that this process is about to start a number in the space. What cannot be noted is
    /// logged only: the lock on the number still keeps two processes from starting it together.
    ///
    /// A lock that is not given back within [`PATIENCE`] is done without, from then on at once.
    pub async fn note(&self, cust_space_id: &str) {
        let Some(path) = self.path(cust_space_id) else {
            return;
        };
        let end = Instant::now() + PATIENCE;
        loop {
            if Instant::now() >= end && !self.without_lock.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "another process has kept {} locked for {PATIENCE:?}: it may be stopped \
                     (Ctrl-Z). Starts are noted there without the lock.",
                    path.display()
                );
            }
            match self.append(cust_space_id, &path) {
                Ok(true) => return,
                Ok(false) => sleep(PAUSE).await,
                Err(error) => {
                    tracing::debug!(%error, "a start can't be noted for other processes");
                    return;
                }
            }
        }
    }

    /// Adds one byte to the file, whose length is the number of starts. False while another process
    /// has it locked.
    fn append(&self, cust_space_id: &str, path: &Path) -> io::Result<bool> {
        // The lock makes this process's own count and the file's agree for others of this process.
        let mut spaces = self.lock();
        let file: File = private_file::open(path)?;
        let locked = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) if self.without_lock.load(Ordering::Relaxed) => false,
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        };
        file.write_all_at(b".", file.metadata()?.len())?;
        // Without the lock, another process may have written the same byte. This start then counts
        // as one of another process too: that costs a list, and the other start is not missed.
        if let Some(seen) = spaces.get_mut(cust_space_id).filter(|_| locked) {
            seen.own += 1;
        }
        Ok(true)
    }

    /// How many starts all processes have noted; `None` if nobody can tell.
    fn noted(&self, cust_space_id: &str) -> Option<u64> {
        let path = self.path(cust_space_id)?;
        // Opening creates the file, so that a later look can tell a change from a first note.
        let file = private_file::open(&path).ok()?;
        Some(file.metadata().ok()?.len())
    }

    /// The file of a space, whose name tells nobody which space it is.
    fn path(&self, cust_space_id: &str) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        Some(directory.join(format!("{}.starts", fingerprint(&[cust_space_id]))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_start_by_another_process_makes_earlier_lists_too_old() {
        let directory = tempfile::tempdir().expect("a directory");
        let starts = || Starts::new(Some(directory.path().join("state")));
        let (one, other) = (starts(), starts());
        let first = one.not_before("s");
        advance(Duration::from_secs(1)).await;
        one.note("s").await;
        one.note("s").await;
        assert_eq!(
            one.not_before("s"),
            first,
            "its own starts are in its lists"
        );

        other.note("another space").await;
        assert_eq!(one.not_before("s"), first);
        other.note("s").await;
        let changed = one.not_before("s");
        assert_eq!(changed, Instant::now());
        advance(Duration::from_secs(1)).await;
        assert_eq!(one.not_before("s"), changed, "until the next start");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_directory_every_list_may_be_too_old() {
        let starts = Starts::new(None);
        starts.note("s").await;
        let first = starts.not_before("s");
        advance(Duration::from_secs(1)).await;
        assert!(starts.not_before("s") > first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_not_given_back_costs_a_while_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let starts = || Starts::new(Some(directory.path().join("state")));
        let (one, other) = (starts(), starts());
        let first = one.not_before("s");
        let held = private_file::open(&one.path("s").expect("a path")).expect("a file");
        held.lock().expect("its lock");
        let began = Instant::now();
        for _ in 0..100 {
            other.note("s").await;
        }
        assert!(began.elapsed() < 2 * PATIENCE, "{:?}", began.elapsed());
        assert!(one.not_before("s") > first, "they are noted all the same");

        // Another process may have written the same byte without the lock too.
        let first = other.not_before("s");
        advance(Duration::from_secs(1)).await;
        other.note("s").await;
        assert!(other.not_before("s") > first, "it may hide another start");
    }
}
