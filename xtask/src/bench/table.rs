//! The table of all measurements, each beside its floor and its peers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::dist;
use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, heading, make_directory, root, target, write};
use crate::tools::{self, Terraform};

use super::plot;
use super::programs::{Programs, argument};
use super::runs::{self, Size};
use super::samples::{Column, Samples};

/// How much is measured.
pub(crate) struct Plan {
    sizes: &'static [Size],
    starts: usize,
    rounds: usize,
    is_full: bool,
}

impl Plan {
    pub(crate) const FULL: Self = Self {
        sizes: &[
            size(100, 5, 3),
            Size {
                plans: 11,
                ..size(1000, 5, 2)
            },
            Size {
                applies_peers: false,
                refreshes: 1,
                ..size(5000, 3, 1)
            },
        ],
        starts: 40,
        rounds: 4,
        is_full: true,
    };
    pub(crate) const QUICK: Self = Self {
        sizes: &[size(100, 3, 1), size(1000, 1, 1)],
        starts: 10,
        rounds: 2,
        is_full: false,
    };
    /// For the comparison with another build.
    pub(crate) const BEFORE: Self = Self {
        sizes: &[size(1000, 5, 1)],
        starts: 40,
        rounds: 5,
        is_full: false,
    };
}

const fn size(numbers: usize, plans: usize, applies: usize) -> Size {
    Size {
        numbers,
        plans,
        refreshes: plans,
        applies,
        applies_peers: true,
    }
}

/// The most calls of each RPC in each round. Programs that are slower make fewer.
const CALLS: &str = "5000";
/// The calls of each RPC under valgrind, which is some fifty times slower.
const COUNTED: &str = "50";

/// Measures the provider beside the peers, or beside another build of it.
pub(crate) fn run(plan: &Plan, before: Option<&str>) -> Result<()> {
    if cfg!(not(target_os = "linux")) {
        return Err(
            "this benchmark needs Linux: it reads memory and processor time in /proc".into(),
        );
    }
    let terraform = tools::terraform()?;
    if plan.is_full {
        tools::valgrind()?;
    }
    heading("Build the provider and its peers (takes some minutes the first time)");
    let mut programs = Programs::build(before)?;
    let directory = shell::temporary_directory()?;
    let environment = environment(directory.path())?;
    let mut samples = Samples::default();

    record(&environment, &programs)?;
    programs.keep(|argument| client(&environment, &["calls", "1", "1"], &[argument]).map(drop));
    heading("Starts");
    samples.heading("Start and size");
    for (column, program) in &programs.built {
        let size = fs::metadata(program).map_err(|error| error.to_string())?;
        samples.add("binary, MB", *column, size.len() as f64 / 1e6);
    }
    let floor = format!("floor={}", binary("release", "line").display());
    let all: Vec<String> = [vec![floor], programs.arguments()].concat();
    samples.add_lines(&client(
        &environment,
        &["start", &plan.starts.to_string()],
        &all,
    )?)?;
    heading("Plans, applies and refreshes with the CLI");
    samples.heading("Terraform with numbers");
    runs::measure(
        &terraform,
        &programs.built,
        &environment,
        plan.sizes,
        &mut samples,
    )?;
    if let Some((_, ours)) = programs.built.first().filter(|_| plan.is_full) {
        samples.heading("The service's choices and the quota");
        runs::settings(&terraform, ours, &environment, &mut samples)?;
    }
    heading("Calls");
    samples.heading("Calls per second");
    let rounds = plan.rounds.to_string();
    let calls = client(
        &environment,
        &["calls", &rounds, CALLS],
        &programs.arguments(),
    )?;
    samples.add_lines(&calls)?;
    let mut notes = programs.missing.clone();
    if plan.is_full {
        heading("Instructions");
        samples.heading("Instructions");
        for counted in instructions(&environment, &programs) {
            match counted {
                Ok(lines) => samples.add_lines(&lines)?,
                Err(error) => notes.push(format!("instructions per call: {error}")),
            }
        }
    }
    report(plan, &terraform, &samples, &notes)
}

/// The instructions of the calls of each program, counted for all at once: the counts do not depend on
/// the load of the machine.
fn instructions(environment: &[(&str, String)], programs: &Programs) -> Vec<Result<String>> {
    let count = |(column, path): &(Column, PathBuf)| match column {
        Column::Go => Err("Go's runtime does not run under valgrind".to_owned()),
        _ => client(
            environment,
            &["instructions", COUNTED],
            &[argument(*column, path)],
        ),
    };
    thread::scope(|scope| {
        let programs = programs.built.iter();
        let counts: Vec<_> = programs
            .map(|program| scope.spawn(move || count(program)))
            .collect();
        let counts = counts.into_iter().map(thread::ScopedJoinHandle::join);
        counts
            .map(|counted| counted.unwrap_or_else(|_| Err("a panic".to_owned())))
            .collect()
    })
}

/// The variables of the provider and of `canned`.
fn environment(directory: &Path) -> Result<Vec<(&'static str, String)>> {
    let state = directory.join("state").display().to_string();
    make_directory(&target().join("bench"))?;
    let recording = target().join("bench/recording").display().to_string();
    Ok(vec![
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator".to_owned()),
        (
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "emulator-secret".to_owned(),
        ),
        ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true".to_owned()),
        ("CAMS_THROTTLE_STATE_DIRECTORY", state),
        ("CANNED", recording),
    ])
}

/// Runs the measuring client with an emulator that is no limit.
fn client(
    environment: &[(&str, String)],
    command: &[&str],
    arguments: &[String],
) -> Result<String> {
    let emulator = Emulator::start(&binary(dist::PROFILE, dist::EMULATOR), &runs::UNLIMITED)?;
    let mut client = Command::new(binary("release", "client"));
    client
        .args(command)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CAMS_ENDPOINT", &emulator.url)
        .env("CAMS_THROTTLE_REQUESTS_PER_SECOND", "250")
        .envs(environment.iter().map(|(name, value)| (name, value)));
    shell::output(&mut client)
}

/// Records the answers of the provider for `canned`.
fn record(environment: &[(&str, String)], programs: &Programs) -> Result<()> {
    let recording = environment.iter().find(|(name, _)| *name == "CANNED");
    let file = recording.map(|(_, file)| file.clone()).unwrap_or_default();
    let provider = programs.built.first().map(|(_, path)| path.display());
    let provider = provider.ok_or("no provider")?.to_string();
    client(environment, &["record"], &[provider, file]).map(drop)
}

/// Prints the table, and writes it and the plots after a full run.
fn report(plan: &Plan, terraform: &Terraform, samples: &Samples, notes: &[String]) -> Result<()> {
    let mut text = format!("# Results\n\n{}\n{}", machine(terraform), samples.tables());
    // The results are committed. A command that failed is quoted without the path of the repository.
    let root_path = format!("{}/", root().display());
    for note in notes {
        let note = note.replace(&root_path, "");
        text.push_str(&format!("\nNot measured: {note}\n"));
    }
    heading("Results");
    println!("{text}");
    if !plan.is_full {
        return Ok(());
    }
    let directory = root().join("benches/results");
    make_directory(&directory)?;
    write(&directory.join("README.md"), &text)?;
    for (name, rows) in plot::PLOTS {
        write(&directory.join(name), &plot::draw(samples, rows))?;
    }
    Ok(())
}

/// The machine and the CLI of the run.
fn machine(terraform: &Terraform) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let information = read("/proc/cpuinfo");
    let processor = information
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|name| name.trim_start_matches(['\t', ' ', ':']));
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {cores} cores, {} {}, {}.",
        processor.unwrap_or("unknown processor"),
        std::env::consts::OS,
        read("/proc/sys/kernel/osrelease").trim(),
        terraform.version
    )
}
