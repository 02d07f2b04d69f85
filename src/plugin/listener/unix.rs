//! A unix socket that only this user can reach, or one group when the host asks for it.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::UnixListener;

use super::{Cleanup, Listener};
use crate::environment::Environment;
use crate::plugin::Error;
use crate::plugin::handshake::Endpoint;

/// Plugins of other makes choose others, and lock nothing: theirs are left alone.
const DIRECTORY_PREFIX: &str = "plugin-cams-";
const SOCKET_NAME: &str = "plugin";
const GROUPS: &str = "/etc/group";

/// Makes a directory with mode 0700 and listens on a socket inside it.
pub(super) fn open(environment: &Environment) -> Result<(Listener, Endpoint, Cleanup), Error> {
    let parent = parent_directory(environment);
    let directory = tempfile::Builder::new()
        .prefix(DIRECTORY_PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .map_err(|source| listen(&parent, source))?;
    // Before there is a socket, by which others recognise the directory. A file system without
    // locks has none to offer; what a dead plugin leaves there stays.
    let lock = lock(directory.path());
    let path = directory.path().join(SOCKET_NAME);
    let address = announceable(&path)?;
    let listener = UnixListener::bind(&path).map_err(|source| listen(&path, source))?;
    if let Some(group) = environment.get("PLUGIN_UNIX_SOCKET_GROUP") {
        share(&directory, &path, group)?;
    }

    let endpoint = Endpoint {
        network: "unix",
        address,
    };
    let cleanup = Cleanup {
        _directory: Some(directory),
        _lock: lock,
    };
    Ok((Listener::Unix(listener), endpoint, cleanup))
}

/// Removes the directories of plugins that ended without doing so, by SIGKILL, SIGABRT or SIGQUIT
/// for example.
///
/// A directory counts as one of those if it belongs to this user, holds a socket and nothing else,
/// and nobody has it locked: the lock goes with the process, however that ends. Whatever fails is
/// left for the next start.
pub(super) fn clear_dead(environment: &Environment) {
    let user = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(parent_directory(environment)) else {
        return;
    };
    let named = |name: &OsStr| {
        name.to_str()
            .is_some_and(|name| name.starts_with(DIRECTORY_PREFIX))
    };
    for entry in entries.flatten().filter(|entry| named(&entry.file_name())) {
        let directory = entry.path();
        // The kind of the entry itself: a symbolic link is not followed.
        let Ok(found) = entry.metadata() else {
            continue;
        };
        if !found.is_dir() || found.uid() != user || !holds_a_socket_alone(&directory) {
            continue;
        }
        let Some(_lock) = lock(&directory) else {
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

fn holds_a_socket_alone(directory: &Path) -> bool {
    let Ok(entries) = fs::read_dir(directory) else {
        return false;
    };
    let entries: Vec<_> = entries.take(2).collect();
    let [Ok(only)] = entries.as_slice() else {
        return false;
    };
    only.file_name() == SOCKET_NAME && only.file_type().is_ok_and(|kind| kind.is_socket())
}

/// The lock of a directory, unless another process has it.
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

/// The path as the handshake line writes it, once it is sure that it can be bound and told.
fn announceable(path: &Path) -> Result<String, Error> {
    let refused = |reason| Error::SocketPath {
        path: path.display().to_string(),
        reason,
    };
    let text = path.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
    if text.contains(['|', '\n', '\r']) {
        return Err(refused("it contains `|` or a line break"));
    }
    if SocketAddr::from_pathname(path).is_err() {
        return Err(refused("the system takes only about 100 bytes"));
    }
    Ok(text.to_owned())
}

/// Lets a group connect, and nobody else.
fn share(directory: &TempDir, socket: &Path, group: &str) -> Result<(), Error> {
    let id = match group.parse() {
        Ok(id) => id,
        Err(_) => fs::read_to_string(GROUPS)
            .ok()
            .and_then(|groups| group_id(&groups, group))
            .ok_or_else(|| Error::Group(group.to_owned()))?,
    };
    for (path, mode) in [(directory.path(), 0o710), (socket, 0o660)] {
        chown(path, None, Some(id))
            .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
            .map_err(|source| listen(path, source))?;
    }
    Ok(())
}

/// The id of the group `name` in the text of `/etc/group`: lines of `name:password:id:members`.
fn group_id(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        fields.nth(1)?.parse().ok()
    })
}

fn listen(place: &Path, source: io::Error) -> Error {
    Error::Listen {
        place: place.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
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
        let (_listener, endpoint, cleanup) = open(&in_directory(parent.path())).unwrap();
        let socket = PathBuf::from(&endpoint.address);
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
        let (_listener, living, _cleanup) = open(&environment).unwrap();
        let dead = parent.path().join(format!("{DIRECTORY_PREFIX}dead"));
        let full = parent.path().join(format!("{DIRECTORY_PREFIX}full"));
        let empty = parent.path().join(format!("{DIRECTORY_PREFIX}empty"));
        let foreign = parent.path().join("plugin123");
        for directory in [&dead, &full, &empty, &foreign] {
            fs::create_dir(directory).unwrap();
        }
        for directory in [&dead, &full, &foreign] {
            drop(UnixListener::bind(directory.join(SOCKET_NAME)).unwrap());
        }
        fs::write(full.join("more"), "").unwrap();

        clear_dead(&environment);
        assert!(!dead.exists());
        assert!(PathBuf::from(living.address).exists());
        assert!(full.exists() && empty.exists() && foreign.exists());
    }

    #[tokio::test]
    async fn a_group_may_connect_when_the_host_asks_for_it() {
        let parent = tempfile::tempdir().unwrap();
        // Our own group: the one change of group that needs no privilege.
        let own = fs::metadata(parent.path()).unwrap().gid();
        let directory = parent.path().to_str().unwrap();
        let environment = [
            ("PLUGIN_UNIX_SOCKET_DIR", directory.to_owned()),
            ("PLUGIN_UNIX_SOCKET_GROUP", own.to_string()),
        ]
        .into_iter()
        .collect();
        let (_listener, endpoint, _cleanup) = open(&environment).unwrap();
        let socket = PathBuf::from(&endpoint.address);
        assert_eq!(mode(&socket), 0o660);
        assert_eq!(mode(socket.parent().unwrap()), 0o710);
        assert_eq!(fs::metadata(&socket).unwrap().gid(), own);
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_says_so() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let error = open(&in_directory(&deep)).unwrap_err();
        assert!(matches!(error, Error::SocketPath { .. }), "{error}");
        assert!(error.to_string().contains("TMPDIR"), "{error}");
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
    }

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        let groups = "root:x:0:\nstaff:x:50:a,b\nbroken\nbad:x:minus:\n";
        assert_eq!(group_id(groups, "staff"), Some(50));
        assert_eq!(group_id(groups, "sta"), None);
        assert_eq!(group_id(groups, "broken"), None);
        assert_eq!(group_id(groups, "bad"), None);
    }
}
