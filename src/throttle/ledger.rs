//! The list of the quotas whose state this host keeps in files. It tells a file that was never
//! there from one that was lost.
//!
//! A quota whose file is missing or empty may have been used a moment ago, by a process whose
//! record somebody deleted. If the list names the quota, that is what happened. If the list is
//! older than every call that can still matter and does not name the quota, nobody has used it.
//! If there is no list, everything may have been lost with it, so a new one begins now, and for
//! every quota on this host one window has to pass once.
//!
//! The list is read only when a file is missing or cannot be believed, so it costs a call nothing.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::constants::Micros;
use crate::fingerprint::fingerprint;
use crate::private_file;

/// The first word of the list. It changes with the format.
const FORMAT: &str = "cams-quotas-1";

/// How often the lock is tried. It is held for the time of a read and a write only.
const LOCK_TRIES: usize = 10_000;

/// The list in one directory.
#[derive(Debug)]
pub(super) struct Ledger {
    directory: PathBuf,
}

/// The content of the list.
#[derive(Debug, PartialEq, Eq)]
struct Entries {
    /// When the list was begun. What happened before is not known.
    begun_at: Micros,
    /// The names of the quotas' files.
    names: BTreeSet<String>,
}

impl Ledger {
    /// The extension of the files that are listed.
    pub(super) const EXTENSION: &str = "quota";

    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Enters the quota whose file has this name, and returns the latest time at which it can have
    /// been used without this host remembering: `now`, if its file was lost.
    ///
    /// # Errors
    ///
    /// If the list cannot be read and written.
    pub(super) fn enter(&self, name: &str, now: Micros, boot: u64) -> io::Result<Micros> {
        let mut file = self.lock()?;
        let mut text = String::new();
        // What is not text is no list of ours. The same is true of one that was torn.
        let entries = match file.read_to_string(&mut text) {
            Ok(_) => Entries::parse(&text, boot),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
            Err(error) => return Err(error),
        };
        let mut entries = match entries {
            Some(entries) if entries.names.contains(name) => return Ok(now),
            Some(entries) if entries.begun_at <= now => entries,
            _ => Entries {
                begun_at: now,
                names: self.existing_files()?,
            },
        };
        entries.names.insert(name.to_owned());
        private_file::rewrite(&mut file, &entries.to_text(boot))?;
        Ok(entries.begun_at)
    }

    /// Opens the list and locks it. Dropping the file unlocks it.
    fn lock(&self) -> io::Result<File> {
        let path = self.directory.join("quotas");
        for _ in 0..LOCK_TRIES {
            let file = private_file::open(&path)?;
            match file.try_lock() {
                // It may have been deleted between the opening and the locking.
                Ok(()) if private_file::is_at(&file, &path)? => return Ok(file),
                Ok(()) | Err(TryLockError::WouldBlock) => std::thread::yield_now(),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(
            "another process holds the lock on its list",
        ))
    }

    /// The names of the quotas' files that a lost list may have named.
    fn existing_files(&self) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = PathBuf::from(entry?.file_name());
            let name = path.file_stem().and_then(|name| name.to_str());
            let listed = path.extension().is_some_and(|ext| ext == Self::EXTENSION);
            names.extend(name.filter(|_| listed).map(str::to_owned));
        }
        Ok(names)
    }
}

impl Entries {
    /// Reads a list that [`Entries::to_text`] wrote during this boot. `None` if the text is not
    /// one.
    fn parse(text: &str, boot: u64) -> Option<Self> {
        let (body, sum) = text.trim_end().rsplit_once('\n')?;
        if sum != fingerprint(&[body]) {
            return None;
        }
        let mut lines = body.lines();
        let mut head = lines.next()?.split(' ');
        let ours = head.next()? == FORMAT && head.next()? == boot.to_string();
        let begun_at = head.next()?.parse().ok()?;
        let names = lines.map(str::to_owned).collect();
        ours.then_some(Self { begun_at, names })
    }

    /// A line with the format, the boot and the time, a line for each name, and a checksum, without
    /// which a list that was cut off would look like a shorter one.
    fn to_text(&self, boot: u64) -> String {
        let mut body = format!("{FORMAT} {boot} {}", self.begun_at);
        for name in &self.names {
            body.push('\n');
            body.push_str(name);
        }
        let sum = fingerprint(&[&body]);
        format!("{body}\n{sum}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(&directory.path().join("state"));
        (directory, ledger)
    }

    #[test]
    fn what_is_entered_for_the_first_time_was_not_used_since_the_list_began() {
        let (_directory, ledger) = ledger();
        assert_eq!(ledger.enter("a", 100, 1).unwrap(), 100);
        assert_eq!(ledger.enter("b", 200, 1).unwrap(), 100);
        assert_eq!(ledger.enter("a", 300, 1).unwrap(), 300, "its file was lost");
    }

    #[test]
    fn a_list_that_was_lost_or_cut_or_is_of_another_boot_begins_anew() {
        let (_directory, ledger) = ledger();
        let path = ledger.directory.join("quotas");
        ledger.enter("a", 100, 1).unwrap();
        ledger.enter("b", 100, 1).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        for cut in 0..whole.len() - 1 {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(ledger.enter("c", 200, 1).unwrap(), 200, "{cut}");
        }
        assert_eq!(ledger.enter("d", 300, 2).unwrap(), 300);
        fs::remove_file(&path).unwrap();
        assert_eq!(ledger.enter("d", 400, 2).unwrap(), 400);
    }

    #[test]
    fn files_that_outlive_the_list_are_entered_in_the_next() {
        let (_directory, ledger) = ledger();
        ledger.enter("a", 100, 1).unwrap();
        fs::write(ledger.directory.join("b.quota"), "").unwrap();
        fs::remove_file(ledger.directory.join("quotas")).unwrap();
        ledger.enter("c", 200, 1).unwrap();
        assert_eq!(ledger.enter("b", 900, 1).unwrap(), 900);
    }
}
