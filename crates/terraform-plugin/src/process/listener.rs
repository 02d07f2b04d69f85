//! A unix socket that only this user can reach.

use std::fs::{self, DirEntry, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::UnixListener;

use super::{Plugin, ServeError};
use base::environment::Environment;
use base::foreign_text;

const SOCKET_NAME: &str = "plugin";

/// The directory of a socket, which removes itself and the socket when it is dropped, and its lock,
/// by which other processes see that this one still runs. It is given back after the directory is
/// removed.
pub(crate) type Directory = (TempDir, Option<File>);

/// Makes a directory with mode 0700 and listens on a socket inside it.
///
/// The name of the directory begins with that of the plugin. Returns the listener, the socket's
/// path as the handshake writes it, and the directory.
pub(crate) fn open(
    plugin: &Plugin,
    environment: &Environment,
) -> Result<(UnixListener, String, Directory), ServeError> {
    let parent = parent_directory(environment);
    let directory = tempfile::Builder::new()
        .prefix(&prefix(plugin))
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .map_err(|error| listen(&parent, &error))?;
    // The lock is taken before the socket exists, by which other processes recognize the directory.
    // If the file system has no locks, what a dead plugin leaves there stays.
    let lock = lock(directory.path());
    let path = directory.path().join(SOCKET_NAME);
    let socket = announceable(&path)?;
    let listener = UnixListener::bind(&path).map_err(|error| listen(&path, &error))?;
    Ok((listener, socket, (directory, lock)))
}

/// Removes the directories of processes of this plugin that ended without doing so, by SIGKILL,
/// SIGABRT or SIGQUIT for example.
///
/// A directory counts as one of those if its name begins as theirs do, if it belongs to this user
/// and holds a socket and nothing else, and if no process has it locked. The lock goes with the
/// process, however that ends. What cannot be removed is left for the next start.
pub(crate) fn clear_dead(plugin: &Plugin, environment: &Environment) {
    let user = rustix::process::geteuid().as_raw();
    let prefix = prefix(plugin);
    let entries = fs::read_dir(parent_directory(environment)).into_iter();
    for entry in entries.flatten().flatten() {
        let (directory, name) = (entry.path(), entry.file_name());
        // The kind of the entry itself: a symbolic link is not followed.
        let is_of_user = || {
            entry
                .metadata()
                .is_ok_and(|it| it.is_dir() && it.uid() == user)
        };
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(&prefix))
            && is_of_user()
            && holds_a_socket_alone(&directory);
        let Some(_lock) = is_ours.then(|| lock(&directory)).flatten() else {
            continue;
        };
        let removed =
            fs::remove_file(directory.join(SOCKET_NAME)).and_then(|()| fs::remove_dir(&directory));
        match removed {
            Ok(()) => tracing::debug!("removed the socket of a plugin that is dead"),
            Err(error) => tracing::debug!(%error, "cannot remove the socket of a dead plugin"),
        }
    }
}

/// The beginning of the names of this plugin's directories. Plugins of other makes choose other
/// names and lock nothing, so their directories are left alone.
fn prefix(plugin: &Plugin) -> String {
    format!("plugin-{}-", plugin.name)
}

/// Whether the directory holds a socket of the expected name and nothing else.
fn holds_a_socket_alone(directory: &Path) -> bool {
    let is_socket = |entry: &DirEntry| {
        entry.file_name() == SOCKET_NAME && entry.file_type().is_ok_and(|kind| kind.is_socket())
    };
    let mut entries = fs::read_dir(directory).into_iter().flatten();
    matches!((entries.next(), entries.next()), (Some(Ok(only)), None) if is_socket(&only))
}

/// Locks a directory. `None` if another process has the lock, or if there are no locks.
fn lock(directory: &Path) -> Option<File> {
    let file = File::open(directory).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

fn parent_directory(environment: &Environment) -> PathBuf {
    environment
        .first(&["PLUGIN_UNIX_SOCKET_DIR", "TMPDIR"])
        .map_or_else(std::env::temp_dir, |(_, directory)| directory.into())
}

/// The path as the handshake line writes it, if a socket can have it.
fn announceable(path: &Path) -> Result<String, ServeError> {
    let refused = |reason| {
        let path = foreign_text::line(&path.display().to_string());
        ServeError::Start(format!(
            "cannot use `{path}` as a unix socket: {reason}; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR \
             to another directory"
        ))
    };
    let text = path.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
    if text.contains(['|', '\n', '\r']) {
        return Err(refused("it contains a vertical bar or a line break"));
    }
    if SocketAddr::from_pathname(path).is_err() {
        return Err(refused("the system takes only about 100 bytes"));
    }
    Ok(text.to_owned())
}

fn listen(place: &Path, error: &io::Error) -> ServeError {
    let place = foreign_text::line(&place.display().to_string());
    ServeError::Start(format!(
        "cannot listen on {place}: {error}; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR to a directory \
         that exists and that this user can write to"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::plugin::testing::TOY;
    use super::*;

    fn in_directory(directory: &Path) -> Environment {
        let directory = directory.to_str().unwrap();
        [
            ("PLUGIN_UNIX_SOCKET_DIR", directory),
            ("TMPDIR", "/nowhere"),
        ]
        .into_iter()
        .collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[tokio::test]
    async fn the_socket_lies_in_a_private_directory_that_goes_with_it() {
        let parent = tempfile::tempdir().unwrap();
        let (_listener, socket, cleanup) = open(&TOY, &in_directory(parent.path())).unwrap();
        let socket = PathBuf::from(socket);
        let directory = socket.parent().unwrap();
        assert_eq!(directory.parent().unwrap(), parent.path());
        assert_eq!(mode(directory), 0o700);
        assert!(socket.exists());

        drop(cleanup);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_the_dead_left_is_cleared_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let environment = in_directory(parent.path());
        let (_listener, living, _cleanup) = open(&TOY, &environment).unwrap();
        let dead = parent.path().join(format!("{}dead", prefix(&TOY)));
        let full = parent.path().join(format!("{}full", prefix(&TOY)));
        let empty = parent.path().join(format!("{}empty", prefix(&TOY)));
        let foreign = parent.path().join("plugin123");
        for directory in [&dead, &full, &empty, &foreign] {
            fs::create_dir(directory).unwrap();
        }
        for directory in [&dead, &full, &foreign] {
            drop(UnixListener::bind(directory.join(SOCKET_NAME)).unwrap());
        }
        fs::write(full.join("more"), "").unwrap();

        clear_dead(&TOY, &environment);
        assert!(!dead.exists());
        assert!(PathBuf::from(living).exists());
        assert!(full.exists() && empty.exists() && foreign.exists());
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_says_so() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let error = open(&TOY, &in_directory(&deep)).unwrap_err();
        let text = error.in_place_of_handshake().expect("Terraform shows it");
        assert!(
            text.contains("as a unix socket: the system takes"),
            "{text}"
        );
        assert!(text.contains("TMPDIR"), "{text}");
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
    }
}
