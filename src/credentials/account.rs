//! Whose account a key belongs to, asked once and then remembered.
//!
//! What is remembered is one file in the state directory, with a line for each key: a hash of the
//! key's id, and what is known of its account. A key belongs to one account for ever, so that line
//! is never outdated. Where STS does not tell the account, that is remembered too, for a while:
//! calls are counted by the name of the account, so all processes of this user must come to the
//! same answer at the same time. The first answer that is written counts for all of them.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::timeout;

use crate::fingerprint::fingerprint;
use crate::foreign_text;
use crate::openapi::{Endpoint, SigningKey};
use crate::private_file;

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
pub(super) async fn owner(
    credentials: &Credentials,
    endpoint: &Endpoint,
    context: &Context,
    directory: Option<&Path>,
) -> Owner {
    let now = context.clock.now();
    let file = directory.map(|directory| directory.join(FILE));
    let key = match credentials.current().await {
        Ok(key) => key,
        Err(error) => return unknown(now, &error),
    };
    let before = remembered(file.clone(), name(&key, endpoint)).await;
    if let Some(owner) = before.as_ref().filter(|owner| owner.holds(now)) {
        return owner.clone();
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
    let Some(file) = file else { return owner };
    let (name, found) = (name(&key, endpoint), owner.clone());
    let written = tokio::task::spawn_blocking(move || remember(&file, &name, found, now)).await;
    match written {
        Ok(Ok(agreed)) => agreed,
        Ok(Err(error)) => {
            tracing::debug!("the account can't be remembered: {error}");
            owner
        }
        Err(_) => owner,
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

async fn remembered(file: Option<PathBuf>, name: String) -> Option<Owner> {
    let file = file?;
    let find = move || {
        let mut file = private_file::open(&file).ok()?;
        file.lock_shared().ok()?;
        let lines = read(&mut file).ok()?;
        let mut lines = lines.into_iter().rev();
        lines
            .find(|(known, _)| *known == name)
            .map(|(_, owner)| owner)
    };
    tokio::task::spawn_blocking(find).await.ok()?
}

/// Adds a line to the file, under a lock that all processes respect, and returns it. If another
/// process has written an answer meanwhile that holds at the time `now`, that one counts.
fn remember(path: &Path, name: &str, owner: Owner, now: SystemTime) -> io::Result<Owner> {
    let mut file = private_file::open(path)?;
    file.lock()?;
    let mut lines = read(&mut file)?;
    let there = lines.iter().rev().find(|(known, _)| known == name);
    if let Some((_, there)) = there.filter(|(_, owner)| owner.holds(now)) {
        return Ok(there.clone());
    }
    lines.retain(|(known, _)| known != name);
    lines.push((name.to_owned(), owner.clone()));
    let from = lines.len().saturating_sub(MOST_LINES);
    let lines = lines.iter().skip(from);
    let text: String = lines.map(|(name, owner)| line(name, owner)).collect();
    private_file::rewrite(&mut file, &text)?;
    Ok(owner)
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
        let write = |number: usize, owner| {
            remember(&path, &name(number), owner, at(100)).expect("written");
        };
        write(1, account("123"));
        std::fs::write(&path, b"\xff\xff\nx y z\n").expect("written");
        for number in 0..=MOST_LINES {
            write(number, account(&number.to_string()));
        }
        write(MOST_LINES + 7, unknown_until(200));
        let find = |number| remembered(Some(path.clone()), name(number));
        assert_eq!(find(1).await, None, "the oldest is forgotten");
        assert_eq!(find(2).await, Some(account("2")));
        assert_eq!(find(MOST_LINES).await, Some(account("256")));
        assert_eq!(find(MOST_LINES + 7).await, Some(unknown_until(200)));
        assert_eq!(find(MOST_LINES + 1).await, None);
        assert_eq!(remembered(None, name(1)).await, None);
    }

    #[test]
    fn the_first_answer_counts_for_all_until_it_is_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = fingerprint(&["key"]);
        let write = |owner, seconds| remember(&path, &name, owner, at(seconds)).expect("written");
        assert_eq!(write(unknown_until(200), 100), unknown_until(200));
        assert_eq!(write(account("1"), 150), unknown_until(200));
        assert_eq!(write(account("1"), 200), account("1"));
        assert_eq!(write(unknown_until(900), 300), account("1"));
    }
}
