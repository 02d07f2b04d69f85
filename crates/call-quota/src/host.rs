//! The state of an account in a small file that all processes of this user on this host share.
//!
//! The file is locked only for the microseconds of one step, never while a process sleeps or calls.
//! The kernel releases the lock of a process that dies, and the checksum reveals a record that such a
//! process left incomplete. Times are those of the monotonic clock, which all processes of a boot
//! share; a change of the wall clock has no effect. A record of another boot counts as lost, so
//! machines cannot share a directory.

mod directory;
mod record;

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustix::io::{pread, retry_on_intr};

use super::constants::{FORWARD_DELAY, Micros};
use super::slots::{Command, PermitRequest, QuotaState, Reply};
use super::store::{Store, StoreError};
use base::foreign_text;
use base::private_file;
use base::sync::lock;
use directory::EXTENSION;
use record::{MAX_BYTES, Record, Unusable};

pub(crate) use directory::{HostClock, SharedDirectory};
pub use record::rewrite;

/// The number of attempts to lock the file before the caller waits without blocking its thread. Locks
/// are held so briefly that this many attempts are almost always enough.
const LOCK_TRIES: usize = 400;

/// The pause between such series of attempts.
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// The number of pauses after which a step fails: about a second.
const LOCK_PAUSES: usize = 500;

/// The file of one account, opened at the first use.
pub(crate) struct Host {
    directory: Arc<SharedDirectory>,
    path: PathBuf,
    file: Mutex<QuotaFile>,
}

/// The file and what is remembered about it.
#[derive(Default)]
struct QuotaFile {
    /// The content of the file is read into this buffer, which is kept to save its allocation.
    buffer: Vec<u8>,
    /// The open file. Each step takes it, and puts it back only if it succeeds.
    open: Option<File>,
    /// A record of a later version of this provider, and the time since which it has not changed.
    later: Option<(Vec<u8>, Micros)>,
    /// Whether the last state that was lost was replaced by a record of another machine.
    foreign: bool,
}

impl Host {
    /// The file of the account with this fingerprint.
    pub(crate) fn new(directory: Arc<SharedDirectory>, account: &str) -> Self {
        Self {
            path: directory.path.join(account).with_extension(EXTENSION),
            directory,
            file: Mutex::default(),
        }
    }

    /// Executes one step. `None` means that another process held the lock during all attempts.
    fn attempt(&self, command: Command) -> io::Result<Option<Reply>> {
        let directory = &self.directory;
        let mut quota_file = lock(&self.file);
        for _ in 0..LOCK_TRIES {
            if !directory.enter() {
                std::thread::yield_now();
                continue;
            }
            let file = match quota_file.open.take() {
                Some(file) => file,
                None => private_file::open(&self.path)?,
            };
            let locked = file.try_lock();
            // The time is read under the lock, so that it never decreases from one step to the next,
            // and before the file is checked, so that the time of a grant is not after the check.
            let now = (directory.clock.now)();
            match locked {
                // Each step checks under the lock that the file is still at its path. A process
                // that finds a new file there may permit calls one window later, and does not know
                // the calls that others still permit in the old file.
                Ok(()) if private_file::is_at(&file, &self.path)? => {}
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {
                    quota_file.open = Some(file);
                    std::thread::yield_now();
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // An error closes the file, which also releases the lock.
            let reply = quota_file.step(&file, directory, now, command)?;
            file.unlock()?;
            quota_file.open = Some(file);
            return Ok(Some(reply));
        }
        Ok(None)
    }

    /// An error as a text for the user.
    fn explain(&self, error: &dyn fmt::Display) -> StoreError {
        let directory = foreign_text::line(&self.directory.path.display().to_string());
        StoreError(format!("{directory}: {error}"))
    }
}

impl Store for Host {
    fn try_step(&self, command: Command) -> Option<Result<Reply, StoreError>> {
        let reply = self.attempt(command).transpose()?;
        Some(reply.map_err(|error| self.explain(&error)))
    }

    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move {
            for _ in 0..LOCK_PAUSES {
                if let Some(result) = self.try_step(command) {
                    return result;
                }
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            Err(self.explain(&"another process holds the lock on its file"))
        })
    }

    fn loss_reason(&self) -> StoreError {
        self.explain(&match lock(&self.file).foreign {
            true => {
                "another machine uses it too; each machine needs its own directory, and machines \
                 share a quota through Redis"
            }
            false => "another program repeatedly deletes its files",
        })
    }
}

impl QuotaFile {
    /// Executes one step while the lock is held.
    fn step(
        &mut self,
        file: &File,
        directory: &SharedDirectory,
        now: Micros,
        command: Command,
    ) -> io::Result<Reply> {
        let boot = directory.clock.boot;
        self.buffer.resize(MAX_BYTES, 0);
        // One system call reads a whole record.
        let length = retry_on_intr(|| pread(file, &mut *self.buffer, 0))?;
        let text = &self.buffer[..length];
        let found = Record::decode(text);
        let mut state = match (found, command) {
            (Ok(record), _) if record.boot == boot => record.state,
            (Err(Unusable::Newer), Command::Acquire(PermitRequest { limit, .. }))
                if is_relied_on(&mut self.later, text, now, limit.window) =>
            {
                return Err(io::Error::other("a later version of this provider uses it"));
            }
            (Err(Unusable::Empty), Command::Acquire(_)) if directory.is_unused(now) => {
                QuotaState::default()
            }
            (found, Command::Acquire(_)) => {
                self.foreign = found.is_ok();
                QuotaState::forgetting(now, now)
            }
            // There is no record of the permit that this command settles.
            _ => return Ok(Reply::Done),
        };
        let reply = state.step(now, command);
        let last_slot = state.slots.last().map(|slot| slot.free_at);
        let mut record = Record { boot, state }.encode();
        // Blanks overwrite the rest of a longer record.
        record.resize(record.len().max(length), b' ');
        file.write_all_at(&record, 0)?;
        if let (Reply::Granted(_), Some(free_at)) = (reply, last_slot) {
            directory.permitted(free_at);
        }
        Ok(reply)
    }
}

/// Whether a process may still rely on this text of a later version: until a window and the forward
/// delay after its last change.
fn is_relied_on(
    later: &mut Option<(Vec<u8>, Micros)>,
    text: &[u8],
    now: Micros,
    window: Micros,
) -> bool {
    let known = later.take().filter(|(known, _)| known == text);
    let (_, since) = later.insert(known.unwrap_or((text.to_vec(), now)));
    now.saturating_sub(*since) <= window + FORWARD_DELAY
}

#[cfg(test)]
mod tests;
