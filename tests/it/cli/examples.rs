//! The examples that are whole configurations, each run with the real CLI.

mod bulk;
mod killed;
mod pipeline;
mod testing;

use std::fs;
use std::path::{Path, PathBuf};

use super::Workspace;
use super::program::{Capability, Program};

/// Copies the files of a folder in `examples/` into the workspace.
fn copy(workspace: &Workspace, example: &str) {
    copy_folder(&folder(example), workspace.path());
}

/// The path of a folder in `examples/`.
fn folder(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(example)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let (path, to) = {
            let entry = entry.expect("an entry");
            (entry.path(), to.join(entry.file_name()))
        };
        match path.is_dir() {
            true => copy_folder(&path, &to),
            false => drop(fs::copy(&path, &to).expect("a file")),
        }
    }
}

/// Whether the CLI can read the examples, which need ephemeral values. If not, the test leaves out
/// `what`.
fn can_read(what: &str) -> bool {
    Program::under_test().can(Capability::Ephemeral, what)
}
