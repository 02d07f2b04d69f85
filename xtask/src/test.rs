//! `cargo xtask test`: runs all checks that must pass before a change is merged.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, cargo, green, heading, red, root, target};
use crate::tools::Terraform;
use crate::{dependencies, docs, instructions, tools};

/// A step of the command: its name and its function.
type Step = (&'static str, fn() -> Result<()>);

/// All steps before the tests, in order.
const STEPS: &[Step] = &[
    ("Tools", tools_present),
    ("Format", format),
    ("Dependencies", dependencies::step),
    ("Clippy", clippy),
    ("Programs of the benchmarks", programs_of_benchmarks),
    ("Build", shell::build),
    ("Documentation up to date", docs::check),
    ("API documentation", api_documentation),
    ("Documentation tests", doc_tests),
    ("Instruction counts", instructions::check),
    ("Official SDK and short soaks", sdk_and_soaks),
];

/// The flags of each emulator that the official SDK is tested with. Together they cover every
/// answer that a flag can select.
const INTEROP: &[&[&str]] = &[
    &[],
    &[
        "--security-token",
        "interop-token",
        "--missing-number=null-data",
        "--migrating-listed-as=MIGRATING",
        "--deleted-rows=drop",
        "--on-repeat=same",
        "--number-form=dialled",
        "--accepted-forms=all",
        "--absent=empty",
    ],
    &[
        "--missing-number=not-verified",
        "--migrating-listed-as=PENDING",
        "--on-repeat=new-id",
        "--ids=number",
        "--absent=null",
    ],
    // The seed must be odd: with an even seed, a sparse list contains a row that is not an object,
    // which the SDK cannot read.
    &[
        "--missing-number=empty-data",
        "--migrating-listed-as=UNVERIFIED",
        "--answers=sparse",
        "--seed=1",
    ],
    &[
        "--missing-number=no-data",
        "--repeat-code=Phone.There",
        "--answers=sparse",
        "--seed=1",
        "--ids=number",
    ],
    &["--missing-number=not-verified", "--accepted-forms=all"],
    &["--number-form=dialled"],
    &["--missing-code=Phone.Gone", "--missing-status=404"],
    &["--missing-code=Phone.Gone", "--missing-status=200"],
    &["--not-subscribed"],
    &["--deny=QueryChatappPhoneNumbers"],
];

/// The CLI test of `cargo xtask test --quick`.
const CLI_TEST: &str = "cli::lifecycle::a_number_is_planned_applied_kept_and_forgotten";

/// Runs all steps. The tests run last, so that the output ends with their summary.
pub(crate) fn run() -> Result<()> {
    let mut passed = Vec::new();
    for (name, step) in STEPS {
        heading(name);
        let started = Instant::now();
        step().map_err(|error| format!("{name}: {error}"))?;
        passed.push(format!(
            "  {} {name} ({:.1} s)",
            green("✓"),
            started.elapsed().as_secs_f64()
        ));
    }
    heading("Passed steps");
    println!("{}", passed.join("\n"));
    heading("Unit and integration tests");
    tests()
}

/// Runs only the tests that depend on the CLI, with each CLI.
pub(crate) fn with_clis() -> Result<()> {
    heading("Tests that depend on the CLI");
    shell::build()?;
    let clis = tools::clis()?;
    test_with(&clis, |_| CLI_ONLY)
}

/// Runs the checks that find most mistakes in little time, for use between two edits.
pub(crate) fn quick() -> Result<()> {
    heading("Tools");
    let cli = tools::terraform()?;
    println!("{cli}\n{}", tools::redis()?.display());
    for (name, step) in [("Format", format as fn() -> _), ("Clippy", clippy)] {
        heading(name);
        step()?;
    }
    heading("Build");
    let tests = test_programs()?;
    heading("Unit tests");
    for test in tests.iter().filter(|test| test.kind != "test") {
        shell::run(test.command().arg("--quiet"))?;
    }
    heading("One test with the CLI");
    let black_box = tests.iter().find(|test| test.name == "it");
    let mut command = black_box
        .ok_or("cargo did not build the test it")?
        .command();
    shell::run(
        command
            .args(["--exact", CLI_TEST])
            .env("CAMS_TEST_CLI", &cli.path),
    )
}

/// A program with tests that cargo has built.
struct TestProgram {
    /// What it tests: `lib`, `bin`, or `test` for integration tests.
    kind: String,
    name: String,
    path: PathBuf,
    package: PathBuf,
}

impl TestProgram {
    /// A command that runs the program where cargo runs it.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.package);
        command
    }
}

/// Builds all programs with tests. To build only some of them, cargo would have to be called with
/// other packages, for which it compiles dependencies with other features.
fn test_programs() -> Result<Vec<TestProgram>> {
    let build = ["test", "--workspace", "--tests", "--no-run", "--quiet"];
    let messages = shell::output(
        cargo()
            .args(build)
            .arg("--message-format=json-render-diagnostics"),
    )?;
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = messages.filter(|message| message["profile"]["test"] == true);
    let programs = programs.filter_map(|message| {
        let target = &message["target"];
        Some(TestProgram {
            kind: target["kind"][0].as_str()?.to_owned(),
            name: target["name"].as_str()?.to_owned(),
            path: message["executable"].as_str()?.into(),
            package: Path::new(message["manifest_path"].as_str()?)
                .parent()?
                .into(),
        })
    });
    Ok(programs.collect())
}

fn tools_present() -> Result<()> {
    for cli in tools::clis()? {
        println!("{cli}");
    }
    for tool in [tools::python()?, tools::redis()?] {
        println!("{}", tool.display());
    }
    if instructions::IS_COUNTED {
        println!("{}", tools::valgrind()?.display());
    }
    Ok(())
}

/// Checks the code of this workspace, and of those that are not a part of it.
fn format() -> Result<()> {
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml", "benches/peers/Cargo.toml"] {
        let format = format!("fmt --all --manifest-path {manifest}");
        shell::run(cargo().args(format.split(' ')).arg("--check"))
            .map_err(|_| format!("the code is not formatted; run cargo {format}"))?;
    }
    Ok(())
}

fn clippy() -> Result<()> {
    let everything = ["clippy", "--workspace", "--all-targets"];
    shell::run(cargo().args(everything).args(["--", "--deny", "warnings"]))
}

/// Checks the programs of the benchmarks that need no other compiler. They have a workspace of their own,
/// and include code of this one.
fn programs_of_benchmarks() -> Result<()> {
    let check = "check --quiet --locked --package canned --package client --manifest-path";
    let mut command = cargo();
    command
        .args(check.split(' '))
        .arg("benches/peers/Cargo.toml");
    shell::run(command.arg("--target-dir").arg(target()))
}

/// Renders the documentation of all crates, without warnings such as broken links. With the examples,
/// cargo uses the dependencies that Clippy has compiled, instead of compiling some of them again with
/// fewer features.
fn api_documentation() -> Result<()> {
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--quiet"]);
    doc.args(["--lib", "--examples", "--bin", "xtask"]);
    shell::run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn doc_tests() -> Result<()> {
    shell::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]))
}

/// Tests the emulator with the official SDK, and runs both short soaks meanwhile: each of them waits for
/// a part of its time. The soaks are processes of their own, so that their outputs do not mix.
fn sdk_and_soaks() -> Result<()> {
    let program = binary("debug", "xtask");
    let soaks: [&[&str]; 2] = [&["soak", "--short"], &["soak", "credentials", "--short"]];
    thread::scope(|scope| {
        let soaks = soaks.map(|arguments| {
            let mut soak = Command::new(&program);
            soak.args(arguments);
            scope.spawn(move || shell::output(&mut soak))
        });
        interop()?;
        for soak in soaks {
            print!("{}", soak.join().map_err(|_| "a panic")??);
        }
        Ok(())
    })
}

fn interop() -> Result<()> {
    let python = virtual_environment()?;
    let credentials = root().join("tests/interop/credentials.py");
    shell::run(Command::new(&python).arg(credentials))?;
    let script = root().join("tests/interop/interop.py");
    let emulator = binary("debug", "cams-emulator");
    let test = |flags: &[&str]| {
        let emulator = Emulator::start(&emulator, flags)?;
        let mut command = Command::new(&python);
        command.arg(&script).arg(&emulator.url).args(flags);
        shell::output(&mut command)
    };
    // Most of the time, Python loads the SDK: two at once use two cores.
    for pair in INTEROP.chunks(2) {
        let outputs = thread::scope(|scope| {
            let tests: Vec<_> = pair
                .iter()
                .map(|flags| scope.spawn(|| test(flags)))
                .collect();
            tests
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect::<Vec<_>>()
        });
        for (flags, output) in pair.iter().zip(outputs) {
            println!("cams-emulator {}", flags.join(" "));
            print!("{}", output.map_err(|_| "a panic".to_owned())??);
        }
    }
    Ok(())
}

/// The path of a Python with the official SDK. Creates its virtual environment once for each
/// version of the requirements.
fn virtual_environment() -> Result<PathBuf> {
    let requirements = root().join("tests/interop/requirements.txt");
    let text = shell::read(&requirements)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let directory = target().join(format!("interop-{:016x}", hasher.finish()));
    let python = directory.join("bin/python");
    let complete = directory.join("complete");
    if !complete.exists() {
        shell::output(
            Command::new(tools::python()?)
                .args(["-m", "venv", "--clear"])
                .arg(&directory),
        )?;
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ];
        shell::output(Command::new(&python).args(install).arg(&requirements))?;
        shell::write(&complete, "")?;
    }
    Ok(python)
}

/// Runs all tests with the first CLI, and the tests that depend on the CLI with every other CLI.
fn tests() -> Result<()> {
    test_with(&tools::clis()?, |position| match position {
        0 => EVERYTHING,
        _ => CLI_ONLY,
    })
}

/// Runs tests with each CLI. `selection` returns the tests for the CLI at a position.
fn test_with(clis: &[Terraform], selection: impl Fn(usize) -> Selection) -> Result<()> {
    let left_out = target().join("left-out.txt");
    // An earlier run may have left the file behind.
    let _ = std::fs::remove_file(&left_out);
    let mut outcomes = Vec::new();
    for (position, cli) in clis.iter().enumerate() {
        println!("\nWith {cli}");
        let mut command = cargo();
        command
            .args(["test", "--no-fail-fast"])
            .args(selection(position));
        command.env("CAMS_TEST_CLI", &cli.path);
        command.env("CAMS_TEST_LEFT_OUT", &left_out);
        if std::env::var_os("RUST_TEST_THREADS").is_none() {
            // Most of these tests wait: for the quota, for a process, or for time to pass.
            let cores = thread::available_parallelism().map_or(1, usize::from);
            command.env("RUST_TEST_THREADS", (2 * cores).to_string());
        }
        outcomes.push(shell::run(&mut command));
    }
    heading("Results by CLI");
    for (cli, outcome) in clis.iter().zip(&outcomes) {
        let mark = match outcome {
            Ok(()) => green("✓"),
            Err(_) => red("✗"),
        };
        println!("  {mark} {cli}");
    }
    if let Ok(lines) = std::fs::read_to_string(&left_out) {
        print!("{lines}");
    }
    outcomes.into_iter().collect()
}

/// The arguments of `cargo test` that select tests.
type Selection = &'static [&'static str];

const EVERYTHING: Selection = &["--workspace", "--tests"];
/// The tests of settings do not depend on the CLI, so they run only with the first one.
const CLI_ONLY: Selection = &[
    "--workspace",
    "--test",
    "it",
    "--",
    "cli::",
    "--skip",
    "cli::settings::",
];
