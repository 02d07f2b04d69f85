//! The directory in which the processes of this user on this machine keep what they share.

use std::path::PathBuf;

/// The directory's path, unless the user names another one:
/// `/tmp/terraform-provider-cams-UID`, where UID is the number of the user that this process acts
/// for. Nothing is created here.
///
/// All processes of a user have to come to the same place, whoever started their shell. A login
/// shell, cron and a CI runner have different variables, so the path depends on none of them:
/// neither on `HOME` nor on `TMPDIR`, nor on those of the XDG specification. `/tmp` exists on Linux
/// and on macOS, and everybody may make a directory there. Another user may be first to make one
/// of this name. That is why whoever opens a file in the directory checks whose it is
/// ([`private_file`](crate::private_file)), and does without it if it is somebody else's.
pub fn state_directory() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    PathBuf::from(format!("/tmp/terraform-provider-cams-{user}"))
}
