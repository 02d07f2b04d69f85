//! A quota's state in a small file that all processes of this user on this host share.
//!
//! The file is locked for the microseconds that one step takes, never while anybody sleeps or calls. The kernel drops the
//! lock of a process that dies, and a record that it left half written is not believed. Times are those of the monotonic
//! clock, which is the same for all processes since the boot that the record names; setting the wall clock changes nothing.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::QuotaKey;
use super::guarded::{Failure, Primary};
use super::record::{self, BYTES, Distrust};
use super::slots::{Command, FORWARD, Micros, Reply, State};
use crate::private_file;

/// How often the lock is tried in a row before the caller is left to wait elsewhere.
const TRIES: usize = 400;

/// How long a caller that waits elsewhere pauses between tries, and after how many it gives up: about a second.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSES: usize = 500;

/// How often an open file is looked at, whether it is still there.
const LOOK: Micros = 100_000;

/// The clock that all processes of a host share.
#[derive(Clone)]
pub(super) struct Machine {
    /// Tells one run of the clock from another.
    pub(super) boot: u64,
    /// Microseconds since some moment before the boot's first process.
    pub(super) now: Arc<dyn Fn() -> Micros + Send + Sync>,
}

/// The file of one quota, opened at first use.
#[derive(Debug)]
pub(super) struct Host {
    path: Option<PathBuf>,
    machine: Machine,
    file: Mutex<Handle>,
}

#[derive(Debug, Default)]
struct Handle {
    open: Option<File>,
    stranger: Option<Stranger>,
    /// Whether a file that others used is gone, so that this one is not to be trusted at first.
    replaced: bool,
    /// When that was last looked at.
    looked_at: Micros,
}

/// A record of a later version.
#[derive(Debug)]
struct Stranger {
    /// What it looks like, and since when it has.
    bytes: Vec<u8>,
    since: Micros,
    /// For how long someone may rely on a record that stays the same.
    patience: Micros,
}

impl Host {
    /// The file for `key` in `directory`, which only this user may enter. `None` is a directory that can't be used.
    pub(super) fn new(directory: Option<&Path>, key: &QuotaKey, machine: Machine) -> Self {
        Self {
            path: directory.map(|directory| directory.join(format!("{}.quota", key.fingerprint()))),
            machine,
            file: Mutex::default(),
        }
    }

    /// One step, or `None` while another process holds the lock.
    fn attempt(&self, command: Command) -> Result<Option<Reply>, Failure> {
        let Some(path) = &self.path else {
            let reason = "neither XDG_RUNTIME_DIR nor HOME names a directory for it";
            return Err(Failure(reason.into()));
        };
        let explain = |error: io::Error| Failure(format!("{}: {error}", path.display()));
        let mut handle = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..TRIES {
            let file = match handle.open.take() {
                Some(file) => file,
                None => private_file::open(path).map_err(explain)?,
            };
            if handle.gone(&file, &self.machine).map_err(explain)? {
                continue;
            }
            // Closing the file on the way out of an error gives the lock back too.
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    handle.open = Some(file);
                    std::thread::yield_now();
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(explain(error)),
            }
            let reply = handle
                .step(&file, &self.machine, command)
                .map_err(explain)?;
            file.unlock().map_err(explain)?;
            handle.open = Some(file);
            return Ok(Some(reply));
        }
        Ok(None)
    }
}

impl Primary for Host {
    fn try_step(&self, command: Command) -> Option<Result<Reply, Failure>> {
        self.attempt(command).transpose()
    }

    async fn step(&self, command: Command) -> Result<Reply, Failure> {
        for _ in 0..PAUSES {
            if let Some(reply) = self.attempt(command)? {
                return Ok(reply);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Failure("another process holds the lock on its file".into()))
    }
}

impl Handle {
    /// Whether the file was deleted under our hands. Looks ten times a second at most, which is as often as most quotas allow.
    fn gone(&mut self, file: &File, machine: &Machine) -> io::Result<bool> {
        let now = (machine.now)();
        if now.saturating_sub(self.looked_at) < LOOK {
            return Ok(false);
        }
        self.looked_at = now;
        let gone = private_file::is_deleted(file)?;
        self.replaced |= gone;
        Ok(gone)
    }

    /// One step under the lock.
    fn step(&mut self, file: &File, machine: &Machine, command: Command) -> io::Result<Reply> {
        // Read under the lock, so that time never runs backwards from one step to the next.
        let now = (machine.now)();
        let mut bytes = [0; BYTES];
        let length = read(file, &mut bytes)?;
        let bytes = &bytes[..length];
        let window = match command {
            Command::Ask { terms, .. } => Some(terms.window),
            _ => None,
        };
        let mut state = match (record::decode(bytes, machine.boot), window) {
            (Ok(state), _) => state,
            (Err(Distrust::Empty), _) if !self.replaced => State::default(),
            (Err(Distrust::Newer), _) if !self.abandoned(bytes, now, window) => {
                return Err(io::Error::other("a later version of this provider uses it"));
            }
            (Err(_), Some(window)) => State::lost(now, window),
            // A settlement of a call that is not on record says nothing.
            (Err(_), None) => return Ok(Reply::Done),
        };
        let reply = state.step(now, command);
        let record = record::encode(&state, machine.boot);
        // The length of the file never changes after the first time.
        let used = if length == BYTES { record.used } else { BYTES };
        file.write_all_at(&record.bytes[..used], 0)?;
        self.replaced = false;
        Ok(reply)
    }

    /// Whether a record of a later version has stayed the same for so long that nobody relies on it.
    fn abandoned(&mut self, bytes: &[u8], now: Micros, window: Option<Micros>) -> bool {
        match &self.stranger {
            Some(stranger) if stranger.bytes == bytes => {
                now.saturating_sub(stranger.since) > stranger.patience
            }
            _ => {
                self.stranger = window.map(|window| Stranger {
                    bytes: bytes.to_vec(),
                    since: now,
                    patience: window + FORWARD,
                });
                false
            }
        }
    }
}

/// As much of a record as there is.
fn read(file: &File, bytes: &mut [u8; BYTES]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < BYTES {
        match file.read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl Machine {
    /// This machine, since its last boot.
    pub(super) fn this() -> Self {
        Self {
            boot: first_word(&crate::platform::boot()),
            now: Arc::new(|| {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let (seconds, nanos) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
                seconds
                    .saturating_mul(1_000_000)
                    .saturating_add(nanos / 1000)
            }),
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("boot", &self.boot)
            .finish_non_exhaustive()
    }
}

fn first_word(bytes: &[u8]) -> u64 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let first = digest.as_ref().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests;
