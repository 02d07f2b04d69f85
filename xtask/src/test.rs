//! `cargo xtask test`: everything that must pass before a change lands.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::stdout;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::emulator::Emulator;
use crate::shell::{self, Result, binary, cargo, find, green, heading, red, root, target};
use crate::{docs, examples, soak, tools};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("Tools", tools_present),
    ("Format", format),
    ("Dependencies", dependencies),
    ("Clippy", clippy),
    ("Build", build),
    ("Documentation up to date", docs::check),
    ("Examples formatted and valid", examples),
    ("Official SDK against the emulator", interop),
    ("Documentation tests", doc_tests),
    ("Soak, the short one", soak),
];

/// The emulators that the official SDK meets: together they show each answer that a flag chooses.
const INTEROP: &[&[&str]] = &[
    &[],
    &[
        "--security-token",
        "interop-token",
        "--missing-number=null-data",
        "--migrating-listed-as=MIGRATING",
        "--deleted-rows=drop",
        "--on-repeat=same",
    ],
    &[
        "--missing-number=not-verified",
        "--migrating-listed-as=PENDING",
        "--on-repeat=new-id",
        "--ids=number",
    ],
    // The SDK cannot read the odd row that an even seed puts into sparse lists: it is no object.
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
    &["--missing-code=Phone.Gone", "--missing-status=404"],
    &["--missing-code=Phone.Gone", "--missing-status=200"],
    &["--not-subscribed"],
    &["--deny=QueryChatappPhoneNumbers"],
];

/// The tests proper come last: their summary ends the output.
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
    heading("So far");
    println!("{}", passed.join("\n"));
    heading("Unit and integration tests");
    tests()
}

fn tools_present() -> Result<()> {
    for tool in [tools::terraform()?, tools::python()?, tools::redis()?] {
        println!("{}", tool.display());
    }
    Ok(())
}

fn format() -> Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))
        .map_err(|_| "the code is not formatted; run cargo fmt --all".to_owned())
}

/// Licences, bans and sources of every crate in the tree, and advisories about them. The list of
/// advisories is fetched; where it can't be, they are said not to be checked.
fn dependencies() -> Result<()> {
    tools::cargo_deny()?;
    let check = |what: &[&str]| shell::run(cargo().args(["deny", "check"]).args(what));
    check(&["bans", "licenses", "sources"])
        .map_err(|_| "a dependency is not as deny.toml wants it".to_owned())?;
    let fetched = Command::new(find("cargo-deny").unwrap_or_default())
        .args(["fetch", "db"])
        .current_dir(root())
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if fetched {
        return check(&["--disable-fetch", "advisories"])
            .map_err(|_| "there are advisories about dependencies".to_owned());
    }
    println!(
        "{}",
        red("NOT CHECKED: advisories about dependencies. Their list can't be fetched from here.")
    );
    Ok(())
}

fn clippy() -> Result<()> {
    let everything = ["clippy", "--workspace", "--all-targets", "--all-features"];
    shell::run(cargo().args(everything).args(["--", "--deny", "warnings"]))
}

fn build() -> Result<()> {
    shell::run(cargo().args(["build", "--workspace", "--all-features"]))
}

fn examples() -> Result<()> {
    let folder = root().join("examples");
    let mut format = Command::new(tools::terraform()?);
    format.env_remove("TF_CLI_CONFIG_FILE");
    format.args(["fmt", "-check", "-recursive", "-diff"]);
    shell::run(format.arg(&folder)).map_err(|_| {
        "the examples are not formatted; run terraform fmt -recursive examples".to_owned()
    })?;
    examples::validate(&folder)
}

fn doc_tests() -> Result<()> {
    shell::run(cargo().args(["test", "--doc", "--all-features", "--quiet"]))
}

fn soak() -> Result<()> {
    soak::run(&soak::Plan::SHORT)
}

fn interop() -> Result<()> {
    let python = virtual_environment()?;
    let script = root().join("tests/interop/interop.py");
    let emulator = binary("debug", "cams-emulator");
    for flags in INTEROP {
        println!("cams-emulator {}", flags.join(" "));
        let emulator = Emulator::start(&emulator, flags)?;
        shell::run(
            Command::new(&python)
                .arg(&script)
                .arg(&emulator.url)
                .args(*flags),
        )?;
    }
    Ok(())
}

/// A Python with the official SDK, made once for each version of the requirements.
fn virtual_environment() -> Result<PathBuf> {
    let requirements = root().join("tests/interop/requirements.txt");
    let text = std::fs::read_to_string(&requirements)
        .map_err(|error| format!("{}: {error}", requirements.display()))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let directory = target().join(format!("interop-{:016x}", hasher.finish()));
    let python = directory.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
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
        std::fs::write(&complete, "")
            .map_err(|error| format!("{}: {error}", complete.display()))?;
    }
    Ok(python)
}

fn tests() -> Result<()> {
    let mut command = cargo();
    if find("cargo-nextest").is_some() {
        command.args([
            "nextest",
            "run",
            "--workspace",
            "--all-features",
            "--no-fail-fast",
        ]);
        // The runner writes its summary to stderr; whoever keeps our stdout wants it there.
        command.stderr(here()?);
    } else {
        command.args(["test", "--workspace", "--all-features", "--no-fail-fast"]);
    }
    shell::run(&mut command)
}

/// Our stdout, for another program.
#[cfg(unix)]
fn here() -> Result<Stdio> {
    use std::os::fd::AsFd;
    let stdout = stdout().as_fd().try_clone_to_owned();
    stdout
        .map(Stdio::from)
        .map_err(|error| format!("cannot share stdout: {error}"))
}

#[cfg(windows)]
fn here() -> Result<Stdio> {
    use std::os::windows::io::AsHandle;
    let stdout = stdout().as_handle().try_clone_to_owned();
    stdout
        .map(Stdio::from)
        .map_err(|error| format!("cannot share stdout: {error}"))
}
