//! The directory in which the processes of this user on this machine keep what they share.

use std::path::PathBuf;

/// The directory's path, unless the user names another one:
/// `/tmp/terraform-provider-cams-UID`, where UID is the number of the user that this process acts
/// for. Nothing is created here.
///
/// All processes of a user have to find the same directory. A login shell, cron and a CI runner have
/// different variables, so the path depends on none of them: neither on `HOME` nor on `TMPDIR` nor
/// on those of the XDG specification. `/tmp` exists on Linux and on macOS, and every user may create
/// a directory there. Another user may have created one of this name first. So the functions of
/// [`private_file`](crate::private_file) check the owner, and the provider does not use a directory
/// that another user owns.
pub fn state_directory() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    PathBuf::from(format!("/tmp/terraform-provider-cams-{user}"))
}
