//! Whose account a key belongs to, asked once and then remembered.
//!
//! What is remembered is one file in the state directory, with a line for each key: a hash of the
//! key's id, and the account. A key belongs to one account for ever, so no line is ever outdated.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::fingerprint::fingerprint;
use crate::openapi::{Endpoint, SigningKey};
use crate::private_file;

use super::context::Context;
use super::current::Credentials;
use super::error::Error;
use super::sts;

/// The name of the file.
const FILE: &str = "accounts";

/// How many lines are kept: temporary keys come and go.
const MOST_LINES: usize = 256;

/// More than that many lines have, in bytes.
const MOST: u64 = 64 << 10;

/// The account of the credentials, from the state directory or from STS.
pub(super) async fn account(
    credentials: &Credentials,
    endpoint: &Endpoint,
    context: &Context,
    directory: Option<&Path>,
) -> Result<String, Error> {
    let key = credentials.current().await?;
    let file = directory.map(|directory| directory.join(FILE));
    if let Some(account) = remembered(file.clone(), name(&key, endpoint)).await {
        return Ok(account);
    }
    let (key, account) = match sts::caller_account(&key, endpoint, context).await {
        Ok(account) => (key, account),
        // The key may have been revoked or may have ended since it was fetched.
        Err(error) if error.kind() == super::ErrorKind::Refused => {
            let other = credentials.renew(&key).await?;
            if other.access_key() == key.access_key() {
                return Err(error);
            }
            let account = sts::caller_account(&other, endpoint, context).await?;
            (other, account)
        }
        Err(error) => return Err(error),
    };
    if let Some(file) = file {
        let (name, account) = (name(&key, endpoint), account.clone());
        let written = tokio::task::spawn_blocking(move || remember(&file, &name, &account)).await;
        if let Ok(Err(error)) = written {
            tracing::debug!("the account can't be remembered: {error}");
        }
    }
    Ok(account)
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

async fn remembered(file: Option<PathBuf>, name: String) -> Option<String> {
    let file = file?;
    let find = move || {
        let mut file = private_file::open(&file).ok()?;
        file.lock_shared().ok()?;
        let lines = read(&mut file).ok()?;
        let mut lines = lines.iter().rev();
        let (_, account) = lines.find(|(known, _)| *known == name)?;
        Some(account.clone())
    };
    tokio::task::spawn_blocking(find).await.ok()?
}

/// Adds a line to the file, under a lock that all processes respect.
fn remember(path: &Path, name: &str, account: &str) -> io::Result<()> {
    let mut file = private_file::open(path)?;
    file.lock()?;
    let mut lines = read(&mut file)?;
    lines.retain(|(known, _)| known != name);
    lines.push((name.to_owned(), account.to_owned()));
    let from = lines.len().saturating_sub(MOST_LINES);
    let lines = lines.iter().skip(from);
    let text: String = lines
        .map(|(name, account)| format!("{name} {account}\n"))
        .collect();
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

/// The lines of the file. Whatever else is in it counts as nothing.
fn read(file: &mut File) -> io::Result<Vec<(String, String)>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MOST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter_map(|line| {
        let (name, account) = line.split_once(' ')?;
        let fits = name.len() == 32 && sts::is_account(account);
        fits.then(|| (name.to_owned(), account.to_owned()))
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_remembered_is_found_again_and_garbage_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = |number: usize| fingerprint(&[&number.to_string()]);
        remember(&path, &name(1), "123").expect("written");
        std::fs::write(&path, b"\xff\xff\nx y\n").expect("written");
        for number in 0..=MOST_LINES {
            remember(&path, &name(number), &number.to_string()).expect("written");
        }
        let find = |number| remembered(Some(path.clone()), name(number));
        assert_eq!(find(0).await, None, "the oldest is forgotten");
        assert_eq!(find(1).await.as_deref(), Some("1"));
        assert_eq!(find(MOST_LINES).await.as_deref(), Some("256"));
        assert_eq!(find(MOST_LINES + 1).await, None);
        assert_eq!(remembered(None, name(1)).await, None);
    }
}
