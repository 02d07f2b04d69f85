//! The state of an account's quota in a small file that all processes of this user on this host
//! share.
//!
//! The file is locked for the microseconds that one step takes, never while anybody sleeps or
//! calls. The kernel drops the lock of a process that dies, and a record that such a process left
//! half written is not believed. Times are those of the monotonic clock, which is the same for
//! all processes since the boot that the record names; setting the wall clock changes nothing.
//! Machines that use the same directory take turns at it.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::AccountKey;
use super::constants::{FORWARD_DELAY, Micros};
use super::limit::ConfiguredLimit;
use super::presence::{EXTENSION, Presence};
use super::record::{self, BYTES, Unusable};
use super::slots::{Cause, Command, Reply, State, Wait};
use super::store::{Failure, FallibleStore};
use super::turns::{Turn, Watched};
use base::fingerprint::fingerprint;
use base::foreign_text;
use base::private_file;

/// How often the lock is tried in a row before the caller is left to wait without blocking its
/// thread. Locks are held so briefly that this is hardly ever exhausted.
const LOCK_TRIES: usize = 400;

/// How long a caller that waits pauses between such rows of tries.
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// After how many pauses it gives up: about a second.
const LOCK_PAUSES: usize = 500;

/// How many bytes of a file are read at first: more than the records of most accounts have.
const FIRST_READ: usize = 2048;

/// The clock that all processes of a host share.
#[derive(Clone)]
pub(super) struct HostClock {
    /// Tells the clock of one boot from that of another.
    pub(super) boot: u64,
    /// Reads it: microseconds since some moment before the boot's first process.
    pub(super) now: Arc<dyn Fn() -> Micros + Send + Sync>,
}

/// The file of one account, opened at the first use.
#[derive(Debug)]
pub(super) struct Host {
    place: Place,
    clock: HostClock,
    file: Mutex<QuotaFile>,
}

/// Where the file of an account is.
#[derive(Debug)]
struct Place {
    directory: PathBuf,
    path: PathBuf,
    presence: Arc<Presence>,
}

/// The file and what is remembered about it.
#[derive(Debug, Default)]
struct QuotaFile {
    /// The open file. It is taken out for each step, and put back only if the step succeeded.
    open: Option<File>,
    /// A record of another machine, or of a later version of this provider.
    watched: Option<Watched>,
}

impl Host {
    /// The file for `account` in `directory`, which only this user may enter. This process is
    /// `presence` among those that use the directory.
    pub(super) fn new(
        directory: &Path,
        presence: Arc<Presence>,
        account: &AccountKey,
        clock: HostClock,
    ) -> Self {
        let name = account.fingerprint();
        Self {
            place: Place {
                directory: directory.to_owned(),
                path: directory.join(name).with_extension(EXTENSION),
                presence,
            },
            clock,
            file: Mutex::default(),
        }
    }

    /// Carries out one step. `None` means that another process held the lock all the time.
    fn attempt(&self, command: Command) -> Result<Option<Reply>, Failure> {
        let Place { path, presence, .. } = &self.place;
        let directory = foreign_text::line(&self.place.directory.display().to_string());
        let explain = |error: io::Error| Failure(format!("{directory}: {error}"));
        let mut quota_file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..LOCK_TRIES {
            if !presence.enter((self.clock.now)(), self.clock.boot) {
                std::thread::yield_now();
                continue;
            }
            let file = match quota_file.open.take() {
                Some(file) => file,
                None => private_file::open(path).map_err(explain)?,
            };
            let locked = file.try_lock();
            // The time is read under the lock, so that it never goes back from one step to the
            // next, and before the file is checked, so that no permit is granted later than the
            // check.
            let now = (self.clock.now)();
            match locked {
                // It is checked under the lock, and on each step. Whoever finds a new file under
                // this path may permit calls one window from now, and does not know of calls that
                // are still permitted on the old one.
                Ok(()) if private_file::is_at(&file, path).map_err(explain)? => {}
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {
                    quota_file.open = Some(file);
                    std::thread::yield_now();
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(explain(error)),
            }
            // An error closes the file on the way out, which releases the lock too.
            let reply = quota_file
                .step(&file, presence, now, self.clock.boot, command)
                .map_err(explain)?;
            file.unlock().map_err(explain)?;
            quota_file.open = Some(file);
            return Ok(Some(reply));
        }
        Ok(None)
    }
}

impl FallibleStore for Host {
    fn try_step(&self, command: Command) -> Option<Result<Reply, Failure>> {
        self.attempt(command).transpose()
    }

    async fn step(&self, command: Command) -> Result<Reply, Failure> {
        for _ in 0..LOCK_PAUSES {
            if let Some(reply) = self.attempt(command)? {
                return Ok(reply);
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        }
        Err(Failure("another process holds the lock on its file".into()))
    }

    fn loss(&self) -> Failure {
        Failure(format!(
            "{}: something deletes its files again and again",
            self.place.directory.display()
        ))
    }

    fn noticed_after(&self) -> Duration {
        Duration::ZERO
    }
}

impl QuotaFile {
    /// Carries out one step while the lock is held.
    fn step(
        &mut self,
        file: &File,
        presence: &Presence,
        now: Micros,
        boot: u64,
        command: Command,
    ) -> io::Result<Reply> {
        let mut bytes = [0; BYTES];
        let bytes = read(file, &mut bytes)?;
        let limit = match command {
            Command::Acquire { limit, .. } => Some(limit),
            _ => None,
        };
        let begins = Turn { boot, since: now };
        let (turn, mut state) = match (record::decode(bytes), limit) {
            // A clock that was set back cannot tell how long the turn has been.
            (Ok((turn, state)), _) if turn.boot == boot && turn.since <= now => (turn, state),
            (Ok((turn, state)), _) if turn.boot == boot => (begins, state),
            (Ok((turn, state)), Some(limit)) => {
                let seen = Watched::since(&mut self.watched, bytes, now);
                if let Some(delay) = turn.wait(&state, now.saturating_sub(seen)) {
                    return Ok(Reply::Wait(not_its_turn(delay, limit)));
                }
                (begins, state.carried_over(seen, now))
            }
            (Err(Unusable::Newer), limit) if self.is_relied_on(bytes, now, limit) => {
                return Err(io::Error::other("a later version of this provider uses it"));
            }
            (Err(Unusable::Empty), Some(_)) if presence.is_unused(now, boot) => {
                (begins, State::default())
            }
            (Err(_), Some(_)) => (begins, State::forgetting(now, now)),
            // A settlement of a permit that is not on record changes nothing.
            (Ok(_) | Err(_), None) => return Ok(Reply::Done),
        };
        let reply = state.step(now, command);
        file.write_all_at(&record::encode(&state, turn), 0)?;
        if let (Reply::Granted { .. }, Some(slot)) = (reply, state.slots.last()) {
            presence.permitted(slot.free_at, boot);
        }
        Ok(reply)
    }

    /// Whether somebody may still rely on a record of a later version. A window and some more after
    /// its last change, nobody does.
    fn is_relied_on(&mut self, bytes: &[u8], now: Micros, limit: Option<ConfiguredLimit>) -> bool {
        let since = Watched::since(&mut self.watched, bytes, now);
        limit.is_none_or(|limit| now.saturating_sub(since) <= limit.window + FORWARD_DELAY)
    }
}

/// The reply to a machine that has to wait for its turn. No queue remembers it.
fn not_its_turn(delay: Micros, limit: ConfiguredLimit) -> Wait {
    Wait {
        waiter: None,
        delay,
        ahead: 0,
        limit: limit.calls.get(),
        cause: Cause::Quota,
    }
}

/// Reads a record, as far as it is there. Most are short, so that the rest is seldom asked for.
fn read<'a>(file: &File, bytes: &'a mut [u8; BYTES]) -> io::Result<&'a [u8]> {
    let (mut filled, mut wanted) = (0, FIRST_READ);
    while filled < wanted {
        match file.read_at(&mut bytes[filled..wanted], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == FIRST_READ {
            wanted = record::length(&bytes[..filled]).clamp(FIRST_READ, BYTES);
        }
    }
    Ok(&bytes[..filled])
}

impl HostClock {
    /// The clock of this machine since its last boot, as far as the system tells boots apart.
    pub(super) fn system() -> Self {
        let boot = base::platform::boot();
        Self {
            boot: number(&String::from_utf8_lossy(&boot)),
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

impl fmt::Debug for HostClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostClock")
            .field("boot", &self.boot)
            .finish_non_exhaustive()
    }
}

/// A number that stands for a boot and a clock.
fn number(boot: &str) -> u64 {
    let name = fingerprint(&[boot]);
    let digits = name.get(..16).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests;
