//! Reads the token of an identity provider from the file that holds it.
//!
//! Another program may be writing the file at this moment: a shell empties it before the program
//! runs whose output goes there. So a file without a whole token is read again for a while.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use base::secret::Secret;

use super::error::{CredentialsErrorKind, Result};
use super::files;
use super::key_parts::is_well_formed;
use super::local::Local;

/// How often the file is read before it is an error that it holds no token.
const READS: u32 = 6;

/// How long it takes from one of these reads to the next one: a second in all.
const WAIT: Duration = Duration::from_millis(200);

/// Reads the token from its file, which `named_by` names.
///
/// # Errors
///
/// If the file cannot be read, or holds no whole token for about a second.
pub(crate) async fn read(path: &Path, named_by: &str, local: &Arc<Local>) -> Result<Secret> {
    let mut reads = 1;
    loop {
        let (file, shared) = (path.to_owned(), Arc::clone(local));
        let content = tokio::task::spawn_blocking(move || shared.files.read(&file)).await;
        let content = content.map_err(|_| {
            let text = "A file with a token cannot be read: the program is ending.";
            CredentialsErrorKind::Unusable.error(text)
        })?;
        let unusable = |what: &str| {
            let shown = local.shown(path);
            let text = format!("The file {shown}, which {named_by} names, {what}.");
            CredentialsErrorKind::Unusable.error(text)
        };
        let content = content.map_err(|error| unusable(files::why(&error)))?;
        match token(&content) {
            Ok(token) => return Ok(token),
            Err(what) if reads == READS => return Err(unusable(what)),
            Err(_) => {}
        }
        reads += 1;
        sleep(WAIT).await;
    }
}

/// The token that is alone in a file. The error continues the name of the file.
pub(crate) fn token(content: &[u8]) -> Result<Secret, &'static str> {
    const NO_TOKEN: &str = "is not a token alone";
    let text = std::str::from_utf8(content).map_err(|_| NO_TOKEN)?.trim();
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > 64 << 10 || !is_well_formed(text) {
        return Err(NO_TOKEN);
    }
    // A JSON Web Token begins like this, and has a signature after its second dot.
    let is_cut = text.matches('.').count() < 2 || text.ends_with('.');
    if text.starts_with("eyJ") && is_cut {
        return Err("holds only the beginning of a token");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::Instant;

    use crate::credentials::files::Files;
    use crate::credentials::local::Configured;

    use super::*;

    /// What is read of a file that has these contents one after the other, the last one for good,
    /// and how long it took.
    async fn outcome(contents: &'static [&'static str]) -> (Result<String, String>, Duration) {
        let reads = AtomicUsize::new(0);
        let files = Files::with(move |_| {
            let read = reads.fetch_add(1, Ordering::Relaxed);
            let content = contents.get(read).or(contents.last())?;
            Some(content.as_bytes().to_vec())
        });
        let local = Arc::new(Local {
            configured: Configured::default(),
            environment: [("HOME", "/h")].into_iter().collect(),
            files,
        });
        let begin = Instant::now();
        let token = read(Path::new("/h/token"), "oidc_token_file", &local).await;
        let token = token.map(|token| token.expose().to_owned());
        (token.map_err(|error| error.to_string()), begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_being_written_is_read_again() {
        let (token, _) = outcome(&["", "\n", "eyJh.eyJz", "eyJh.eyJz.", "eyJh.eyJz.c2ln\n"]).await;
        assert_eq!(token, Ok("eyJh.eyJz.c2ln".to_owned()));
        let (token, took) = outcome(&["opaque"]).await;
        assert_eq!((token, took), (Ok("opaque".to_owned()), Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_without_a_token_is_an_error_after_a_second() {
        for (content, what) in [
            (&["\n"][..], "is empty"),
            (&["eyJs3cr3t.eyJz"], "holds only the beginning of a token"),
            (&["s3cr3t s3cr3t"], "is not a token alone"),
        ] {
            let (token, took) = outcome(content).await;
            let text = format!("The file ~/token, which oidc_token_file names, {what}.");
            assert_eq!(token, Err(text));
            assert!(took >= Duration::from_secs(1), "{took:?}");
        }
        let (token, took) = outcome(&[]).await;
        let text = "The file ~/token, which oidc_token_file names, does not exist.";
        assert_eq!((token, took), (Err(text.to_owned()), Duration::ZERO));
    }
}
