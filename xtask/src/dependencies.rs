//! `cargo xtask audit`, whose checks are a step of `cargo xtask test` too.

use std::path::Path;
use std::process::Command;

use crate::dist::{EMULATOR, PROVIDER};
use crate::shell::{self, Result, cargo, find, root, target};
use crate::{sbom, tools};

/// Checks the dependencies, and writes an SBOM of each released package to `target/`.
pub(crate) fn audit() -> Result<()> {
    if !check()? {
        return Err("the list of advisories cannot be fetched".to_owned());
    }
    for package in [PROVIDER, EMULATOR] {
        let path = target().join(format!("{package}.cdx.json"));
        sbom::write(package, env!("CARGO_PKG_VERSION"), &path)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Checks the dependencies as far as that is possible without a network.
pub(crate) fn step() -> Result<()> {
    check().map(|_| ())
}

/// Checks licences, bans, sources and advisories of every crate in the dependency tree. Returns
/// whether the advisories could be checked too.
fn check() -> Result<bool> {
    // The workspace of the fuzz targets has a list of its own, which no build reads.
    let fetch = [
        "fetch",
        "--locked",
        "--quiet",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ];
    shell::run(cargo().args(fetch)).map_err(|_| {
        "the crates of fuzz/Cargo.lock cannot be fetched; if the file is out of date, run cargo update \
         --workspace --manifest-path fuzz/Cargo.toml"
            .to_owned()
    })?;
    tools::cargo_deny()?;
    let deny = |what: &[&str]| shell::run(cargo().args(["deny", "check"]).args(what));
    deny(&["bans", "licenses", "sources"])
        .map_err(|_| "a dependency violates deny.toml".to_owned())?;
    if !fetches_advisories(&find("cargo-deny").unwrap_or_default()) {
        return Ok(false);
    }
    deny(&["--disable-fetch", "advisories"])
        .map(|()| true)
        .map_err(|_| "there are advisories about dependencies".to_owned())
}

/// Fetches the list of advisories. If that fails, for example on a machine without a network,
/// prints one line that says what is not checked.
fn fetches_advisories(cargo_deny: &Path) -> bool {
    let mut fetch = Command::new(cargo_deny);
    let fetched = shell::succeeds(fetch.args(["fetch", "db"]).current_dir(root()));
    if !fetched {
        println!(
            "Not checked: advisories about dependencies, because their list cannot be fetched."
        );
    }
    fetched
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const CHILD: &str = "XTASK_TEST_CHILD";

    /// Runs itself in a child process, to check the complete output.
    #[test]
    fn a_failed_fetch_of_advisories_prints_one_line() {
        if let Some(cargo_deny) = std::env::var_os(CHILD) {
            assert!(!fetches_advisories(Path::new(&cargo_deny)));
            return;
        }
        let directory = shell::temporary_directory().unwrap();
        let cargo_deny = directory.path().join("cargo-deny");
        let noise = "#!/bin/sh\necho noise; echo noise >&2; exit 1\n";
        fs::write(&cargo_deny, noise).unwrap();
        fs::set_permissions(&cargo_deny, fs::Permissions::from_mode(0o700)).unwrap();
        let test = "dependencies::tests::a_failed_fetch_of_advisories_prints_one_line";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, &cargo_deny)
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(output.status.success(), "{printed}");
        assert_eq!(
            printed.matches("Not checked: advisories").count(),
            1,
            "{printed}"
        );
        assert!(!printed.contains("noise"), "{printed}");
    }
}
