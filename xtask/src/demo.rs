//! `cargo xtask demo`: shows the provider on the emulator, from init to destroy, as a person would
//! use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::{self, Cli};
use crate::emulator::Emulator;
use crate::examples::REQUIRED_PROVIDERS;
use crate::shell::{self, Result, binary, bold, cargo, green, heading, make_directory, write};
use crate::startup;
use crate::tools::{self, Terraform};

const CONFIGURATION: &str = r#"
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
    // The CLI is looked for before the long build, so that it is said at once if it is missing.
    let terraform = tools::terraform()?;
    println!("{terraform}");
    heading("Build the provider and the emulator (some minutes the first time)");
    shell::run(cargo().args(["build", "--release", "--workspace", "--bins"]))?;
    println!("\n{}", startup::measure()?);

    let directory = shell::temporary_directory()?;
    heading("Start the emulator: a CAMS that runs on this machine");
    let emulator = Emulator::start(
        &binary("release", "cams-emulator"),
        &["--latency", "40ms", "--jitter", "10ms"],
    )?;
    println!("{}", emulator.url);

    let mirror = mirror(&terraform, directory.path())?;
    let work = directory.path().join("work");
    make_directory(&work)?;
    let configuration = format!("{REQUIRED_PROVIDERS}{CONFIGURATION}");
    write(&work.join("main.tf"), &configuration)?;
    // The directory also takes the quota that all processes of a user share, so that the demo
    // leaves nothing behind.
    let state = directory.path().join("state").display().to_string();
    let environment = [
        ("CAMS_ENDPOINT", emulator.url.as_str()),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret"),
        ("CAMS_THROTTLE_STATE_DIRECTORY", &state),
    ];
    let mut cli = Cli::with_mirror(&terraform, &work, &mirror)?;
    for (name, value) in environment {
        cli = cli.env(name, value);
    }

    doctor(&environment)?;
    heading("The configuration");
    print!("{configuration}");
    step(&cli, "Install the provider from a local mirror", &["init"])?;
    step(&cli, "See what would happen", &["plan", "-out=tfplan"])?;
    step(&cli, "Start the three migrations", &["apply", "tfplan"])?;
    let one = "cams_number_migration.number[\"13900001234\"]";
    step(&cli, "Look at one of them", &["state", "show", one])?;
    step(
        &cli,
        "Plan again: nothing is left to do",
        &["plan", "-detailed-exitcode"],
    )?;
    step(&cli, "Lose a number from the state", &["state", "rm", one])?;
    step(
        &cli,
        "Apply again: the number is taken over, and not started a second time",
        &["apply", "-auto-approve"],
    )?;
    step(
        &cli,
        "Forget the numbers; CAMS itself has no call that removes one",
        &["destroy", "-auto-approve"],
    )?;

    heading("That was it");
    println!(
        "{} Three numbers planned, started, kept, taken over and forgotten, without a call to the \
         real CAMS.\n\n\
         Try next:\n  \
         cargo xtask test                                  everything that must hold\n  \
         cargo run --bin cams-emulator -- --help\n  \
         {:50}an emulator with other quotas, delays and faults\n  \
         docs/resources/number_migration.md                what the resource can do\n  \
         docs/guides/doctor.md                             how to check your own account",
        green("✓"),
        ""
    );
    Ok(())
}

/// Shows what the doctor finds out about the account. The rest of its report, how the service
/// behaves where its documentation leaves a choice, is left out.
fn doctor(environment: &[(&str, &str)]) -> Result<()> {
    heading("Check the account, which only reads");
    println!(
        "{}\n",
        bold("$ terraform-provider-cams doctor --space cams-demo")
    );
    let mut command = Command::new(binary("release", "terraform-provider-cams"));
    command
        .args(["doctor", "--space", "cams-demo"])
        .env_clear()
        .envs(environment.iter().copied());
    let report = shell::output(&mut command)?;
    let account = report
        .split_once("\nHow the service behaves")
        .map_or(report.as_str(), |(account, _)| account);
    println!("{account}\n(what follows about the service is left out here)");
    Ok(())
}

/// Makes a directory with the provider in it, laid out as `terraform init` looks for providers.
fn mirror(terraform: &Terraform, directory: &Path) -> Result<PathBuf> {
    let mirror = directory.join("mirror");
    let version = env!("CARGO_PKG_VERSION");
    let place = mirror
        .join(cli::address(terraform))
        .join(version)
        .join(platform());
    make_directory(&place)?;
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

/// The system and the architecture of this machine, in the words that Go has for them.
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

/// Runs the CLI under a heading, and shows the command line before what it prints.
fn step(cli: &Cli, title: &str, arguments: &[&str]) -> Result<()> {
    heading(title);
    println!("{}\n", bold(&typed(&cli.name(), arguments)));
    let mut command = cli.command(arguments);
    shell::run(&mut command)
}

/// The command line as a person would type it.
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
