//! The state of an account in a small file that all processes of this user on this host share.
//!
//! The file is locked for the microseconds that one step takes, never while a process sleeps or
//! calls. The kernel drops the lock of a process that dies, and a record that such a process left
//! half written is not believed. Times are those of the monotonic clock, which is the same for
//! all processes since the boot that the record names; setting the wall clock changes nothing. A
//! record of another boot is lost: machines cannot share a directory.

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

use super::constants::{FORWARD_DELAY, Micros};
use super::slots::{Command, PermitRequest, Reply, State};
use super::store::{Store, StoreError};
use super::sync::lock;
use base::foreign_text;
use base::private_file;
use directory::EXTENSION;
use record::{MAX_BYTES, Record, Unusable};

pub(crate) use directory::{HostClock, SharedDirectory};
pub(crate) use record::rewrite;

/// How often the lock is tried in a row before the caller is left to wait without blocking its
/// thread. Locks are held so briefly that this is hardly ever exhausted.
const LOCK_TRIES: usize = 400;

/// How long a caller that waits pauses between such rows of tries.
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// After how many pauses it gives up: about a second.
const LOCK_PAUSES: usize = 500;

/// How many bytes of a file are read at once: more than most records have.
const CHUNK: usize = 4096;

/// The file of one account, opened at the first use.
pub(crate) struct Host {
    directory: Arc<SharedDirectory>,
    path: PathBuf,
    file: Mutex<QuotaFile>,
}

/// The file and what is remembered about it.
#[derive(Default)]
struct QuotaFile {
    /// The open file. It is taken out for each step, and put back only if the step succeeded.
    open: Option<File>,
    /// A record of a later version of this provider, and since when it has been the same.
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

    /// Carries out one step. `None` means that another process held the lock all the time.
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
            // The time is read under the lock, so that it never goes back from one step to the
            // next, and before the file is checked, so that no permit is granted later than the
            // check.
            let now = (directory.clock.now)();
            match locked {
                // It is checked under the lock, and on each step. A process that finds a new file
                // under this path may permit calls one window from now, and does not know of calls
                // that are still permitted on the old one.
                Ok(()) if private_file::is_at(&file, &self.path)? => {}
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {
                    quota_file.open = Some(file);
                    std::thread::yield_now();
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // An error closes the file on the way out, which releases the lock too.
            let reply = quota_file.step(&file, directory, now, command)?;
            file.unlock()?;
            quota_file.open = Some(file);
            return Ok(Some(reply));
        }
        Ok(None)
    }

    /// What an error means to the user.
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

    fn loss(&self) -> StoreError {
        self.explain(&match lock(&self.file).foreign {
            true => {
                "another machine uses it too; each machine needs a directory of its own, and \
                 machines share a quota through Redis"
            }
            false => "another program repeatedly deletes its files",
        })
    }
}

impl QuotaFile {
    /// Carries out one step while the lock is held.
    fn step(
        &mut self,
        file: &File,
        directory: &SharedDirectory,
        now: Micros,
        command: Command,
    ) -> io::Result<Reply> {
        let boot = directory.clock.boot;
        let text = read(file)?;
        let found = Record::decode(&text);
        let mut state = match (found, command) {
            (Ok(record), _) if record.boot == boot => record.state,
            (Err(Unusable::Newer), Command::Acquire(PermitRequest { limit, .. }))
                if self.is_relied_on(&text, now, limit.window) =>
            {
                return Err(io::Error::other("a later version of this provider uses it"));
            }
            (Err(Unusable::Empty), Command::Acquire(_)) if directory.is_unused(now) => {
                State::default()
            }
            (found, Command::Acquire(_)) => {
                self.foreign = found.is_ok();
                State::forgetting(now, now)
            }
            // A settlement of a permit that is not on record changes nothing.
            _ => return Ok(Reply::Done),
        };
        let reply = state.step(now, command);
        let last_slot = state.slots.last().map(|slot| slot.free_at);
        let mut record = Record { boot, state }.encode();
        // What a longer record leaves behind is blanked.
        record.resize(record.len().max(text.len()), b' ');
        file.write_all_at(&record, 0)?;
        if let (Reply::Granted { .. }, Some(free_at)) = (reply, last_slot) {
            directory.permitted(free_at);
        }
        Ok(reply)
    }

    /// Whether a process may still rely on this text of a later version. None does a window and
    /// some more after it last changed.
    fn is_relied_on(&mut self, text: &[u8], now: Micros, window: Micros) -> bool {
        let known = self.later.take().filter(|(known, _)| known == text);
        let (_, since) = self.later.insert(known.unwrap_or((text.to_vec(), now)));
        now.saturating_sub(*since) <= window + FORWARD_DELAY
    }
}

/// Reads a file, as far as it can be a record: by one call of the system for most records, since
/// every step of every process of the host does this under a lock.
fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let filled = text.len();
        text.resize(filled + CHUNK, 0);
        match file.read_at(&mut text[filled..], filled as u64) {
            Ok(read) => text.truncate(filled + read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                text.truncate(filled);
                continue;
            }
            Err(error) => return Err(error),
        }
        // A file is read in full unless it ends.
        if text.len() < filled + CHUNK || text.len() >= MAX_BYTES {
            return Ok(text);
        }
    }
}

#[cfg(test)]
mod tests;
