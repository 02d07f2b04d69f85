//! Advisory locks on private files, taken within a bounded time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::private_file;

/// How often a lock that another process holds is tried.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// How long one attempt may take after the deadline, so that a free lock is taken even then.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(1);

/// Which other holders a lock admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// No other holder.
    Exclusive,
    /// Other holders with a shared lock.
    Shared,
}

/// Opens the private file at `path` and locks it, trying until `deadline`, but at least once. The
/// lock ends when the file is dropped.
///
/// Returns `None` if another process still holds the lock at the deadline, or if the file system
/// does not respond. A file that was deleted or replaced before it could be locked is opened again:
/// the locked file is the one that other processes find at `path`.
///
/// # Errors
///
/// If the file cannot be opened or locked, or if it is not private to this user.
pub async fn acquire(path: &Path, mode: LockMode, deadline: Instant) -> io::Result<Option<File>> {
    loop {
        let path = path.to_owned();
        // A share may block for a long time.
        let attempt = tokio::task::spawn_blocking(move || try_acquire(&path, mode));
        let attempt_deadline = deadline.max(Instant::now() + ATTEMPT_LIMIT);
        match timeout_at(attempt_deadline, attempt).await {
            Ok(Ok(Ok(None))) => {}
            Ok(joined) => return joined.unwrap_or_else(|error| Err(io::Error::other(error))),
            Err(_) => return Ok(None),
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        sleep(RETRY_INTERVAL).await;
    }
}

/// Makes one attempt. Returns `None` if another process holds the lock.
fn try_acquire(path: &Path, mode: LockMode) -> io::Result<Option<File>> {
    loop {
        let file = private_file::open(path)?;
        let locked = match mode {
            LockMode::Exclusive => file.try_lock(),
            LockMode::Shared => file.try_lock_shared(),
        };
        match locked {
            // The previous holder deleted the file after it was opened here.
            Ok(()) if !private_file::is_at(&file, path)? => {}
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(5);

    fn soon() -> Instant {
        Instant::now() + WAIT
    }

    #[tokio::test(start_paused = true)]
    async fn an_exclusive_lock_excludes_all_others_and_a_shared_one_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state").join("file");
        let (exclusive, shared) = (LockMode::Exclusive, LockMode::Shared);
        for (held, wanted, expected) in [
            (shared, shared, true),
            (shared, exclusive, false),
            (exclusive, shared, false),
            (exclusive, exclusive, false),
        ] {
            let _held = acquire(&path, held, soon()).await.unwrap().unwrap();
            let begin = Instant::now();
            let second = acquire(&path, wanted, soon()).await.unwrap();
            assert_eq!(second.is_some(), expected, "{held:?} {wanted:?}");
            assert_eq!(begin.elapsed() >= WAIT, !expected);
            assert!(begin.elapsed() < 2 * WAIT);
        }
    }

    #[tokio::test]
    async fn a_free_lock_is_taken_after_the_deadline() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state").join("file");
        let past = Instant::now();
        let file = acquire(&path, LockMode::Exclusive, past).await.unwrap();
        assert!(file.is_some());
    }

    #[tokio::test]
    async fn a_file_that_was_deleted_is_created_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state").join("file");
        let first = acquire(&path, LockMode::Exclusive, soon()).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let second = acquire(&path, LockMode::Exclusive, soon()).await.unwrap();
        assert!(!private_file::is_at(&first.unwrap(), &path).unwrap());
        assert!(private_file::is_at(&second.unwrap(), &path).unwrap());
    }
}
