//! Directories, processes and signals for tests.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The path of the provider under test.
pub(crate) const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-cams");

/// A variable, and its value, with which the provider asks no metadata service of an instance.
pub(crate) const NO_METADATA: (&str, &str) = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");

/// How long a test waits for something before it fails. A test that passes never waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for `future`. If it takes longer than [`PATIENCE`], the test fails, and `what` says what
/// did not happen.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
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
