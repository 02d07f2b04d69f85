//! Finds the programs that the commands need besides Rust, and installs or reports missing ones.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Result, find};

/// The version that is installed where there is none.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// A Terraform or OpenTofu CLI.
#[derive(Clone, Debug)]
pub(crate) struct Terraform {
    pub(crate) path: PathBuf,
    /// The name and the version that it prints, such as `OpenTofu v1.12.6`.
    pub(crate) version: String,
}

impl Terraform {
    /// The registry for providers whose source address has no host.
    pub(crate) fn registry(&self) -> &'static str {
        match self.version.starts_with("OpenTofu") {
            true => "registry.opentofu.org",
            false => "registry.terraform.io",
        }
    }

    /// The first two numbers of the version, such as `(1, 12)`.
    pub(crate) fn numbers(&self) -> (u32, u32) {
        let (_, numbers) = self.version.split_once(" v").unwrap_or_default();
        let mut numbers = numbers.split('.').map(|it| it.parse().unwrap_or_default());
        let mut next = || numbers.next().unwrap_or_default();
        (next(), next())
    }

    /// Runs the CLI at this path to get its version.
    fn from_path(path: PathBuf) -> Result<Self> {
        let mut command = Command::new(&path);
        // The user's setting may be for another version of the CLI.
        command.env_remove("TF_CLI_CONFIG_FILE");
        let text = shell::output(command.arg("version").env("CHECKPOINT_DISABLE", "1"))?;
        let version = text
            .lines()
            .find(|line| line.starts_with("Terraform v") || line.starts_with("OpenTofu v"));
        match version {
            Some(version) => Ok(Self {
                version: version.to_owned(),
                path,
            }),
            None => Err(format!(
                "{} is neither Terraform nor OpenTofu",
                path.display()
            )),
        }
    }
}

impl fmt::Display for Terraform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.version, self.path.display())
    }
}

/// The CLI for commands that need only one: Terraform if it is installed, or else OpenTofu.
pub(crate) fn terraform() -> Result<Terraform> {
    let path = find("terraform").or_else(|| find("tofu"));
    Terraform::from_path(path.ok_or_else(no_cli_found)?)
}

/// All CLIs: `terraform` and `tofu` on the `PATH`, and the CLIs in `CAMS_TEST_CLIS`.
pub(crate) fn clis() -> Result<Vec<Terraform>> {
    let named = std::env::var_os("CAMS_TEST_CLIS").unwrap_or_default();
    let named = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
    let on_the_path = ["terraform", "tofu"].into_iter().filter_map(find);
    let mut seen = HashSet::new();
    let mut clis = Vec::new();
    for path in on_the_path.chain(named) {
        let same = path
            .canonicalize()
            .map_err(|error| format!("CAMS_TEST_CLIS names {}: {error}", path.display()))?;
        if seen.insert(same) {
            clis.push(Terraform::from_path(path)?);
        }
    }
    if clis.is_empty() {
        return Err(no_cli_found());
    }
    Ok(clis)
}

fn no_cli_found() -> String {
    "No Terraform CLI found. Install terraform \
     (https://developer.hashicorp.com/terraform/install) or tofu \
     (https://opentofu.org/docs/intro/install), and put it on the PATH."
        .to_owned()
}

/// A Redis server, for the tests of the throttle with Redis.
pub(crate) fn redis() -> Result<PathBuf> {
    program(
        "redis-server",
        "redis-server",
        "apt-get install redis-server, or brew install redis",
    )
}

/// Valgrind, which counts instructions.
pub(crate) fn valgrind() -> Result<PathBuf> {
    program("valgrind", "valgrind", "apt-get install valgrind")
}

/// The compiler of protocols, for a peer that needs it when it is built.
pub(crate) fn protoc() -> Result<PathBuf> {
    let protoc = program(
        "protoc",
        "protobuf-compiler",
        "apt-get install protobuf-compiler libprotobuf-dev, or brew install protobuf",
    )?;
    // Debian has the standard protocols in another package.
    if protoc.starts_with("/usr/bin") && !Path::new("/usr/include/google/protobuf").exists() {
        install("libprotobuf-dev")?;
    }
    Ok(protoc)
}

/// Python with its venv module, for the official SDK.
pub(crate) fn python() -> Result<PathBuf> {
    let python = program(
        "python3",
        "python3-venv",
        "apt-get install python3-venv, or brew install python",
    )?;
    if !shell::succeeds(Command::new(&python).args(["-c", "import venv, ensurepip"])) {
        install("python3-venv").map_err(|_| {
            "Python does not have the venv module. Install it: apt-get install python3-venv"
                .to_owned()
        })?;
    }
    Ok(python)
}

/// Installs cargo-deny if it is missing, which takes some minutes.
pub(crate) fn cargo_deny() -> Result<()> {
    if find("cargo-deny").is_some() {
        return Ok(());
    }
    println!("Installing {CARGO_DENY}, which takes some minutes");
    shell::output(shell::cargo().args(["install", "--locked", CARGO_DENY]))
        .map(|_| ())
        .map_err(|_| {
            format!("cargo-deny is missing. Install it: cargo install --locked {CARGO_DENY}")
        })
}

/// The path of a program. Installs the package if the program is missing; if that fails, the error
/// explains how to install it.
fn program(name: &str, package: &str, advice: &str) -> Result<PathBuf> {
    if let Some(path) = find(name) {
        return Ok(path);
    }
    let missing = || format!("{name} is missing. Install it: {advice}");
    install(package).map_err(|_| missing())?;
    find(name).ok_or_else(missing)
}

/// Installs a Debian package if this program runs as root, as on a build machine.
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
