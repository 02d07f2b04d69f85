//! The programs to compare.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Result, binary, cargo, make_directory, root, target};
use crate::{dist, tools};

use super::samples::Column;

/// The programs that could be built, and why the others could not.
pub(crate) struct Programs {
    pub(crate) built: Vec<(Column, PathBuf)>,
    pub(crate) missing: Vec<String>,
}

impl Programs {
    /// Builds the provider and the emulator as a release contains them, the measuring client, and the
    /// peers, unless the provider is compared with the program `before`.
    pub(crate) fn build(before: Option<&str>) -> Result<Self> {
        let released = dist::build(env!("CARGO_PKG_VERSION"))?;
        peers(&["canned", "client"])?;
        let mut programs = Self {
            built: vec![
                (Column::Ours, released.join(dist::PROVIDER)),
                (Column::Canned, binary("release", "canned")),
            ],
            missing: Vec::new(),
        };
        match before {
            Some(program) => {
                let path = Path::new(program).canonicalize();
                let path = path.map_err(|error| format!("cannot use {program}: {error}"))?;
                programs.add(Column::Before, Ok(path));
            }
            None => {
                programs.add(Column::TfProvider, tf_provider());
                programs.add(Column::Go, go());
            }
        }
        Ok(programs)
    }

    fn add(&mut self, column: Column, built: Result<PathBuf>) {
        match built {
            Ok(path) => self.built.push((column, path)),
            Err(reason) => self.missing.push(format!("{}: {reason}", column.name())),
        }
    }

    /// Keeps the programs whose arguments pass `check`.
    pub(crate) fn keep(&mut self, check: impl Fn(String) -> Result<()>) {
        for (column, path) in std::mem::take(&mut self.built) {
            let built = check(argument(column, &path)).map(|()| path);
            self.add(column, built);
        }
    }

    /// The programs as arguments of the measuring client.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let programs = self.built.iter();
        programs
            .map(|(column, path)| argument(*column, path))
            .collect()
    }
}

/// The program as an argument of the measuring client.
pub(crate) fn argument(column: Column, path: &Path) -> String {
    format!("{}={}", column.name(), path.display())
}

/// Builds packages of the peers' workspace, beside the provider.
fn peers(packages: &[&str]) -> Result<()> {
    let manifest = root().join("benches/peers/Cargo.toml");
    let mut command = cargo();
    command
        .args(["build", "--release", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(target());
    // Loaded at a fixed address, as the provider of a release is.
    if cfg!(target_os = "linux") {
        let flags = "target.'cfg(all())'.rustflags=['-Crelocation-model=static']";
        command.args(["--config", flags]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    // The variables of this program would make cargo build a crate again whose build script reads
    // them.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    shell::run(&mut command)
}

fn tf_provider() -> Result<PathBuf> {
    tools::protoc()?;
    peers(&["tf-provider-peer"])?;
    Ok(binary("release", "tf-provider-peer"))
}

fn go() -> Result<PathBuf> {
    let go = shell::find("go").ok_or("there is no go on the PATH")?;
    let program = target().join("bench/go-peer");
    make_directory(&target().join("bench"))?;
    let mut build = Command::new(go);
    build
        .args(["build", "-trimpath", "-ldflags=-s -w", "-o"])
        .arg(&program)
        .arg(".")
        .env("CGO_ENABLED", "0")
        .current_dir(root().join("benches/peers/go"));
    shell::run(&mut build)?;
    Ok(program)
}
