//! Files and directories to which only this user has access.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file for reading and writing. The file and its directory are created if they do not
/// exist.
///
/// # Errors
///
/// If the file cannot be opened, is a symbolic link or has a second name, or if another user owns
/// it or its directory or has access to one of them.
pub fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    open_beside(path)
}

/// Opens a file for reading and writing, in a directory that others may enter and write to, such as
/// `/tmp`. The file is created if it does not exist.
///
/// # Errors
///
/// If the file cannot be opened, is a symbolic link or has a second name, or if another user owns
/// it or has access to it.
pub fn open_beside(path: &Path) -> io::Result<File> {
    // Permissions apply only to a file that is created here. An existing one is checked below. The
    // last flag refuses a symbolic link, which could lead to a file of another user.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() > 1 {
        return Err(io::Error::other("it is not a regular file with one name"));
    }
    owned_and_private(&found)?;
    Ok(file)
}

/// Whether the open file is still the one with this path. It is not if it was deleted, moved away
/// or replaced.
///
/// # Errors
///
/// If the operating system reports one other than that nothing has this path.
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = match path.symlink_metadata() {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let open = file.metadata()?;
    Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
}

/// Replaces the content of an open file by this text.
///
/// # Errors
///
/// If it cannot be written. Then the content may be lost, or be a part of the text.
pub fn rewrite(file: &mut File, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

/// Creates a directory, unless it exists. Its parent must exist: if the parent were created here,
/// other users would have no access to it.
///
/// # Errors
///
/// If the directory cannot be created, is a symbolic link, belongs to another user, or gives
/// another user access.
pub fn make_directory(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = path.symlink_metadata()?;
    if found.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    if !found.is_dir() {
        return Err(io::Error::other("it is not a directory"));
    }
    owned_and_private(&found)
}

/// Checks that a file or directory belongs to this user and that no other user has access to it.
fn owned_and_private(found: &Metadata) -> io::Result<()> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(io::Error::other("other users have access to it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    /// A directory that belongs to another user. Only the superuser can give one away; for all
    /// others the root of the file system belongs to somebody else.
    fn of_somebody_else(parent: &Path) -> std::path::PathBuf {
        let directory = parent.join("theirs");
        fs::create_dir(&directory).unwrap();
        match chown(&directory, Some(65_534), None) {
            Ok(()) => directory,
            Err(_) => "/".into(),
        }
    }

    #[test]
    fn what_is_not_this_user_s_own_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        let reason = |directory: &Path| open(&directory.join("f")).unwrap_err().to_string();
        assert_eq!(
            reason(&of_somebody_else(parent.path())),
            "it belongs to another user"
        );
        fs::write(path("file"), "").unwrap();
        assert_eq!(reason(&path("file")), "it is not a directory");
        fs::create_dir(path("open")).unwrap();
        fs::set_permissions(path("open"), fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(reason(&path("open")), "other users have access to it");
        make_directory(&path("ours")).unwrap();
        symlink(path("ours"), path("link")).unwrap();
        assert_eq!(reason(&path("link")), "it is a symbolic link");
        open(&path("ours").join("f")).unwrap();
    }

    #[test]
    fn a_parent_that_is_missing_is_not_made() {
        let parent = tempfile::tempdir().unwrap();
        let missing = parent.path().join("runtime");
        make_directory(&missing.join("state")).unwrap_err();
        assert!(!missing.exists());
    }
}
