//! Runs the Terraform CLI in a separate directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Result};
use crate::tools::Terraform;

/// The block with which a CLI finds the provider.
pub(crate) const REQUIRED_PROVIDERS: &str = r#"terraform {
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}
"#;

/// The provider's address in the default registry of this CLI.
pub(crate) fn address(terraform: &Terraform) -> String {
    address_in(terraform.registry())
}

/// The provider's address in a registry, which is also its path in a mirror.
pub(crate) fn address_in(registry: &str) -> String {
    format!("{registry}/terraform-provider-cams/cams")
}

/// A CLI, its working directory, and the environment variables with which it finds the provider.
pub(crate) struct Cli {
    program: PathBuf,
    directory: PathBuf,
    environment: Vec<(String, String)>,
}

impl Cli {
    /// A CLI that uses the provider in the directory `binaries`, and therefore needs no `init`.
    pub(crate) fn with_override(
        terraform: &Terraform,
        directory: &Path,
        binaries: &Path,
    ) -> Result<Self> {
        let address = address(terraform);
        let config = format!(
            "provider_installation {{\n  dev_overrides {{\n    {address:?} = {binaries:?}\n  }}\n  \
             direct {{}}\n}}\n"
        );
        Self::new(terraform, directory, &config)
    }

    /// A CLI that installs providers only from the directory `mirror`.
    pub(crate) fn with_mirror(
        terraform: &Terraform,
        directory: &Path,
        mirror: &Path,
    ) -> Result<Self> {
        let config = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
        );
        Self::new(terraform, directory, &config)
    }

    fn new(terraform: &Terraform, directory: &Path, config: &str) -> Result<Self> {
        let path = directory.join("cli.tfrc");
        shell::write(&path, config)?;
        let mut environment = vec![
            ("TF_CLI_CONFIG_FILE".to_owned(), path.display().to_string()),
            ("CHECKPOINT_DISABLE".to_owned(), "1".to_owned()),
        ];
        if !shell::colours() {
            environment.push(("TF_CLI_ARGS".to_owned(), "-no-color".to_owned()));
        }
        Ok(Self {
            program: terraform.path.clone(),
            directory: directory.to_owned(),
            environment,
        })
    }

    /// The same CLI with one more environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The name of the program: `terraform` or `tofu`.
    pub(crate) fn name(&self) -> String {
        self.program
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// A command with these arguments, to run in the directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.directory);
        // Keep the user's own settings away from the CLI and the provider.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if ["TF_", "CAMS_", "ALICLOUD_", "ALIBABA"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
