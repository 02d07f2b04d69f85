//! The CLI that the tests run, and what it can do.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The variable with the path of the CLI under test. Without it, it is the first of `terraform` and
/// `tofu` on the `PATH`.
const CLI: &str = "CAMS_TEST_CLI";
/// The variable with the path of a file, to which tests add a line about what they leave out.
const LEFT_OUT: &str = "CAMS_TEST_LEFT_OUT";

/// Something that some versions of the CLI can do and others cannot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Capability {
    /// Actions. OpenTofu has none.
    Actions,
    /// Ephemeral values and write-only attributes.
    Ephemeral,
    /// Resource identities, and imports that name one.
    Identity,
    /// Queries by list resources. OpenTofu has none.
    Query,
}

/// Terraform or OpenTofu, of some version.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    opentofu: bool,
    version: (u32, u32),
    /// The name and the version that it prints, such as `OpenTofu v1.12.6`.
    name: String,
}

impl Program {
    /// The CLI under test.
    pub(crate) fn under_test() -> &'static Self {
        static PROGRAM: OnceLock<Program> = OnceLock::new();
        PROGRAM.get_or_init(|| {
            let path = std::env::var_os(CLI).map_or_else(on_the_path, PathBuf::from);
            Self::ask(path)
        })
    }

    /// The registry in which the CLI looks for providers whose source names no host.
    pub(crate) fn registry(&self) -> &'static str {
        match self.opentofu {
            true => "registry.opentofu.org",
            false => "registry.terraform.io",
        }
    }

    /// Whether the CLI has a capability. If not, the test leaves out `what`, and this reports it by
    /// that name.
    pub(crate) fn can(&self, capability: Capability, what: &str) -> bool {
        let can = match capability {
            Capability::Actions | Capability::Query => !self.opentofu && self.version >= (1, 14),
            // Terraform 1.11 is the oldest one that the provider supports.
            Capability::Ephemeral => self.version >= (1, 11),
            // It is the same version of Terraform and of OpenTofu.
            Capability::Identity => self.version >= (1, 12),
        };
        if !can {
            left_out(&format!(
                "{} leaves out {what}: it lacks {capability:?}",
                self.name
            ));
        }
        can
    }

    /// Whether it is of the version that the files in `tests/fixtures/output` were written with.
    pub(crate) fn wrote_the_outputs(&self) -> bool {
        !self.opentofu && self.version == (1, 11)
    }

    fn ask(path: PathBuf) -> Self {
        let output = Command::new(&path)
            .arg("version")
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let name = text
            .lines()
            .find(|line| line.starts_with("Terraform v") || line.starts_with("OpenTofu v"))
            .unwrap_or_else(|| panic!("{} does not tell its version: {text}", path.display()));
        let numbers = name.split_once(" v").map(|(_, version)| version.split('.'));
        let mut numbers = numbers.into_iter().flatten().map(str::parse);
        let mut number = || numbers.next().and_then(Result::ok).unwrap_or(0);
        Self {
            opentofu: name.starts_with("OpenTofu"),
            version: (number(), number()),
            name: name.to_owned(),
            path,
        }
    }
}

fn on_the_path() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|directory| ["terraform", "tofu"].map(|name| directory.join(name)))
        .find(|candidate| candidate.is_file())
        .expect(
            "no terraform or tofu on the PATH: install one, for example from \
             https://developer.hashicorp.com/terraform/install",
        )
}

fn left_out(line: &str) {
    let line = format!("{line}\n");
    match std::env::var_os(LEFT_OUT) {
        Some(file) => {
            let file = OpenOptions::new().append(true).create(true).open(file);
            // The line is written at once, since other tests write to the file at the same time.
            file.unwrap().write_all(line.as_bytes()).unwrap();
        }
        // This is written past the test's own output, which is shown only if the test fails.
        None => std::io::stderr().write_all(line.as_bytes()).unwrap(),
    }
}
