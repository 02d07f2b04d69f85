//! Directories, processes and signals for tests.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The provider under test.
pub(crate) const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-cams");

/// How long anything may take before a test gives it up. Nothing waits so long unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// `future`, or a failed test that says what did not happen.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// Sends a signal, by its name without `SIG`.
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
