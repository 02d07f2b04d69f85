//! Programs that the commands need besides Rust, and how to get what is missing.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Result, find};

/// Terraform, or OpenTofu where there is none.
pub(crate) fn terraform() -> Result<PathBuf> {
    find("terraform").or_else(|| find("tofu")).ok_or_else(|| {
        "No Terraform CLI found. Install terraform (https://developer.hashicorp.com/terraform/install) or \
         tofu (https://opentofu.org/docs/intro/install), and put it on the PATH."
            .to_owned()
    })
}

/// A Redis server, for the tests of the throttle that fleets share.
pub(crate) fn redis() -> Result<PathBuf> {
    program(
        "redis-server",
        "redis-server",
        "apt-get install redis-server, or brew install redis",
    )
}

/// Python with its venv module, for the official SDK.
pub(crate) fn python() -> Result<PathBuf> {
    let python = program(
        "python3",
        "python3-venv",
        "apt-get install python3-venv, or brew install python",
    )?;
    let has_venv = Command::new(&python)
        .args(["-c", "import venv, ensurepip"])
        .status()
        .is_ok_and(|status| status.success());
    if !has_venv {
        install("python3-venv").map_err(|_| {
            "Python lacks its venv module. Install it: apt-get install python3-venv".to_owned()
        })?;
    }
    Ok(python)
}

/// The checker of dependencies. Building it takes some minutes, once.
pub(crate) fn cargo_deny() -> Result<()> {
    if find("cargo-deny").is_some() {
        return Ok(());
    }
    println!("Installing cargo-deny, which takes some minutes");
    shell::output(shell::cargo().args(["install", "cargo-deny", "--locked"]))
        .map(|_| ())
        .map_err(|_| {
            "cargo-deny is missing. Install it: cargo install cargo-deny --locked".to_owned()
        })
}

fn program(name: &str, package: &str, advice: &str) -> Result<PathBuf> {
    if let Some(path) = find(name) {
        return Ok(path);
    }
    let missing = || format!("{name} is missing. Install it: {advice}");
    install(package).map_err(|_| missing())?;
    find(name).ok_or_else(missing)
}

/// Installs a Debian package where that needs nobody's password, as on a build machine.
fn install(package: &str) -> Result<()> {
    let root = shell::output(Command::new("id").arg("-u"))?.trim() == "0";
    let apt = find("apt-get")
        .filter(|_| root)
        .ok_or("cannot install packages here")?;
    println!("Installing {package}");
    shell::output(Command::new(&apt).arg("update"))?;
    let environment = ("DEBIAN_FRONTEND", "noninteractive");
    shell::output(
        Command::new(&apt)
            .args(["install", "--yes", "--no-install-recommends", package])
            .env(environment.0, environment.1),
    )?;
    Ok(())
}
