//! `cargo xtask soak`: migrates thousands of numbers with a service that fails at random, with the
//! real CLI and one provider process for the whole run. It fails if a number is lost or started
//! twice, and prints the memory of the process.

pub(crate) mod credentials;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::cli::{Cli, REQUIRED_PROVIDERS};
use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, green, heading, write};
use crate::tools;

const CONFIGURATION: &str = r#"
provider "cams" {
  cust_space_id = "cams-soak"
  throttle {
    requests_per_second = 200
  }
}

variable "numbers" {
  type = number
}

resource "cams_number_migration" "number" {
  count         = var.numbers
  country_code  = "86"
  mobile_number = format("139%08d", count.index)

  timeouts {
    create = "2m"
  }
}
"#;

/// The faults, by kind and by when they occur. Each has an equal part of [`SHARE_OF_ALL`].
const FAULTS: &[(&str, Option<&str>)] = &[
    ("reset_before_commit", None),
    ("reset_after_commit", None),
    ("reset_mid_body", None),
    ("status", Some("before_commit")),
    ("status", Some("after_commit")),
    ("truncated_json", None),
    ("wrong_types", None),
    ("empty_body", None),
    ("throttle", None),
    ("stale_list", None),
];
/// The share of all calls that fail.
const SHARE_OF_ALL: f64 = 0.02;

/// The size of a run.
pub(crate) struct Plan {
    /// The total number of phone numbers.
    numbers: usize,
    /// The number of applies, over which the numbers are spread evenly.
    applies: usize,
}

impl Plan {
    pub(crate) const LONG: Self = Self {
        numbers: 5000,
        applies: 20,
    };
    pub(crate) const SHORT: Self = Self {
        numbers: 1000,
        applies: 5,
    };
}

pub(crate) fn run(plan: &Plan) -> Result<()> {
    shell::build()?;
    heading(&format!(
        "Soak: {} numbers in {} applies; 2 % of the calls fail",
        plan.numbers, plan.applies
    ));
    let directory = shell::temporary_directory()?;
    let directory = directory.path();
    let faults = directory.join("faults.json");
    write(&faults, &faults_file().to_string())?;
    let faults = faults.display().to_string();
    let flags = ["--seed", "7", "--faults", &faults];
    let (emulator, provider, cli) = start(directory, CONFIGURATION, &flags)?;

    let mut memory = Vec::new();
    println!(
        "{:>5}  {:>8}  {:>8}  {:>7}  {:>12}",
        "apply", "numbers", "in state", "seconds", "provider MiB"
    );
    // The last applies have no new numbers. They find the numbers whose outcome earlier applies
    // could not determine.
    for apply in 1..=plan.applies + 3 {
        let numbers = plan.numbers * apply.min(plan.applies) / plan.applies;
        let started = Instant::now();
        let failed = apply_once(&cli, numbers)?.is_some();
        let stored = stored(directory)?;
        let mib = shell::memory(provider.child.id(), "VmRSS:").unwrap_or_default();
        memory.push(mib);
        println!(
            "{apply:>5}  {numbers:>8}  {stored:>8}  {:>7.1}  {mib:>12.1}",
            started.elapsed().as_secs_f64()
        );
        if apply >= plan.applies && !failed {
            break;
        }
    }
    check(plan, &emulator, directory, &memory)
}

/// Starts an emulator with these flags and a provider that uses it, and returns both with a CLI
/// that applies the configuration.
fn start(
    directory: &Path,
    configuration: &str,
    flags: &[&str],
) -> Result<(Emulator, Provider, Cli)> {
    let text = format!("{REQUIRED_PROVIDERS}{configuration}");
    write(&directory.join("main.tf"), &text)?;
    let service = ["--quota", "200/1s", "--latency", "4ms", "--jitter", "4ms"];
    let program = binary("debug", "cams-emulator");
    let emulator = Emulator::start(&program, &[&service, flags].concat())?;
    let provider = Provider::start(directory, &emulator.url)?;
    let binaries = program.parent().unwrap_or(directory);
    let cli = Cli::with_override(&tools::terraform()?, directory, binaries)?
        .env("TF_REATTACH_PROVIDERS", &provider.reattach)
        // The garbage collector takes a quarter of the CLI's time in a large apply.
        .env("GOGC", "400");
    Ok((emulator, provider, cli))
}

/// Runs `apply`, and returns the error output if the apply fails. An apply may fail, because the
/// provider does not repeat every failed call.
fn apply_once(cli: &Cli, numbers: usize) -> Result<Option<String>> {
    let numbers = format!("numbers={numbers}");
    let arguments = [
        "apply",
        "-auto-approve",
        "-no-color",
        "-input=false",
        "-parallelism=50",
        "-var",
        &numbers,
    ];
    let output = cli
        .command(&arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot apply: {error}"))?;
    match output.status.code() {
        Some(0) => Ok(None),
        Some(1) => Ok(Some(String::from_utf8_lossy(&output.stderr).into_owned())),
        _ => Err(format!(
            "apply ended with {}:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// Compares the journal of the emulator with the state.
fn check(plan: &Plan, emulator: &Emulator, directory: &Path, memory: &[f64]) -> Result<()> {
    let requests: Value = serde_json::from_str(&emulator.get("requests")?)
        .map_err(|error| format!("the journal is not valid JSON: {error}"))?;
    let requests = requests.as_array().ok_or("the journal is not a list")?;
    let mut started: BTreeMap<String, usize> = BTreeMap::new();
    for request in requests {
        if request["action"] == "CreateChatappMigrationInitiate" && request["committed"] == true {
            *started
                .entry(
                    request["phone_number"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                )
                .or_default() += 1;
        }
    }
    let twice = started.values().filter(|count| **count > 1).count();
    let stored = stored(directory)?;
    let (early, late) = (
        memory.get(1).copied().unwrap_or_default(),
        memory.last().copied().unwrap_or_default(),
    );
    println!(
        "\n{} calls; {} numbers started, {twice} of them twice; {stored} of {} in the state; \
         memory {early:.1} MiB after the second apply, {late:.1} MiB at the end",
        requests.len(),
        started.len(),
        plan.numbers
    );
    if stored != plan.numbers || started.len() != plan.numbers {
        return Err("numbers were lost".into());
    }
    if twice > 0 {
        return Err("numbers were started twice".into());
    }
    println!("{} No number was lost or started twice.", green("✓"));
    Ok(())
}

/// The content of the file of faults for the emulator.
fn faults_file() -> Value {
    let share = SHARE_OF_ALL / FAULTS.len() as f64;
    let faults = FAULTS.iter().enumerate().map(|(seed, (kind, when))| {
        let mut fault = json!({ "kind": kind, "probability": share, "seed": seed });
        if let Some(when) = when {
            fault["when"] = json!(when);
            fault["status"] = json!(503);
        }
        fault
    });
    faults.collect()
}

/// The number of phone numbers in the state file.
fn stored(directory: &Path) -> Result<usize> {
    let text =
        fs::read_to_string(directory.join("terraform.tfstate")).unwrap_or_else(|_| "{}".into());
    let state: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the state is not valid JSON: {error}"))?;
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    Ok(resources
        .iter()
        .filter_map(|resource| resource["instances"].as_array())
        .map(Vec::len)
        .sum())
}

/// A provider process that runs for the whole soak, so that a memory leak becomes visible.
struct Provider {
    child: Child,
    /// The value of `TF_REATTACH_PROVIDERS` that makes a CLI use this process.
    reattach: String,
}

impl Provider {
    fn start(directory: &Path, endpoint: &str) -> Result<Self> {
        let path = binary("debug", "terraform-provider-cams");
        let log = fs::File::create(directory.join("provider.out"))
            .map_err(|error| format!("cannot create a file: {error}"))?;
        let child = Command::new(&path)
            .arg("--debug")
            .env_clear()
            .env("CAMS_THROTTLE_STATE_DIRECTORY", directory.join("state"))
            .env("CAMS_ENDPOINT", endpoint)
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret")
            .stdin(Stdio::null())
            .stdout(log)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", path.display()))?;
        let mut provider = Self {
            child,
            reattach: String::new(),
        };
        for _ in 0..500 {
            let printed = fs::read_to_string(directory.join("provider.out")).unwrap_or_default();
            let setting = printed
                .split_once("TF_REATTACH_PROVIDERS='")
                .and_then(|(_, rest)| rest.split_once('\''));
            if let Some((reattach, _)) = setting {
                reattach.clone_into(&mut provider.reattach);
                return Ok(provider);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Err("the provider did not print TF_REATTACH_PROVIDERS".into())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
