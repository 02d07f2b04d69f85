//! Runs programs, reads and writes files, and prints. Errors name the command or file that failed.

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The result of a step. The error is a message for the user.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// The project's root directory.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace is above this package")
}

/// Cargo's target directory: this program is in `TARGET/TRIPLE/PROFILE`.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let target = own.ancestors().nth(3);
    target.map_or_else(|| root().join("target"), PathBuf::from)
}

/// The same `cargo` that runs this program, in the project's root directory.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds all binaries and tests. A build without the tests would enable other features of some
/// dependencies, and would compile those twice.
pub(crate) fn build() -> Result<()> {
    run(cargo().args(["test", "--workspace", "--no-run", "--quiet"]))
}

/// The path of a binary that was built with this profile. Cargo puts it beside this program's directory.
pub(crate) fn binary(profile: &str, name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let directory = own.ancestors().nth(2).map_or_else(target, PathBuf::from);
    directory.join(profile).join(name)
}

/// Runs a command, which inherits stdout and stderr.
///
/// # Errors
///
/// If the command fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| cannot_run(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed: {status}", command_line(command)))
    }
}

/// Runs a command and returns its stdout. Prints the output only if the command fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| cannot_run(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    eprint!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Err(format!(
        "{} failed: {}",
        command_line(command),
        output.status
    ))
}

/// A figure of the memory of a process in MiB, by its key such as `VmRSS:`, if the system reports it.
pub(crate) fn memory(process: u32, key: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Whether a command succeeds. Discards its output.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let output = command.stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}

/// The first program of this name on the `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// The sorted paths of what is in a directory; none if the directory does not exist.
pub(crate) fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let cannot = |error| format!("cannot read {}: {error}", directory.display());
    let entries = fs::read_dir(directory).map_err(cannot)?;
    let paths: std::io::Result<Vec<_>> = entries.map(|it| Ok(it?.path())).collect();
    let mut paths = paths.map_err(cannot)?;
    paths.sort();
    Ok(paths)
}

/// Reads a file as text.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes a file, and replaces an existing one.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Creates a directory and its missing parent directories.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| format!("cannot create {}: {error}", path.display()))
}

/// Creates a directory that is removed when the returned value is dropped.
pub(crate) fn temporary_directory() -> Result<TempDir> {
    tempfile::tempdir().map_err(|error| format!("cannot create a directory: {error}"))
}

/// Prints the heading of a step.
pub(crate) fn heading(text: &str) {
    println!("\n{}", paint("1;36", &format!("── {text} ")));
}

pub(crate) fn red(text: &str) -> String {
    paint("1;31", text)
}

pub(crate) fn green(text: &str) -> String {
    paint("1;32", text)
}

pub(crate) fn bold(text: &str) -> String {
    paint("1", text)
}

/// The text with an ANSI code for colour or weight.
fn paint(code: &str, text: &str) -> String {
    if colours() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Whether to print colours: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The command line as a user would type it.
fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot_run(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run {}: {error}", command_line(command))
}
