//! Runs of the CLI with each program, by turns.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cli::{Cli, REQUIRED_PROVIDERS};
use crate::dist;
use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, make_directory, write};
use crate::tools::Terraform;

use super::samples::{Column, Samples};

/// The numbers, for a provider. With `for_each` over a set, core itself needs a time that grows with
/// the square of the count.
const NUMBERS: &str = r#"
variable "numbers" {
  type = number
}

variable "space" {
  type    = string
  default = "cams-bench"
}

provider "cams" {
  cust_space_id = var.space
}

resource "cams_number_migration" "number" {
  count         = var.numbers
  country_code  = "86"
  mobile_number = format("139%08d", count.index)
}
"#;
/// As many resources that Terraform's core has itself.
const CORE_ALONE: &str = r#"
variable "numbers" {
  type = number
}

resource "terraform_data" "number" {
  count = var.numbers
  input = format("139%08d", count.index)
}
"#;
/// How often the memory of a provider is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// An emulator that is no limit.
pub(crate) const UNLIMITED: [&str; 2] = ["--quota", "100000/1s"];

/// A directory in which the CLI uses one program.
struct Workspace {
    column: Column,
    /// The provider, whose memory is measured.
    program: Option<PathBuf>,
    directory: PathBuf,
}

/// The cost of one run of the CLI.
struct Cost {
    seconds: f64,
    /// The time of the CLI and its providers on all processors.
    cpu_seconds: f64,
    /// The most memory that a provider had.
    peak_mib: f64,
}

/// A number of phone numbers, and how often it is measured.
pub(crate) struct Size {
    pub(crate) numbers: usize,
    pub(crate) plans: usize,
    pub(crate) refreshes: usize,
    pub(crate) applies: usize,
    /// Whether the peers are applied too. Core writes the state after each resource, so that 5,000
    /// take minutes.
    pub(crate) applies_peers: bool,
}

/// Plans new numbers, applies them and plans again, which refreshes them.
pub(crate) fn measure(
    terraform: &Terraform,
    programs: &[(Column, PathBuf)],
    environment: &[(&str, String)],
    sizes: &[Size],
    samples: &mut Samples,
) -> Result<()> {
    let directory = shell::temporary_directory()?;
    let mut workspaces = vec![Workspace::new(directory.path(), Column::Floor, None)?];
    for (column, program) in programs {
        let program = program.canonicalize().map_err(|error| error.to_string())?;
        workspaces.push(Workspace::new(directory.path(), *column, Some(program))?);
    }
    for size in sizes {
        let is_peer = |it: &&Workspace| matches!(it.column, Column::TfProvider | Column::Go);
        let applied = |it: &&Workspace| size.applies_peers || !is_peer(it);
        let mut run = |emulator: &Emulator, workspace: &Workspace, name: &str, arguments: &str| {
            let (column, row) = (workspace.column, format!("{name} {}", size.numbers));
            let mut variables = with_emulator(environment, emulator);
            // A number can be migrated into a space once.
            let space = format!("cams-{}", column.name().replace(' ', "-"));
            variables.push(("TF_VAR_space", space));
            emulator.take("requests")?;
            let cost = workspace.run(terraform, &variables, arguments, size.numbers)?;
            samples.add(&format!("{row}, s"), column, cost.seconds);
            samples.add(&format!("{row}, CPU s"), column, cost.cpu_seconds);
            if column != Column::Floor {
                samples.add(&format!("{row}, peak MiB"), column, cost.peak_mib);
            }
            if matches!(column, Column::Ours | Column::Before) {
                samples.add(&format!("{row}, API calls"), column, calls(emulator)?);
            }
            Ok::<_, String>(())
        };
        let start = || Emulator::start(&binary(dist::PROFILE, dist::EMULATOR), &UNLIMITED);
        let mut emulator = start()?;
        for workspace in &workspaces {
            workspace.clear()?;
        }
        for _ in 0..size.plans {
            for workspace in &workspaces {
                run(&emulator, workspace, "plan of", "plan")?;
            }
        }
        for _ in 0..size.applies {
            emulator = start()?;
            for workspace in workspaces.iter().filter(applied) {
                workspace.clear()?;
                run(&emulator, workspace, "apply of", "apply -auto-approve")?;
            }
        }
        for _ in 0..size.refreshes {
            for workspace in workspaces.iter().filter(applied) {
                run(&emulator, workspace, "refresh and plan of", "plan")?;
            }
        }
    }
    Ok(())
}

/// Counts the calls of a refresh of old numbers for each choice that the service has about numbers
/// that migrate, and about numbers that are absent. Then applies with the default quota, twice.
pub(crate) fn settings(
    terraform: &Terraform,
    program: &Path,
    environment: &[(&str, String)],
    samples: &mut Samples,
) -> Result<()> {
    const MANY: usize = 1000;
    const FEW: usize = 50;
    let directory = shell::temporary_directory()?;
    let program = program.canonicalize().map_err(|error| error.to_string())?;
    let workspace = |name: &str| {
        let parent = directory.path().join(name);
        make_directory(&parent)?;
        Workspace::new(&parent, Column::Ours, Some(program.clone()))
    };
    let start = |flags: &[&str]| Emulator::start(&binary(dist::PROFILE, dist::EMULATOR), flags);

    let old = workspace("old")?;
    let present = start(&UNLIMITED)?;
    let variables = with_emulator(environment, &present);
    old.run(terraform, &variables, "apply -auto-approve", MANY)?;
    old.age()?;
    let absent = start(&UNLIMITED)?;
    // The first process of all looks up the account.
    let variables = with_emulator(environment, &absent);
    old.run(terraform, &variables, "plan", MANY)?;
    // The first value of each is the default.
    let choices: [(&Emulator, &str, &str, &[&str]); 4] = [
        (
            &present,
            "present",
            "migrating_listed_as",
            &["absent", "MIGRATING", "PENDING", "UNVERIFIED"],
        ),
        (&present, "present", "list_follows", &["sync", "meta"]),
        (
            &absent,
            "absent",
            "missing_number",
            &[
                "refusal",
                "empty-data",
                "no-data",
                "null-data",
                "not-verified",
            ],
        ),
        (
            &absent,
            "absent",
            "missing_code",
            &["InvalidParameter.PhoneNumberError", "MobileNumber.NotFound"],
        ),
    ];
    for (emulator, are, key, values) in choices {
        let choose = |value| emulator.put("behaviour", &json!({ key: value }).to_string());
        for value in values {
            choose(value)?;
            emulator.take("requests")?;
            let variables = with_emulator(environment, emulator);
            old.run(terraform, &variables, "plan", MANY)?;
            let row =
                format!("refresh of {MANY} old numbers that are {are}, {key}: {value}, API calls");
            samples.add(&row, Column::Ours, calls(emulator)?);
        }
        choose(&values[0])?;
    }

    for machine in ["one", "two", "three"] {
        let workspace = workspace(machine)?;
        let emulator = start(&[])?;
        for order in ["first", "second"] {
            let mut variables = environment.to_vec();
            variables.push(("CAMS_ENDPOINT", emulator.url.clone()));
            variables.push(("TF_VAR_space", format!("cams-{order}")));
            workspace.clear()?;
            let cost = workspace.run(terraform, &variables, "apply -auto-approve", FEW)?;
            let row =
                format!("{order} apply of {FEW} on a machine, 10 calls/s of each operation, s");
            samples.add(&row, Column::Ours, cost.seconds);
        }
    }
    Ok(())
}

/// The variables of a provider that calls this emulator as fast as it may.
fn with_emulator<'a>(
    environment: &[(&'a str, String)],
    emulator: &Emulator,
) -> Vec<(&'a str, String)> {
    let mut variables = environment.to_vec();
    variables.push(("CAMS_ENDPOINT", emulator.url.clone()));
    variables.push(("CAMS_THROTTLE_REQUESTS_PER_SECOND", "250".to_owned()));
    variables
}

/// The API calls that arrived since the last question.
fn calls(emulator: &Emulator) -> Result<f64> {
    let journal: Value = serde_json::from_str(&emulator.take("requests")?)
        .map_err(|error| format!("the journal is not valid JSON: {error}"))?;
    let requests = journal.as_array().ok_or("the journal is not a list")?;
    Ok(requests.len() as f64)
}

impl Workspace {
    fn new(parent: &Path, column: Column, program: Option<PathBuf>) -> Result<Self> {
        let directory = parent.join(column.name());
        make_directory(&directory)?;
        let configuration = match &program {
            None => CORE_ALONE.to_owned(),
            Some(program) => {
                let link = directory.join("terraform-provider-cams");
                std::os::unix::fs::symlink(program, link)
                    .map_err(|error| format!("cannot link the provider: {error}"))?;
                format!("{REQUIRED_PROVIDERS}{NUMBERS}")
            }
        };
        write(&directory.join("main.tf"), &configuration)?;
        Ok(Self {
            column,
            program,
            directory,
        })
    }

    /// Forgets all numbers.
    fn clear(&self) -> Result<()> {
        let state = self.directory.join("terraform.tfstate");
        match state.exists() {
            true => fs::remove_file(state).map_err(|error| error.to_string()),
            false => Ok(()),
        }
    }

    /// Makes all numbers older than the hour in which the provider does not look them up.
    fn age(&self) -> Result<()> {
        let file = self.directory.join("terraform.tfstate");
        let mut state: Value = serde_json::from_str(&shell::read(&file)?)
            .map_err(|error| format!("the state is not valid JSON: {error}"))?;
        let resources = state["resources"].as_array_mut().into_iter().flatten();
        let instances = resources.filter_map(|resource| resource["instances"].as_array_mut());
        for instance in instances.flatten() {
            instance["private"] = json!(STANDARD.encode(r#"{"started_at":0}"#));
        }
        write(&file, &state.to_string())
    }

    fn run(
        &self,
        terraform: &Terraform,
        environment: &[(&str, String)],
        arguments: &str,
        count: usize,
    ) -> Result<Cost> {
        let mut cli = Cli::with_override(terraform, &self.directory, &self.directory)?;
        for (name, value) in environment {
            cli = cli.env(name, value);
        }
        let state = self.directory.join("state").display().to_string();
        cli = cli.env("CAMS_THROTTLE_STATE_DIRECTORY", &state);
        let numbers = format!("-var=numbers={count}");
        let arguments: Vec<&str> = arguments
            .split(' ')
            .chain(["-input=false", "-no-color", &numbers])
            .collect();
        let mut command = cli.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let memory = self.program.as_ref().map(|program| {
                let ended = &ended;
                scope.spawn(move || peak(program, ended))
            });
            let (cpu, started) = (cpu_seconds(), Instant::now());
            let status = command.status().map_err(|error| error.to_string());
            let seconds = started.elapsed().as_secs_f64();
            ended.store(true, Ordering::Relaxed);
            let peak = memory.and_then(|memory| memory.join().ok());
            match status? {
                status if status.success() => Ok(Cost {
                    seconds,
                    cpu_seconds: cpu_seconds() - cpu,
                    peak_mib: peak.unwrap_or_default(),
                }),
                status => Err(format!(
                    "{} with {} failed: {status}",
                    arguments.join(" "),
                    self.column.name()
                )),
            }
        })
    }
}

/// The most memory in MiB that a process of this program had, until the CLI ended.
fn peak(program: &Path, ended: &AtomicBool) -> f64 {
    let mut most = 0.0;
    while !ended.load(Ordering::Relaxed) {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let processes = entries.filter_map(|it| it.file_name().to_str()?.parse().ok());
        for process in processes {
            if fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|it| it == program) {
                let memory = shell::memory(process, "VmHWM:");
                most = f64::max(most, memory.unwrap_or_default());
            }
        }
        thread::sleep(LOOK);
    }
    most
}

/// The processor time of all processes that this one has started, and that have ended.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, which may have spaces, ends with the last bracket. The 14th and the
    // 15th field after it are cutime and cstime, in hundredths of a second on Linux.
    let fields = text.rsplit(')').next().unwrap_or_default();
    let times = fields.split_whitespace().skip(13).take(2);
    times.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0
}
