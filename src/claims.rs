//! The right to do something with a number that cannot be undone, such as to start its migration.
//! One resource of a type at a time has it, among all processes of this user on this host.
//!
//! Within a process, the claims are a set. Between processes, such as those of two aliases or of two
//! applies, a claim is a lock on a file that is named after the number. The process holds it from
//! before the search for the number until the outcome is known, so the next process
//! finds the number. If the file cannot be used, the provider still searches for the number before
//! it starts anything.
//!
//! A lock on a file that was deleted protects nothing, because the next process creates a new file.
//! So the claim is checked immediately before the request is sent, and taken again if it was lost
//! ([`Claim::witness`], [`Claim::renew`]).
//!
//! A process shares the list of a space among its resources for some time. Meanwhile another
//! process on this host may start a number, and its lock may be free again before this process
//! wants the same number. The shared list is then older than the start. So every process appends a
//! line to a file of the space before it starts a number there ([`Claim::note_start`]). A process
//! that sees lines of other processes requests a new list ([`Claims::not_before`]). The lines also
//! show which numbers were started a moment ago, even if the process was killed: CAMS may not show
//! such a number yet ([`Claim::shown_by`]).

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{OFlags, fcntl_setfl};
use tokio::time::{Instant, sleep};

use base::file_lock::{self, LockMode};
use base::fingerprint::fingerprint;
use base::foreign_text;
use base::private_file;
use cams::Bounds;
use terraform_plugin::framework::diagnostic::Diagnostic;

use super::numbers::Target;

/// The wait for another process after which the log warns.
const LONG: Duration = Duration::from_secs(30);

/// How long CAMS may take to show a number that was started, which is not documented. It is about as
/// long as the search after a call without an answer.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// How many bytes of the end of a note are read: an account can start fewer numbers in that time.
const RECENT: u64 = 64 << 10;

/// The numbers that resources of this process have claimed, and the directory of the lock files and
/// of the notes of starts.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    taken: Mutex<BTreeSet<Claimed>>,
    directory: Option<PathBuf>,
    /// How many bytes the note of a space has if other processes have not changed it, and when this
    /// process last saw that they had.
    notes: Mutex<HashMap<String, (u64, Instant)>>,
    /// Why the files could not be used, if they could not.
    problem: OnceLock<String>,
}

/// The type of the resource, and the number in the form that all processes use.
type Claimed = (&'static str, Target);

/// Why a number cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Another process had it until the timeout expired.
    Busy,
    /// Another resource of this run has it.
    Duplicate,
    /// The user asked to stop before it was free.
    Stopped,
}

/// The right to do with one number what a resource of the type does. It is given back when dropped,
/// unless kept.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    claims: &'a Claims,
    claimed: Claimed,
    kept: bool,
    lock: Option<Arc<Lock>>,
}

/// A locked file. It is deleted when dropped.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
}

impl Claims {
    /// Claims that are shared with the other processes which use the same directory. Without a
    /// directory, other processes are unknown.
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            ..Self::default()
        }
    }

    /// Takes the number for a resource of the type, after waiting for other processes that have it.
    ///
    /// # Errors
    ///
    /// If another such resource of this process has it, or if the bounds end the wait.
    pub(crate) async fn claim(
        &self,
        bounds: &Bounds,
        type_name: &'static str,
        target: &Target,
    ) -> Result<Claim<'_>, Refused> {
        // A number that is written in another way is the same one, here and for other processes.
        let claimed = (type_name, target.canonical());
        if !self.taken().insert(claimed.clone()) {
            return Err(Refused::Duplicate);
        }
        let mut claim = Claim {
            claims: self,
            claimed,
            kept: false,
            lock: None,
        };
        claim.renew(bounds).await?;
        Ok(claim)
    }

    /// The instant before which a list of the space may have missed a start by another process.
    pub(crate) fn not_before(&self, cust_space_id: &str) -> Instant {
        let now = Instant::now();
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(length) = self.note(cust_space_id).and_then(|path| length(&path)) else {
            return now;
        };
        let seen = notes.entry(cust_space_id.to_owned());
        let (known, changed_at) = seen.or_insert((length, now));
        // A note that was deleted has changed too.
        if length != *known {
            (*known, *changed_at) = (length, now);
        }
        *changed_at
    }

    /// Appends a line to the note of a space. If that fails, it is only logged: the lock on a number
    /// still keeps two processes from starting it together.
    fn append(&self, cust_space_id: &str, line: &str) {
        let Some(path) = self.note(cust_space_id) else {
            return;
        };
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        match append(&path, line) {
            Ok(added) => {
                if let Some((length, _)) = notes.get_mut(cust_space_id) {
                    *length += added;
                }
            }
            Err(error) => tracing::debug!(%error, "a start cannot be noted for other processes"),
        }
    }

    /// The note of a space. Its name does not show which space it is.
    fn note(&self, cust_space_id: &str) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        Some(directory.join(format!("{}.starts", fingerprint(&[cust_space_id]))))
    }

    /// A warning if numbers could not be locked against other processes of this machine.
    pub(crate) fn notice(&self) -> Option<Diagnostic> {
        let directory = self.directory.as_ref()?.display().to_string();
        let problem = self.problem.get()?;
        Some(not_shared(&foreign_text::line(&directory), problem))
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<Claimed>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// Takes the number again, after waiting for other processes that have it: the lock is released
    /// first. A process that had it in between may have done what is to be done.
    ///
    /// # Errors
    ///
    /// If the bounds end the wait.
    pub(crate) async fn renew(&mut self, bounds: &Bounds) -> Result<(), Refused> {
        self.lock = None;
        let Some(directory) = &self.claims.directory else {
            return Ok(());
        };
        let path = directory.join(format!("{}.number", self.name()));
        let acquire = |deadline| file_lock::acquire(&path, LockMode::Exclusive, deadline);
        // A number that is free is taken even if the time is over.
        let acquired = match acquire(Instant::now()).await {
            Ok(None) => {
                let path = path.display();
                tracing::info!("waiting for the process that has {path} locked");
                let long = async {
                    sleep(LONG).await;
                    tracing::warn!(
                        "still waiting for the process that has {path} locked and starts the same \
                         number: it may be stopped (Ctrl-Z)"
                    );
                    std::future::pending().await
                };
                tokio::select! {
                    never = long => never,
                    acquired = acquire(bounds.deadline()) => acquired,
                    () = bounds.stopped() => return Err(Refused::Stopped),
                }
            }
            acquired => acquired,
        };
        match acquired {
            Ok(Some(file)) => self.lock = Some(Arc::new(Lock { path, file })),
            Ok(None) => return Err(Refused::Busy),
            Err(error) => {
                tracing::debug!(%error, "numbers cannot be claimed among processes");
                let _ = self.claims.problem.set(error.to_string());
            }
        }
        Ok(())
    }

    /// Checks whether the claim is still valid: whether the locked file is the one that other
    /// processes find. Without a file there is nothing to lose.
    pub(crate) fn witness(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let lock = self.lock.as_ref().map(Arc::downgrade);
        let is_valid = |lock: &Weak<Lock>| lock.upgrade().is_some_and(|lock| lock.is_valid());
        move || lock.as_ref().is_none_or(is_valid)
    }

    /// Notes that this process is going to do it.
    pub(crate) fn note_start(&self, now: SystemTime) {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.append(&now.as_secs().to_string());
    }

    /// Takes the note back: it has not been done, or CAMS had its time to show it.
    pub(crate) fn note_end(&self) {
        self.append("-");
    }

    fn append(&self, what: &str) {
        let (name, space) = (self.name(), &self.claimed.1.cust_space_id);
        self.claims.append(space, &format!("{name} {what}\n"));
    }

    /// When CAMS shows the number at the latest, if it was done a moment ago, by whatever process.
    pub(crate) fn shown_by(&self, now: SystemTime) -> Option<Instant> {
        let note = self.claims.note(&self.claimed.1.cust_space_id)?;
        let (name, note) = (self.name(), end(&note)?);
        let lines = note.lines().rev();
        let what = lines.filter_map(|line| line.strip_prefix(&name)).next()?;
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(what.trim().parse().ok()?))?;
        // The note says nothing if the clock was set back since.
        let ago = now.duration_since(at).ok()?;
        Some(Instant::now() + SHOWN_WITHIN.checked_sub(ago)?)
    }

    /// The name of what is claimed, which does not show which number it is. It does not depend on the
    /// credentials, because processes with different credentials may start the same number.
    fn name(&self) -> String {
        let (type_name, target) = &self.claimed;
        fingerprint(&[type_name, &target.cust_space_id, &target.number.to_string()])
    }

    /// It is done, or may be: no other resource of this run may do it.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }

    /// It has certainly not been done: another resource may do it.
    pub(crate) fn give_back(mut self) {
        self.kept = false;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.lock = None;
        if !self.kept {
            self.claims.taken().remove(&self.claimed);
        }
    }
}

impl Lock {
    fn is_valid(&self) -> bool {
        // If the system cannot tell, other processes may not find the file either.
        private_file::is_at(&self.file, &self.path).unwrap_or(false)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It is still locked. A file that replaced it belongs to another process.
        if self.is_valid() {
            // A file that stays is harmless.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Adds a line, and returns its length. The operating system puts lines that several processes
/// append one behind the other, so that no lock is needed.
fn append(path: &Path, line: &str) -> io::Result<u64> {
    let mut file = private_file::open(path)?;
    fcntl_setfl(&file, OFlags::APPEND)?;
    file.write_all(line.as_bytes())?;
    Ok(line.len() as u64)
}

/// The length of the note; `None` if it cannot be used. It is created if it does not exist, so that
/// a later look sees a change and not a first note.
fn length(path: &Path) -> Option<u64> {
    let file = private_file::open(path).ok()?;
    Some(file.metadata().ok()?.len())
}

/// The end of the note, with what may be a part of a line at first; `None` if it cannot be read.
fn end(path: &Path) -> Option<String> {
    let mut file = private_file::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(RECENT)))
        .ok()?;
    let mut end = Vec::new();
    file.take(RECENT).read_to_end(&mut end).ok()?;
    String::from_utf8(end).ok()
}

/// The directory of the lock files cannot be used.
pub(crate) fn not_shared(directory: &str, problem: &str) -> Diagnostic {
    let text = format!(
        "The provider's processes on this machine lock numbers with files in {directory}, which \
         cannot be used: {problem}. The provider still searches for each number before it starts \
         the migration, but do not run another apply with the same numbers at the same \
         time.\n\nMake the directory accessible only to this user (chmod 700), or set \
         throttle.state_directory or CAMS_THROTTLE_STATE_DIRECTORY to another one."
    );
    Diagnostic::warning("Numbers Not Locked Between Processes", text)
}

#[cfg(test)]
mod tests;
