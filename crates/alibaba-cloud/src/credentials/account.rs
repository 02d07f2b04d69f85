//! Whose account a key belongs to, asked once and then remembered.
//!
//! What is remembered is one file in the state directory, with a line for each key: a hash of the
//! key's id, and what is known of its account. A key belongs to one account for ever, so that line
//! is never outdated. Where STS does not tell the account, that is remembered too, for a while:
//! calls are counted by the name of the account, so all processes of this user must come to the
//! same answer at the same time. The first answer that is written counts for all of them.
//!
//! This file is longer than 300 lines because the file, its lock and the question to STS make one
//! rule together.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::openapi::{Endpoint, SigningKey};
use base::fingerprint::fingerprint;
use base::foreign_text;
use base::private_file;

use super::context::Context;
use super::current::Credentials;
use super::error::{Error, ErrorKind};
use super::sts;

/// The name of the file.
const FILE: &str = "accounts";

/// How many lines are kept: temporary keys come and go.
const MOST_LINES: usize = 256;

/// More than that many lines have, in bytes.
const MOST: u64 = 64 << 10;

/// How long STS may take to tell the account. A quota that is counted for the key is better than a
/// call that does not begin.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long STS is not asked again after it has not told the account.
const SILENCE: Duration = Duration::from_secs(10 * 60);

/// How long another process may keep the file locked, which takes it a moment.
const TURN: Duration = Duration::from_secs(5);

/// How often the lock is tried.
const PAUSE: Duration = Duration::from_millis(20);

/// How long after its departure a call may be counted, at most: a window of a second, and the time
/// to arrive.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);

/// Whose quota the calls count against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The account with this id.
    Account {
        /// The digits of the id.
        id: String,
        /// Until then, calls may still be counted that were made when the account was not known.
        not_before: SystemTime,
    },
    /// It is not known, and STS is not asked again before `until`.
    Unknown {
        /// When it may be asked again.
        until: SystemTime,
        /// Why it is not known.
        why: String,
    },
}

/// The owner, and whether the processes of this user agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose quota the calls count against.
    pub owner: Owner,
    /// The file that another process does not give free, so that this process could not agree with
    /// the others.
    pub locked: Option<PathBuf>,
}

impl Owner {
    /// Whether it is the answer at this time, so that STS is not asked.
    fn holds(&self, now: SystemTime) -> bool {
        match self {
            Self::Account { .. } => true,
            Self::Unknown { until, .. } => now < *until,
        }
    }
}

/// The account of the credentials, from the state directory or from STS. All processes that use the
/// directory come to the same answer for the same key.
///
/// A file that stays locked is read without the lock, and not written: the account that another
/// process has found before still counts, and so does its answer that there is none. Only if the
/// file has no answer, processes that ask STS may then come to different ones.
pub(super) async fn owner(
    credentials: &Credentials,
    endpoint: &Endpoint,
    context: &Context,
    directory: Option<&Path>,
) -> Found {
    let now = context.clock.now();
    let agreed = |owner| Found {
        owner,
        locked: None,
    };
    let file = directory.map(|directory| directory.join(FILE));
    let key = match credentials.current().await {
        Ok(key) => key,
        Err(error) => return agreed(unknown(now, &error)),
    };
    let (before, locked) = remembered(file.as_deref(), name(&key, endpoint)).await;
    let locked = locked.then(|| file.clone()).flatten();
    if let Some(owner) = before.as_ref().filter(|owner| owner.holds(now)) {
        return Found {
            owner: owner.clone(),
            locked,
        };
    }
    let asked = timeout(PATIENCE, ask(credentials, &key, endpoint, context)).await;
    let late = || {
        let text = format!(
            "STS at {} did not answer within {PATIENCE:?}.",
            endpoint.host()
        );
        Error::new(ErrorKind::Unreachable, text)
    };
    let now = context.clock.now();
    let (key, owner) = match asked.unwrap_or_else(|_| Err(late())) {
        Ok((key, id)) => {
            let not_before = match before {
                Some(Owner::Unknown { until, .. }) => {
                    until + context.connect_timeout + COUNTED_WITHIN
                }
                _ => UNIX_EPOCH,
            };
            (key, Owner::Account { id, not_before })
        }
        Err(error) => (key, unknown(now, &error)),
    };
    let Some(path) = file.filter(|_| locked.is_none()) else {
        return Found { owner, locked };
    };
    match remember(&path, name(&key, endpoint), owner.clone(), now).await {
        Ok(Some(first)) => agreed(first),
        Ok(None) => Found {
            owner,
            locked: Some(path),
        },
        Err(error) => {
            tracing::debug!("the account can't be remembered: {error}");
            agreed(owner)
        }
    }
}

fn unknown(now: SystemTime, error: &Error) -> Owner {
    Owner::Unknown {
        until: now + SILENCE,
        why: foreign_text::line(&error.to_string()),
    }
}

/// Asks STS, with another key if it refuses this one: that may have been revoked or may have ended.
async fn ask(
    credentials: &Credentials,
    key: &Arc<SigningKey>,
    endpoint: &Endpoint,
    context: &Context,
) -> Result<(Arc<SigningKey>, String), Error> {
    match sts::caller_account(key, endpoint, context).await {
        Ok(account) => Ok((Arc::clone(key), account)),
        Err(error) if error.kind() == ErrorKind::Refused => {
            let other = credentials.renew(key).await?.ok_or(error)?;
            let account = sts::caller_account(&other, endpoint, context).await?;
            Ok((other, account))
        }
        Err(error) => Err(error),
    }
}

/// What stands for a key in the file. An STS on this machine is an emulator, whose keys are its
/// own.
fn name(key: &SigningKey, endpoint: &Endpoint) -> String {
    let host = match endpoint.is_loopback() {
        true => endpoint.host(),
        false => "",
    };
    fingerprint(&["account", &key.access_key().id, host])
}

/// What the file says of the name, and whether another process kept it locked.
async fn remembered(path: Option<&Path>, name: String) -> (Option<Owner>, bool) {
    let Some(path) = path else {
        return (None, false);
    };
    let lock = lock(path, File::try_lock_shared).await;
    let locked = matches!(lock, Ok(None));
    let path = path.to_owned();
    let find = move || {
        let mut file = match lock {
            Ok(Some(file)) => file,
            Ok(None) => private_file::open(&path)?,
            Err(error) => return Err(error),
        };
        let lines = read(&mut file)?;
        let found = lines.into_iter().rev().find(|(known, _)| *known == name);
        Ok(found.map(|(_, owner)| owner))
    };
    let found = blocking(find).await;
    (found.ok().flatten(), locked)
}

/// Adds a line to the file, under a lock that all processes respect, and returns it. If another
/// process has written an answer meanwhile that holds at the time `now`, that one counts. `None` if
/// another process keeps the file locked.
async fn remember(
    path: &Path,
    name: String,
    owner: Owner,
    now: SystemTime,
) -> io::Result<Option<Owner>> {
    let Some(mut file) = lock(path, File::try_lock).await? else {
        return Ok(None);
    };
    let write = move || {
        let mut lines = read(&mut file)?;
        let there = lines.iter().rev().find(|(known, _)| *known == name);
        if let Some((_, there)) = there.filter(|(_, owner)| owner.holds(now)) {
            return Ok(Some(there.clone()));
        }
        lines.retain(|(known, _)| *known != name);
        lines.push((name, owner.clone()));
        let from = lines.len().saturating_sub(MOST_LINES);
        let lines = lines.iter().skip(from);
        let text: String = lines.map(|(name, owner)| line(name, owner)).collect();
        private_file::rewrite(&mut file, &text)?;
        Ok(Some(owner))
    };
    blocking(write).await
}

/// The file, locked. `None` if another process does not give the lock back: it may be stopped, or
/// the share that the file is on may have lost track of its locks.
async fn lock(
    path: &Path,
    take: fn(&File) -> Result<(), TryLockError>,
) -> io::Result<Option<File>> {
    let end = Instant::now() + TURN;
    loop {
        let path = path.to_owned();
        let attempt = blocking(move || {
            let file = private_file::open(&path)?;
            match take(&file) {
                Ok(()) => Ok(Some(file)),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            }
        });
        let Ok(taken) = timeout_at(end, attempt).await else {
            return Ok(None);
        };
        if let Some(file) = taken? {
            return Ok(Some(file));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        sleep(PAUSE).await;
    }
}

/// Does work with files, which may take a while on a share.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A line of the file: the name, then the account and a time, or `?`, a time and the reason.
fn line(name: &str, owner: &Owner) -> String {
    match owner {
        Owner::Account { id, not_before } => format!("{name} {id} {}\n", seconds(*not_before)),
        Owner::Unknown { until, why } => format!("{name} ? {} {why}\n", seconds(*until)),
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// The lines of the file. Whatever else is in it counts as nothing.
fn read(file: &mut File) -> io::Result<Vec<(String, Owner)>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MOST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter_map(|line| {
        let mut words = line.splitn(4, ' ');
        let (name, account, time) = (words.next()?, words.next()?, words.next()?);
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(time.parse().ok()?))?;
        let owner = match account {
            "?" => Owner::Unknown {
                until: time,
                why: foreign_text::line(words.next().unwrap_or_default()),
            },
            id => Owner::Account {
                id: Some(id).filter(|id| sts::is_account(id))?.to_owned(),
                not_before: time,
            },
        };
        (name.len() == 32).then(|| (name.to_owned(), owner))
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> Owner {
        Owner::Account {
            id: id.to_owned(),
            not_before: UNIX_EPOCH,
        }
    }

    fn unknown_until(seconds: u64) -> Owner {
        Owner::Unknown {
            until: at(seconds),
            why: "STS is away".to_owned(),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn what_is_remembered_is_found_again_and_garbage_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = |number: usize| fingerprint(&[&number.to_string()]);
        let write = async |number: usize, owner| {
            let written = remember(&path, name(number), owner, at(100)).await;
            written.expect("written");
        };
        write(1, account("123")).await;
        std::fs::write(&path, b"\xff\xff\nx y z\n").expect("written");
        for number in 0..=MOST_LINES {
            write(number, account(&number.to_string())).await;
        }
        write(MOST_LINES + 7, unknown_until(200)).await;
        let find = async |number| remembered(Some(&path), name(number)).await;
        assert_eq!(find(1).await, (None, false), "the oldest is forgotten");
        assert_eq!(find(2).await, (Some(account("2")), false));
        assert_eq!(find(MOST_LINES).await, (Some(account("256")), false));
        let unknown = find(MOST_LINES + 7).await;
        assert_eq!(unknown, (Some(unknown_until(200)), false));
        assert_eq!(find(MOST_LINES + 1).await, (None, false));
        assert_eq!(remembered(None, name(1)).await, (None, false));
    }

    #[tokio::test]
    async fn the_first_answer_counts_for_all_until_it_is_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = fingerprint(&["key"]);
        let write = async |owner, seconds| {
            let written = remember(&path, name.clone(), owner, at(seconds)).await;
            written.expect("written").expect("its turn")
        };
        assert_eq!(write(unknown_until(200), 100).await, unknown_until(200));
        assert_eq!(write(account("1"), 150).await, unknown_until(200));
        assert_eq!(write(account("1"), 200).await, account("1"));
        assert_eq!(write(unknown_until(900), 300).await, account("1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_not_given_back_ends_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = fingerprint(&["key"]);
        let written = remember(&path, name.clone(), account("1"), at(100)).await;
        assert_eq!(written.expect("written"), Some(account("1")));
        let held = private_file::open(&path).expect("a file");
        held.lock().expect("its lock");
        let began = Instant::now();
        let found = remembered(Some(&path), name.clone()).await;
        assert_eq!(
            found,
            (Some(account("1")), true),
            "what others found counts"
        );
        let written = remember(&path, name, account("2"), at(100)).await;
        assert_eq!(written.expect("no error"), None);
        assert!(began.elapsed() < 3 * TURN, "{:?}", began.elapsed());
    }
}
