//! The real CLI, run as a user runs it, against the emulator.

mod attach;
mod codes;
mod credentials;
mod data_sources;
mod degraded;
mod documents;
mod duplicates;
mod empty;
mod examples;
mod external;
mod faulty_state;
mod forms;
mod functions;
mod handshake;
mod import;
mod install;
mod kill;
mod known_at_plan;
mod lifecycle;
mod limits;
mod literal_secrets;
mod locked;
mod many;
mod moved;
mod network;
mod output;
mod program;
mod query;
mod quota;
mod registration;
mod secrets;
mod settings;
mod space;
mod upgrade;
mod validate;
mod waits;
mod webhook;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::core::STATE_DIRECTORY;
use crate::emulator::Emulator;
use crate::support::{self, NO_METADATA};

use program::Program;

/// The address of [`ONE`].
const ADDRESS: &str = "cams_number_migration.one";

/// A configuration with one number, in the provider's space.
const ONE: &str = r#"
resource "cams_number_migration" "one" {
  country_code  = "86"
  mobile_number = "13900001234"
}
"#;

/// A directory with a configuration, and the CLI to run in it.
pub(crate) struct Workspace {
    dir: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run of the CLI printed.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// A workspace with this `main.tf`, in which the provider under test takes the place of a
    /// released one.
    pub(crate) fn new(main_tf: &str) -> Self {
        let dir = TempDir::new().expect("a directory");
        let workspace = Self {
            dir,
            environment: Vec::new(),
        };
        workspace.install_from(&[Program::under_test().registry()]);
        workspace.write("main.tf", &format!("{REQUIRED_PROVIDERS}{main_tf}"));
        workspace
    }

    /// The same, with the emulator's endpoint and credentials and a default space in the
    /// environment.
    pub(crate) fn on(emulator: &Emulator, main_tf: &str) -> Self {
        Self::new(main_tf)
            .env("CAMS_ENDPOINT", emulator.url())
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret")
            .env("CAMS_CUST_SPACE_ID", "cams-test")
    }

    /// The same, with one more environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets the provider under test take the place of a released one, in each of these registries.
    pub(crate) fn install_from(&self, registries: &[&str]) {
        let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-cams"));
        let binaries = provider.parent().expect("a directory");
        let overrides = registries.iter().map(|registry| {
            let address = format!("{registry}/terraform-provider-cams/cams");
            format!("    {address:?} = {binaries:?}\n")
        });
        let overrides: String = overrides.collect();
        self.write(
            "cli.tfrc",
            &format!(
                "provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n"
            ),
        );
    }

    /// Writes a state file. The provider in it is moved to the registry of the CLI under test.
    pub(crate) fn write_state(&self, text: &str) {
        let text = text.replace("registry.terraform.io", Program::under_test().registry());
        self.write("terraform.tfstate", &text);
    }

    /// Writes a file into the directory.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("a file");
    }

    /// Replaces `main.tf`, but for the block that names the provider.
    pub(crate) fn configure(&self, main_tf: &str) {
        self.write("main.tf", &format!("{REQUIRED_PROVIDERS}{main_tf}"));
    }

    /// The path of the directory.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A command that runs the CLI here. Of the environment of this process it has only the `PATH`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = support::command(&Program::under_test().path);
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env(STATE_DIRECTORY, self.path().join("state"))
            .env("TF_CLI_CONFIG_FILE", self.path().join("cli.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            // The garbage collector takes a quarter of the CLI's time in a large apply.
            .env("GOGC", "400")
            .env(NO_METADATA.0, NO_METADATA.1)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the CLI, whether it succeeds or not.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.command(args).output().expect("the CLI runs").into()
    }

    /// Runs the CLI and expects success.
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?} failed:\n{}", run.all());
        run
    }

    /// Runs the CLI and expects an error.
    pub(crate) fn fails(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 1, "{args:?} did not fail:\n{}", run.all());
        run
    }

    /// Applies without asking, and expects success.
    pub(crate) fn apply(&self) -> Run {
        self.ok(&["apply", "-auto-approve", "-no-color", "-input=false"])
    }

    /// Asserts that there is nothing to do by a plan, with and without a refresh.
    pub(crate) fn assert_no_changes(&self) {
        for refresh in ["-refresh=true", "-refresh=false"] {
            let run = self.run(&[
                "plan",
                "-detailed-exitcode",
                "-no-color",
                "-input=false",
                refresh,
            ]);
            assert_eq!(
                run.code,
                0,
                "the plan with {refresh} is not empty:\n{}",
                run.all()
            );
        }
    }

    /// Makes every number in the state appear to have been started long ago, in the provider's private
    /// data.
    pub(crate) fn age(&self) {
        let path = self.path().join("terraform.tfstate");
        let state = std::fs::read_to_string(&path).expect("a state");
        let mut state: Value = serde_json::from_str(&state).expect("JSON");
        for resource in state["resources"].as_array_mut().expect("resources") {
            for instance in resource["instances"].as_array_mut().expect("instances") {
                // This is {"started_at":0} in base64.
                instance["private"] = "eyJzdGFydGVkX2F0IjowfQ==".into();
            }
        }
        self.write("terraform.tfstate", &state.to_string());
    }

    /// The attributes of the resources in state, by address.
    pub(crate) fn state(&self) -> std::collections::BTreeMap<String, Value> {
        let shown = self.ok(&["show", "-json"]);
        let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
        let resources = shown["values"]["root_module"]["resources"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        resources
            .into_iter()
            .map(|resource| {
                (
                    resource["address"].as_str().expect("an address").to_owned(),
                    resource["values"].clone(),
                )
            })
            .collect()
    }
}

impl Run {
    /// Both outputs, without the frames and the line breaks of the CLI's diagnostics.
    pub(crate) fn all(&self) -> String {
        let text = format!("{}\n{}", self.stdout, self.stderr);
        let lines = text
            .lines()
            .map(|line| line.trim_start_matches(['│', '╷', '╵', ' ']).trim_end());
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Asserts that all of `texts` were printed.
    pub(crate) fn assert_says(&self, texts: &[&str]) -> &Self {
        let all = self.all();
        for text in texts {
            assert!(
                all.contains(text),
                "{text:?} is missing in:\n{}\n{}",
                self.stdout,
                self.stderr
            );
        }
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

const REQUIRED_PROVIDERS: &str = r#"terraform {
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}
"#;
