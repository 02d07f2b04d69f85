//! Tells a machine on which the quotas of a directory are not in use from one on which their state
//! was lost.
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
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::constants::{MAX_LEAVE, Micros};
use base::private_file;

/// The extension of the files that hold a state.
pub(super) const EXTENSION: &str = "quota";

/// For how much longer than necessary a process says that the directory is in use, so that it need
/// not say it for each call.
const AHEAD: Micros = 1_000_000;

/// What this process shows to the others that use the same directory.
#[derive(Debug)]
pub(super) struct Presence {
    directory: PathBuf,
    path: PathBuf,
    part: Mutex<Part>,
}

#[derive(Debug)]
enum Part {
    /// It does not take part yet.
    Absent,
    /// The file cannot be used.
    Impossible,
    /// It holds the lock on this file.
    Present {
        file: File,
        /// Until when it said that the directory is in use.
        said: Micros,
    },
}

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InUse {
    boot: u64,
    until: Micros,
}

impl Presence {
    pub(super) fn new(directory: &Path) -> Self {
        let mut path = directory.as_os_str().to_owned();
        path.push(".lock");
        Self {
            directory: directory.to_owned(),
            path: path.into(),
            part: Mutex::new(Part::Absent),
        }
    }

    /// Takes part, which has to come before any state is made. Returns false if another process
    /// has the file for itself just now.
    pub(super) fn enter(&self, now: Micros, boot: u64) -> bool {
        let mut part = self.lock();
        if matches!(*part, Part::Absent) {
            *part = match self.present(now, boot) {
                Ok(Some(file)) => Part::Present { file, said: 0 },
                Ok(None) => return false,
                Err(_) => Part::Impossible,
            };
        }
        true
    }

    fn present(&self, now: Micros, boot: u64) -> io::Result<Option<File>> {
        let file = private_file::open_beside(&self.path)?;
        if is_alone(&file)? && InUse::read(&file)?.is_none() {
            // What happened before this file was made is known only if there was no state.
            let until = match self.has_state()? {
                true => now + MAX_LEAVE,
                false => now,
            };
            InUse { boot, until }.write(&file)?;
        }
        let shared = match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => false,
            result => result.map(|()| true)?,
        };
        let ours = shared && private_file::is_at(&file, &self.path)?;
        Ok(ours.then_some(file))
    }

    fn has_state(&self) -> io::Result<bool> {
        let files = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            files => files?,
        };
        for file in files {
            let name = PathBuf::from(file?.file_name());
            if name
                .extension()
                .is_some_and(|extension| extension == EXTENSION)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether no call of this machine can still be counted, apart from those that are permitted
    /// after this.
    pub(super) fn is_unused(&self, now: Micros, boot: u64) -> bool {
        let mut part = self.lock();
        let Part::Present { file, .. } = &*part else {
            return false;
        };
        let unused = || -> io::Result<bool> {
            let alone = is_alone(file)? && private_file::is_at(file, &self.path)?;
            let over = |in_use: InUse| in_use.boot == boot && in_use.until <= now;
            Ok(alone && InUse::read(file)?.is_some_and(over))
        };
        let unused = unused().unwrap_or(false);
        // The attempt to be alone gave up the shared lock, whether it succeeded or not.
        if flock(file, FlockOperation::NonBlockingLockShared).is_err() {
            *part = Part::Absent;
        }
        unused
    }

    /// Notes that a call was permitted that can be counted in a window until then.
    pub(super) fn permitted(&self, until: Micros, boot: u64) {
        let mut part = self.lock();
        let Part::Present { file, said } = &mut *part else {
            return;
        };
        if until <= *said {
            return;
        }
        let until = until.saturating_add(AHEAD);
        let note = || -> io::Result<bool> {
            let longer = |in_use: InUse| in_use.boot == boot && in_use.until >= until;
            if !InUse::read(file)?.is_some_and(longer) {
                InUse { boot, until }.write(file)?;
            }
            private_file::is_at(file, &self.path)
        };
        match note() {
            Ok(true) => *said = until,
            // The file is gone, and another is made for the next call.
            Ok(false) | Err(_) => *part = Part::Absent,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Part> {
        self.part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries to get the lock for this process alone.
fn is_alone(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

impl InUse {
    /// Reads a file. `None` if it says nothing.
    fn read(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; 16];
        let length = file.read_at(&mut bytes, 0)?;
        let (boot, until) = bytes.split_at(8);
        let number = |eight: &[u8]| eight.try_into().ok().map(u64::from_le_bytes);
        Ok(match (length, number(boot), number(until)) {
            (16, Some(boot), Some(until)) => Some(Self { boot, until }),
            _ => None,
        })
    }

    fn write(self, file: &File) -> io::Result<()> {
        let bytes = [self.boot.to_le_bytes(), self.until.to_le_bytes()].concat();
        file.write_all_at(&bytes, 0)
    }
}
