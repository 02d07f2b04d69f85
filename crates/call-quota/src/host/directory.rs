//! The directory that the processes of a user on a host share, and whether its quotas are in use.
//!
//! A process that finds no state in the directory cannot see whether there never was one, or
//! whether it was deleted a moment ago. So a file lies beside the directory, `DIRECTORY.lock`. Each
//! process that uses the directory holds a shared lock on it until the process ends. The file also
//! says until when the permitted calls can be counted. A process that gets the lock alone, and
//! finds that time to be over, knows that no call of this machine is under way, and begins at once.
//! A new file says so only if the directory has no state of any account. In all other cases the
//! process waits, as after a loss.
//!
//! Where the file cannot be used, every process waits. One thing deceives this: to delete both the
//! states and the file while processes use them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::constants::{MAX_LEAVE, Micros, micros};
use crate::sync::lock;
use base::fingerprint::fingerprint;
use base::private_file;

/// The extension of the files that hold a state.
pub(crate) const EXTENSION: &str = "quota";

/// For how much longer than necessary a process notes that the directory is in use, so that it need
/// not do so for each call.
const AHEAD: Micros = 1_000_000;

/// The clock that all processes of a host share.
#[derive(Clone)]
pub(crate) struct HostClock {
    /// Tells the clock of one boot from that of another.
    pub(crate) boot: u64,
    /// Reads it: microseconds since some moment before the boot's first process.
    pub(crate) now: Arc<dyn Fn() -> Micros + Send + Sync>,
}

/// A directory with a file for each account, which only this user may enter.
pub(crate) struct SharedDirectory {
    pub(crate) path: PathBuf,
    pub(crate) clock: HostClock,
    /// The path of the file beside it.
    lock_path: PathBuf,
    /// That file, on which this process holds a shared lock, and until when it noted in it that the
    /// directory is in use. `None` before the first use, and while the file cannot be used.
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

    /// Shows this process to the others, which has to come before any state is made. Returns false
    /// if another process has the file for itself just now.
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
            // What happened before this file was made is known only if there was no state.
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

    /// Whether no call of this machine can still be counted, apart from those that are permitted
    /// after this.
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
        // The attempt to be alone gave up the shared lock, whether it succeeded or not.
        if flock(file, FlockOperation::NonBlockingLockShared).is_err() {
            *held = None;
        }
        unused
    }

    /// Notes that a call was permitted that can be counted in a window until then.
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
            // The file is gone, and another is made for the next call.
            Ok(false) | Err(_) => *held = None,
        }
    }

    /// Writes until when the directory is in use, by the clock of this boot.
    fn write(&self, file: &File, until: Micros) -> io::Result<()> {
        let text = format!("boot {:020} until {until:020}\n", self.clock.boot);
        file.write_all_at(text.as_bytes(), 0)
    }
}

/// What the file says: a boot, and until when the directory is in use by its clock. `None` if it
/// says nothing.
fn read(file: &File) -> io::Result<Option<(u64, Micros)>> {
    let mut bytes = [0; 64];
    let length = file.read_at(&mut bytes, 0)?;
    let text = str::from_utf8(&bytes[..length]).unwrap_or_default();
    Ok(match *text.split_whitespace().collect::<Vec<_>>() {
        ["boot", boot, "until", until] => boot.parse().ok().zip(until.parse().ok()),
        _ => None,
    })
}

/// Tries to get a lock, and returns whether there was none in the way.
fn try_flock(file: &File, operation: FlockOperation) -> io::Result<bool> {
    match flock(file, operation) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

impl HostClock {
    /// The clock of this machine since its last boot, as far as the system tells boots apart.
    pub(crate) fn system() -> Self {
        let boot = fingerprint(&[&String::from_utf8_lossy(&base::platform::boot())]);
        Self {
            boot: u64::from_str_radix(boot.get(..16).unwrap_or_default(), 16).unwrap_or_default(),
            now: Arc::new(|| {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let now = Duration::try_from(now).unwrap_or_default();
                micros(now)
            }),
        }
    }
}
