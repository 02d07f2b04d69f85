//! Files and directories to which only this user has access.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
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
    // Permissions apply only to a file that is created here. An existing one is checked below. The
    // last flag refuses a symbolic link, which could lead to a file of somebody else.
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
        return Err(io::Error::other("not a file of its own"));
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

/// Creates a directory and its parents, unless it exists.
///
/// # Errors
///
/// If the directory cannot be created, is a symbolic link, belongs to another user, or gives
/// another user access.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let found = path.symlink_metadata()?;
    if !found.is_dir() {
        return Err(io::Error::other("its directory is a symbolic link"));
    }
    owned_and_private(&found)
}

/// Checks that a file or directory belongs to this user and that nobody else has access to it.
fn owned_and_private(found: &Metadata) -> io::Result<()> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(io::Error::other("other users may enter it"));
    }
    Ok(())
}
