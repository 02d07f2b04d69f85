//! Directories, processes and signals for tests.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

use base::platform::{Ignored, Signal};
use tokio::signal::unix::SignalKind;

/// The path of the provider under test.
pub(crate) const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-cams");

/// A variable, and its value, with which the provider asks no metadata service of an instance.
pub(crate) const NO_METADATA: (&str, &str) = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");

/// How long a test waits for something before it fails. A test that passes never waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The pause between two looks at something that gives no signal. A test that looks without a pause
/// takes a core from all the others.
pub(crate) const PAUSE: Duration = Duration::from_millis(2);

/// Waits for `future`. If it takes longer than [`PATIENCE`], the test fails, and `what` says what
/// did not happen.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// A command whose process takes signals in the usual way, wherever the tests were started.
///
/// What `nohup` starts, or a script in the background, inherits that some signals are ignored, and
/// so would whatever the tests start. A signal that has a handler here is not inherited as ignored.
/// The handlers do nothing, so that nothing changes for the tests themselves.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A runtime must not be dropped within another one, which a test may run in.
        let handlers = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let _inside = runtime.enter();
            let ignored = Ignored::now();
            for (of_platform, kind) in [
                (Signal::Hangup, SignalKind::hangup()),
                (Signal::Interrupt, SignalKind::interrupt()),
                (Signal::Quit, SignalKind::quit()),
            ] {
                if ignored.contains(of_platform) {
                    // The handler stays when this value is dropped.
                    let _ = tokio::signal::unix::signal(kind).unwrap();
                }
            }
        });
        handlers.join().unwrap();
    });
    Command::new(program)
}

/// Sends a signal to a process. The name is without `SIG`.
pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {process}");
}

/// The names in a directory.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
