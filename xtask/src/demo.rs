//! `cargo xtask demo`: the provider on the emulator, from init to destroy, as a person would do it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::{self, Cli};
use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, bold, cargo, green, heading};
use crate::startup;
use crate::tools::{self, Terraform};

const CONFIGURATION: &str = r#"terraform {
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}

provider "cams" {
  cust_space_id = "cams-demo"
}

variable "numbers" {
  type    = set(string)
  default = ["13900001234", "13900001235", "13900001236"]
}

resource "cams_number_migration" "number" {
  for_each      = var.numbers
  country_code  = "86"
  mobile_number = each.key
}
"#;

pub(crate) fn run() -> Result<()> {
    // Before the long build, so that what is missing is said at once.
    let terraform = tools::terraform()?;
    println!("{terraform}");
    heading("Build the provider and the emulator (some minutes the first time)");
    shell::run(cargo().args(["build", "--release", "--features", "emulator", "--bins"]))?;
    println!("\n{}", startup::measure()?);

    let directory =
        tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
    heading("Start the emulator: a CAMS that runs on this machine");
    let emulator = Emulator::start(
        &binary("release", "cams-emulator"),
        &["--latency", "40ms", "--jitter", "10ms"],
    )?;
    println!("{}", emulator.url);

    let mirror = mirror(&terraform, directory.path())?;
    let work = directory.path().join("work");
    make(&work)?;
    write(&work.join("main.tf"), CONFIGURATION)?;
    let cli = Cli::with_mirror(&terraform, &work, &mirror)?
        .env("CAMS_ENDPOINT", &emulator.url)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret")
        // Where the quota that all processes of a host share is kept: here, so that nothing is left
        // behind.
        .env("XDG_RUNTIME_DIR", &directory.path().display().to_string());

    heading("The configuration");
    print!("{CONFIGURATION}");
    step(&cli, "Install the provider from a local mirror", &["init"])?;
    step(&cli, "See what would happen", &["plan", "-out=tfplan"])?;
    step(&cli, "Start the three migrations", &["apply", "tfplan"])?;
    step(
        &cli,
        "Look at one of them",
        &[
            "state",
            "show",
            "cams_number_migration.number[\"13900001234\"]",
        ],
    )?;
    step(
        &cli,
        "Plan again: nothing is left to do",
        &["plan", "-detailed-exitcode"],
    )?;
    step(
        &cli,
        "Forget the numbers; CAMS itself has no call that removes one",
        &["destroy", "-auto-approve"],
    )?;

    heading("That was it");
    println!(
        "{} Three numbers planned, started, kept and forgotten, on a CAMS that was never there.\n\n\
         Try next:\n  \
         cargo xtask test                                  everything that must hold\n  \
         cargo run --features emulator --bin cams-emulator -- --help\n                                                    \
         an emulator with other quotas, delays and faults\n  \
         docs/resources/number_migration.md                what the resource can do",
        green("✓")
    );
    Ok(())
}

/// A directory laid out as `terraform init` looks for providers in it.
fn mirror(terraform: &Terraform, directory: &Path) -> Result<PathBuf> {
    let mirror = directory.join("mirror");
    let version = env!("CARGO_PKG_VERSION");
    let place = mirror
        .join(cli::address(terraform))
        .join(version)
        .join(platform());
    make(&place)?;
    let name = format!("terraform-provider-cams_v{version}");
    let (from, to) = (
        binary("release", "terraform-provider-cams"),
        place.join(name),
    );
    fs::copy(&from, &to).map_err(|error| {
        format!(
            "cannot copy {} to {}: {error}",
            from.display(),
            to.display()
        )
    })?;
    Ok(mirror)
}

/// This machine in Go's words.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86" => "386",
        "x86_64" => "amd64",
        other => other,
    };
    format!("{system}_{architecture}")
}

fn step(cli: &Cli, title: &str, arguments: &[&str]) -> Result<()> {
    heading(title);
    println!("{}\n", bold(&typed(&cli.name(), arguments)));
    let mut command = cli.command(arguments);
    shell::run(&mut command)
}

/// A command line as one would type it.
fn typed(program: &str, arguments: &[&str]) -> String {
    let quoted = arguments
        .iter()
        .map(|argument| match argument.contains(['"', '[', ' ']) {
            true => format!("'{argument}'"),
            false => (*argument).to_owned(),
        });
    let words: Vec<String> = quoted.collect();
    format!("$ {program} {}", words.join(" "))
}

fn make(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make {}: {error}", directory.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
