//! `cargo xtask demo`: runs the provider with the emulator, from init to destroy, as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::cli::{self, Cli, REQUIRED_PROVIDERS};
use crate::dist;
use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, bold, cargo, green, heading, make_directory, write};
use crate::tools::{self, Terraform};

const CONFIGURATION: &str = r#"
provider "cams" {
  cust_space_id = "cams-demo"
}

variable "numbers" {
  type    = set(string)
  default = ["13900001234", "13900001235", "13900001236"]
}

variable "register" {
  type    = bool
  default = false
}

variable "codes" {
  type      = map(string)
  default   = {}
  sensitive = true
  ephemeral = true
}

resource "cams_number_migration" "number" {
  for_each      = var.numbers
  country_code  = "86"
  mobile_number = each.key
}

resource "cams_number_verification_code" "number" {
  for_each     = cams_number_migration.number
  phone_number = each.value.phone_number
}

resource "cams_number_registration" "number" {
  for_each       = var.register ? var.numbers : []
  phone_number   = "86${each.key}"
  verify_code_wo = lookup(var.codes, each.key, null)
}
"#;

/// The numbers in the configuration.
const NUMBERS: [&str; 3] = ["13900001234", "13900001235", "13900001236"];

pub(crate) fn run() -> Result<()> {
    // Find the CLI before the long build, to report a missing CLI immediately.
    let terraform = tools::terraform()?;
    println!("{terraform}");
    if terraform.numbers() < (1, 11) {
        return Err("the demo needs Terraform 1.11 or OpenTofu 1.11, or a later version".into());
    }
    heading("Build the provider and the emulator (takes some minutes the first time)");
    shell::run(cargo().args(["build", "--release", "--workspace", "--bins"]))?;

    let directory = shell::temporary_directory()?;
    heading("Start the emulator, which stands in for CAMS on this machine");
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
    // The state of the quota, which all processes of a user share, is also in the temporary
    // directory, so that the demo leaves no files behind.
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
    step(&cli, "Show the plan", &["plan", "-out=tfplan"])?;
    step(
        &cli,
        "Start the three migrations, and send a code to each phone",
        &["apply", "tfplan"],
    )?;

    register(&cli, &emulator, &work.join("codes.tfvars.json"))?;
    step(
        &cli,
        "Destroy: removes the numbers from the state, and leaves them as they are at CAMS",
        &["destroy", "-auto-approve"],
    )?;

    heading("Done");
    println!(
        "{} Took three numbers to CONNECTED, one of them with a wrong code at first, adopted one again \
         and destroyed all of them, without a call to the real CAMS.\n\n\
         Next steps:\n  \
         cargo xtask test                                  run all tests\n  \
         cargo run --bin cams-emulator -- --help\n  \
         {:50}run the emulator with other quotas, delays and faults\n  \
         docs/guides/migrate-in-bulk.md                    migrate the numbers of a file\n  \
         docs/guides/doctor.md                             check your own account",
        green("✓"),
        ""
    );
    Ok(())
}

/// Shows the part of the doctor's report about the account. Omits the part about undocumented
/// behaviour of the service.
fn doctor(environment: &[(&str, &str)]) -> Result<()> {
    heading("Check the account (read-only)");
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
    // The paragraphs of the report: the title, the account, and the sections about the service.
    let account: Vec<&str> = report.split("\n\n").take(2).collect();
    println!(
        "{}\n\n(the sections about the service are omitted here)",
        account.join("\n\n")
    );
    Ok(())
}

/// Creates a filesystem mirror with the provider, in the layout that `terraform init` expects.
fn mirror(terraform: &Terraform, directory: &Path) -> Result<PathBuf> {
    let mirror = directory.join("mirror");
    let version = env!("CARGO_PKG_VERSION");
    let directory = mirror
        .join(cli::address(terraform))
        .join(version)
        .join(dist::platform());
    make_directory(&directory)?;
    let name = format!("terraform-provider-cams_v{version}");
    let (from, to) = (
        binary("release", "terraform-provider-cams"),
        directory.join(name),
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

/// Registers the numbers with the codes of the emulator, which are written to `file`: first with a
/// wrong one, then with the right ones, and then once more after a number was removed from the state.
fn register(cli: &Cli, emulator: &Emulator, file: &Path) -> Result<()> {
    let codes = codes(emulator)?;
    let mut wrong = codes.clone();
    wrong.insert(NUMBERS[0].to_owned(), "000000".into());
    let register = [
        "apply",
        "-auto-approve",
        "-var=register=true",
        "-var-file=codes.tfvars.json",
    ];
    heading("The phones have received their codes; the first one is written down wrong");
    write(file, &json!({ "codes": wrong }).to_string())?;
    print!("{}", shell::read(file)?);
    fails(
        cli,
        "Register the numbers: the wrong code fails its number alone",
        &register,
    )?;
    write(file, &json!({ "codes": codes }).to_string())?;
    step(
        cli,
        "Apply again with the right code: only the number that failed is registered",
        &register,
    )?;
    let one = "cams_number_registration.number[\"13900001234\"]";
    step(cli, "Show one of them", &["state", "show", one])?;
    let plan = ["plan", "-detailed-exitcode", "-var=register=true"];
    step(cli, "Plan again, without codes: no changes", &plan)?;
    step(cli, "Remove a number from the state", &["state", "rm", one])?;
    step(
        cli,
        "Apply again: the provider adopts the number and does not register it a second time",
        &["apply", "-auto-approve", "-var=register=true"],
    )
}

/// The code that each phone received last, by number.
fn codes(emulator: &Emulator) -> Result<Map<String, Value>> {
    let code = |number: &str| {
        let sent = emulator.get(&format!("codes/86{number}"))?;
        let sent: Value = serde_json::from_str(&sent).map_err(|error| error.to_string())?;
        Ok((number.to_owned(), sent["code"].clone()))
    };
    NUMBERS.into_iter().map(code).collect()
}

/// Prints a heading and the command line, and runs the CLI, which must fail.
fn fails(cli: &Cli, title: &str, arguments: &[&str]) -> Result<()> {
    match step(cli, title, arguments) {
        Ok(()) => Err("the apply with a wrong code did not fail".into()),
        Err(_) => Ok(()),
    }
}

/// Prints a heading and the command line, and runs the CLI.
fn step(cli: &Cli, title: &str, arguments: &[&str]) -> Result<()> {
    heading(title);
    println!("{}\n", bold(&command_line(&cli.name(), arguments)));
    let mut command = cli.command(arguments);
    shell::run(&mut command)
}

/// The command line as a user would type it.
fn command_line(program: &str, arguments: &[&str]) -> String {
    let quoted = arguments
        .iter()
        .map(|argument| match argument.contains(['"', '[', ' ']) {
            true => format!("'{argument}'"),
            false => (*argument).to_owned(),
        });
    let words: Vec<String> = quoted.collect();
    format!("$ {program} {}", words.join(" "))
}
