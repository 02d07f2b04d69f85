//! The directory that the processes of a user on a host share, and whether its quotas are in use.
//!
//! A process that finds no state in the directory cannot see whether there never was one, or whether
//! it was deleted a moment ago. So there is a file beside the directory, `DIRECTORY.lock`. Each
//! process that uses the directory holds a shared lock on this file until the process ends. The file
//! contains the time until which the permitted calls can be counted. If a process gets the exclusive
//! lock and that time is over, no call of this machine is under way, and it begins without a pause.
//! A new file contains a time in the past only if the directory has no state of any account. In all
//! other cases the process waits, as after a loss.
//!
//! If the file cannot be used, every process waits. If the states and the file are both deleted while
//! processes use them, this goes unnoticed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::constants::{MAX_LEAVE, Micros, micros};
use base::fingerprint::short_fingerprint;
use base::private_file;
use base::sync::lock;

/// The extension of the files that hold a state.
pub(crate) const EXTENSION: &str = "quota";

/// A process notes that the directory is in use for this much longer than necessary, so that it need
/// not write a note for each call.
const AHEAD: Micros = 1_000_000;

/// The clock that all processes of a host share.
#[derive(Clone)]
pub(crate) struct HostClock {
    /// Identifies the boot whose clock this is.
    pub(crate) boot: u64,
    /// Reads the clock: microseconds since a moment before the boot's first process.
    pub(crate) now: Arc<dyn Fn() -> Micros + Send + Sync>,
}

/// A directory with a file for each account, which only this user may enter.
pub(crate) struct SharedDirectory {
    pub(crate) path: PathBuf,
    pub(crate) clock: HostClock,
    /// The path of the lock file beside the directory.
    lock_path: PathBuf,
    /// The lock file, on which this process holds a shared lock, and the time that this process last
    /// noted in it. `None` before the first use, and while the file cannot be used.
    held: Mutex<Option<(File, Micros)>>,
}

impl SharedDirectory {
    pub(crate) fn new(path: PathBuf, clock: HostClock) -> Self {
        let mut lock_path = path.clone().into_os_string();
        lock_path.push(".lock");
        Self {
            path,
            clock,
            lock_path: lock_path.into(),
            held: Mutex::default(),
        }
    }

    /// Takes the shared lock, unless this process has it. This comes before any state is created.
    /// Returns false if another process has the exclusive lock.
    pub(crate) fn enter(&self) -> bool {
        let mut held = lock(&self.held);
        if held.is_none() {
            match self.open() {
                Ok(Some(file)) => *held = Some((file, 0)),
                Ok(None) => return false,
                Err(_) => {}
            }
        }
        true
    }

    fn open(&self) -> io::Result<Option<File>> {
        let file = private_file::open_beside(&self.lock_path)?;
        if try_flock(&file, FlockOperation::NonBlockingLockExclusive)? && read(&file)?.is_none() {
            // What happened before the creation of this file is known only if there is no state.
            let unknown_for = if self.has_state()? { MAX_LEAVE } else { 0 };
            self.write(&file, (self.clock.now)() + unknown_for)?;
        }
        let shared = try_flock(&file, FlockOperation::NonBlockingLockShared)?;
        Ok((shared && private_file::is_at(&file, &self.lock_path)?).then_some(file))
    }

    fn has_state(&self) -> io::Result<bool> {
        let files = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            files => files?,
        };
        for file in files {
            if file?.path().extension().is_some_and(|it| it == EXTENSION) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether no call that was permitted before can still be counted.
    pub(crate) fn is_unused(&self, now: Micros) -> bool {
        let mut held = lock(&self.held);
        let Some((file, _)) = &*held else {
            return false;
        };
        let unused = || -> io::Result<bool> {
            let alone = try_flock(file, FlockOperation::NonBlockingLockExclusive)?;
            let over = |(boot, until)| boot == self.clock.boot && until <= now;
            Ok(alone
                && private_file::is_at(file, &self.lock_path)?
                && read(file)?.is_some_and(over))
        };
        let unused = unused().unwrap_or(false);
        // The attempt to lock exclusively released the shared lock, even if it failed.
        if flock(file, FlockOperation::NonBlockingLockShared).is_err() {
            *held = None;
        }
        unused
    }

    /// Notes that a call was permitted that can be counted in a window until this time.
    pub(crate) fn permitted(&self, until: Micros) {
        let mut held = lock(&self.held);
        let Some((file, said)) = &mut *held else {
            return;
        };
        if until <= *said {
            return;
        }
        let until = until.saturating_add(AHEAD);
        let note = || -> io::Result<bool> {
            let longer = |(boot, said)| boot == self.clock.boot && said >= until;
            if !read(file)?.is_some_and(longer) {
                self.write(file, until)?;
            }
            private_file::is_at(file, &self.lock_path)
        };
        match note() {
            Ok(true) => *said = until,
            // The file was deleted. The next call creates another one.
            Ok(false) | Err(_) => *held = None,
        }
    }

    /// Writes the time until which the directory is in use, by the clock of this boot.
    fn write(&self, file: &File, until: Micros) -> io::Result<()> {
        let text = format!("boot {:020} until {until:020}\n", self.clock.boot);
        file.write_all_at(text.as_bytes(), 0)
    }
}

/// The content of the file: a boot, and the time until which the directory is in use, by the clock of
/// that boot. `None` if the file contains neither.
fn read(file: &File) -> io::Result<Option<(u64, Micros)>> {
    let mut bytes = [0; 64];
    let length = file.read_at(&mut bytes, 0)?;
    let text = str::from_utf8(&bytes[..length]).unwrap_or_default();
    Ok(match *text.split_whitespace().collect::<Vec<_>>() {
        ["boot", boot, "until", until] => boot.parse().ok().zip(until.parse().ok()),
        _ => None,
    })
}

/// Tries to get a lock. Returns false if another lock prevents it.
fn try_flock(file: &File, operation: FlockOperation) -> io::Result<bool> {
    match flock(file, operation) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

impl HostClock {
    /// The clock of this machine since its last boot, as far as the system identifies boots.
    pub(crate) fn system() -> Self {
        Self {
            boot: short_fingerprint(&String::from_utf8_lossy(&base::platform::boot())),
            now: Arc::new(|| {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let now = Duration::try_from(now).unwrap_or_default();
                micros(now)
            }),
        }
    }
}
