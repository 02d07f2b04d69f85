//! The step of `cargo xtask test` that checks what the project depends on.

use std::path::Path;
use std::process::Command;

use crate::shell::{self, Result, cargo, find, root};
use crate::tools;

/// Licences, bans and sources of every crate in the tree, and advisories about them.
pub(crate) fn check() -> Result<()> {
    tools::cargo_deny()?;
    let deny = |what: &[&str]| shell::run(cargo().args(["deny", "check"]).args(what));
    deny(&["bans", "licenses", "sources"])
        .map_err(|_| "a dependency is not as deny.toml wants it".to_owned())?;
    if !fetches_advisories(&find("cargo-deny").unwrap_or_default()) {
        return Ok(());
    }
    deny(&["--disable-fetch", "advisories"])
        .map_err(|_| "there are advisories about dependencies".to_owned())
}

/// Fetches the list of advisories. Where it can't be fetched, as on a machine without a network,
/// one line says what is not checked.
fn fetches_advisories(cargo_deny: &Path) -> bool {
    let mut fetch = Command::new(cargo_deny);
    let fetched = shell::succeeds(fetch.args(["fetch", "db"]).current_dir(root()));
    if !fetched {
        println!(
            "Not checked: advisories about dependencies, whose list can't be fetched from here."
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

    /// Runs itself in a process of its own, whose whole output is looked at.
    #[test]
    fn a_list_of_advisories_that_cannot_be_fetched_costs_one_line() {
        if let Some(cargo_deny) = std::env::var_os(CHILD) {
            assert!(!fetches_advisories(Path::new(&cargo_deny)));
            return;
        }
        let directory = shell::temporary_directory().unwrap();
        let cargo_deny = directory.path().join("cargo-deny");
        let noise = "#!/bin/sh\necho noise; echo noise >&2; exit 1\n";
        fs::write(&cargo_deny, noise).unwrap();
        fs::set_permissions(&cargo_deny, fs::Permissions::from_mode(0o700)).unwrap();
        let test =
            "dependencies::tests::a_list_of_advisories_that_cannot_be_fetched_costs_one_line";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, &cargo_deny)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("Not checked: advisories").count(), 1, "{said}");
        assert!(!said.contains("noise"), "{said}");
    }
}
