//! Checks that the examples are formatted, and that each CLI and the provider accept them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::Cli;
use crate::docs::KINDS;
use crate::shell::{self, Result, binary, files, make_directory, read, relative, write};
use crate::tools::Terraform;

/// The block with which a CLI finds the provider. The examples of offers omit it.
pub(crate) const REQUIRED_PROVIDERS: &str = r#"terraform {
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}
"#;

/// The extension of files with list resources.
const QUERY: &str = ".tfquery.hcl";

/// Something in an example that not every supported CLI can read.
struct Feature {
    name: &'static str,
    /// The first word of the lines that use it, or the end of that word.
    mark: &'static str,
    /// The first version of Terraform that can read it, and the first one of OpenTofu if there is any.
    since: ((u32, u32), Option<(u32, u32)>),
}

const FEATURES: [Feature; 5] = [
    Feature {
        name: "actions",
        mark: "action",
        since: ((1, 14), None),
    },
    Feature {
        name: "list resources",
        mark: "list",
        since: ((1, 14), None),
    },
    Feature {
        name: "imports by identity",
        mark: "identity",
        since: ((1, 12), Some((1, 12))),
    },
    Feature {
        name: "ephemeral values",
        mark: "ephemeral",
        since: ((1, 10), Some((1, 11))),
    },
    Feature {
        name: "write-only arguments",
        mark: "_wo",
        since: ((1, 11), Some((1, 11))),
    },
];

/// Checks the format of every example.
pub(crate) fn check_format(terraform: &Terraform, folder: &Path) -> Result<()> {
    // Releases of the CLI do not format files with this extension.
    let copies = shell::temporary_directory()?;
    for path in tree(folder)? {
        let name = relative(&path, folder);
        if let Some(name) = name.strip_suffix(QUERY) {
            let copy = copies.path().join(name.replace('/', ".") + ".tf");
            write(&copy, &read(&path)?)?;
        }
    }
    for directory in [folder, copies.path()] {
        let mut format = Command::new(&terraform.path);
        format.env_remove("TF_CLI_CONFIG_FILE");
        format.args(["fmt", "-check", "-recursive", "-diff"]);
        shell::run(format.arg(directory)).map_err(|_| {
            "the examples are not formatted; run terraform fmt -recursive examples".to_owned()
        })?;
    }
    Ok(())
}

/// Validates every example with the CLI and the provider in `target/debug`. Names the examples that
/// this CLI cannot read.
pub(crate) fn validate(terraform: &Terraform, folder: &Path) -> Result<()> {
    let provider = binary("debug", "terraform-provider-cams");
    let binaries = provider
        .parent()
        .ok_or("the path of the provider has no parent directory")?;
    for configuration in configurations(folder)? {
        let (name, mut text) = (relative(&configuration.name, folder), String::new());
        let directory = shell::temporary_directory()?;
        for file in &configuration.files {
            let copy = directory.path().join(relative(file, &configuration.base));
            make_directory(copy.parent().unwrap_or(&copy))?;
            let contents = read(file)?;
            write(&copy, &contents)?;
            text.push_str(&contents);
        }
        if let Some(feature) = FEATURES.iter().find(|it| !it.is_readable(&text, terraform)) {
            let (version, feature) = (&terraform.version, feature.name);
            println!("{name}: not validated, because {version} has no {feature}");
            continue;
        }
        println!("{name}");
        let work = directory
            .path()
            .join(relative(&configuration.root, &configuration.base));
        if !text.contains("required_providers") {
            write(&work.join("required.tf"), REQUIRED_PROVIDERS)?;
        }
        let cli = Cli::with_override(terraform, &work, binaries)?;
        let query = files(&work)?.iter().any(|file| is_query(file));
        let validate: &[&str] = match query {
            true => &["validate", "-no-color", "-query"],
            false => &["validate", "-no-color"],
        };
        // Installs the modules that the configuration may have.
        shell::output(&mut cli.command(&["get", "-no-color"]))
            .and_then(|_| shell::output(&mut cli.command(validate)))
            .map_err(|_| format!("examples/{name} is not valid"))?;
    }
    Ok(())
}

impl Feature {
    /// Whether the CLI can read it, or the text does not use it.
    fn is_readable(&self, text: &str, cli: &Terraform) -> bool {
        let mut words = text.lines().filter_map(|it| it.split_whitespace().next());
        let is_used = words.any(|word| match self.mark.starts_with('_') {
            true => word.ends_with(self.mark),
            false => word == self.mark,
        });
        let since = match cli.is_opentofu() {
            true => self.since.1,
            false => Some(self.since.0),
        };
        !is_used || since.is_some_and(|since| cli.numbers() >= since)
    }
}

/// Files that are validated together.
struct Configuration {
    /// The file or the folder that messages name.
    name: PathBuf,
    /// The files that are copied, with their paths below `base`.
    files: Vec<PathBuf>,
    base: PathBuf,
    /// The folder that is validated: `base`, or a folder in it.
    root: PathBuf,
}

/// All configurations. In the folders of the registry's layout, that is each file, and an import
/// together with the first example of its resource. In all others, it is each folder.
fn configurations(folder: &Path) -> Result<Vec<Configuration>> {
    let mut configurations = Vec::new();
    for topic in files(folder)? {
        let name = relative(&topic, folder);
        if name == "provider" {
            configurations.extend(single_files(&topic)?);
        } else if KINDS.iter().any(|kind| kind.folder == name) {
            for offer in files(&topic)? {
                configurations.extend(single_files(&offer)?);
            }
        } else {
            configurations.extend(folders(&topic)?);
        }
    }
    Ok(configurations)
}

/// A configuration for each file of a folder.
fn single_files(folder: &Path) -> Result<Vec<Configuration>> {
    let mut configurations = Vec::new();
    for file in files(folder)? {
        if !is_configuration(&file) {
            continue;
        }
        let mut files = vec![file.clone()];
        if relative(&file, folder).starts_with("import-") {
            files.push(folder.join("resource.tf"));
        }
        configurations.push(Configuration {
            name: file,
            files,
            base: folder.to_owned(),
            root: folder.to_owned(),
        });
    }
    Ok(configurations)
}

/// A configuration for each folder in `project` that has one. It may use all files of the project.
fn folders(project: &Path) -> Result<Vec<Configuration>> {
    let files = tree(project)?;
    let mut roots: Vec<_> = files.iter().filter(|file| is_configuration(file)).collect();
    roots.dedup_by_key(|file| file.parent());
    let configurations = roots.into_iter().map(|file| {
        let root = file.parent().unwrap_or(project).to_owned();
        Configuration {
            name: root.clone(),
            files: files.clone(),
            base: project.to_owned(),
            root,
        }
    });
    Ok(configurations.collect())
}

/// All files in a folder and in the folders below it, sorted.
fn tree(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut tree = Vec::new();
    for path in files(folder)? {
        match path.is_dir() {
            true => tree.extend(self::tree(&path)?),
            false => tree.push(path),
        }
    }
    Ok(tree)
}

fn is_configuration(file: &Path) -> bool {
    file.extension().is_some_and(|it| it == "tf") || is_query(file)
}

fn is_query(file: &Path) -> bool {
    file.to_string_lossy().ends_with(QUERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_needs_a_cli_that_can_read_it() {
        for (text, version, readable) in [
            ("action \"cams_x\" \"y\" {", "Terraform v1.13.5", false),
            ("action \"cams_x\" \"y\" {", "Terraform v1.14.0", true),
            ("action \"cams_x\" \"y\" {", "OpenTofu v1.16.0", false),
            ("  identity = {", "OpenTofu v1.11.3", false),
            ("  verify_code_wo = var.code", "OpenTofu v1.10.6", false),
            ("  verify_code_wo = var.code", "Terraform v1.11.4", true),
            ("# action", "Terraform v1.11.4", true),
        ] {
            let (version, path) = (version.to_owned(), PathBuf::new());
            let cli = Terraform { path, version };
            let unreadable = FEATURES.iter().any(|it| !it.is_readable(text, &cli));
            assert_eq!(!unreadable, readable, "{text} with {cli}");
        }
    }
}
