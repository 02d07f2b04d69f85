//! A unix socket that only this user can reach, or one group when the host asks for it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::UnixListener;

use super::Error;
use crate::environment::Environment;

const DIRECTORY_PREFIX: &str = "plugin";
const SOCKET_NAME: &str = "plugin";
const GROUPS: &str = "/etc/group";

/// Makes a directory with mode 0700 and listens on a socket inside it.
///
/// Returns the listener, the socket's path as the handshake writes it, and the directory, which
/// removes itself and the socket when it is dropped.
pub(super) fn open(environment: &Environment) -> Result<(UnixListener, String, TempDir), Error> {
    let parent = parent_directory(environment);
    let directory = tempfile::Builder::new()
        .prefix(DIRECTORY_PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .map_err(|source| listen(&parent, source))?;
    let path = directory.path().join(SOCKET_NAME);
    let socket = announceable(&path)?;
    let listener = UnixListener::bind(&path).map_err(|source| listen(&path, source))?;
    if let Some(group) = environment.get("PLUGIN_UNIX_SOCKET_GROUP") {
        share(&directory, &path, group)?;
    }

    Ok((listener, socket, directory))
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
    use std::os::unix::fs::MetadataExt;

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
        let (_listener, socket, cleanup) = open(&in_directory(parent.path())).unwrap();
        let socket = PathBuf::from(socket);
        let directory = socket.parent().unwrap();
        assert_eq!(directory.parent().unwrap(), parent.path());
        assert_eq!(mode(directory), 0o700);
        assert!(socket.exists());

        drop(cleanup);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
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
        let (_listener, socket, _cleanup) = open(&environment).unwrap();
        let socket = PathBuf::from(socket);
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
