//! Checks that the provider accepts each example.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Cli;
use crate::shell::{self, Result, binary, read, write};
use crate::tools::Terraform;

/// The block with which a CLI finds the provider. The examples of resources omit it.
pub(crate) const REQUIRED_PROVIDERS: &str = r#"terraform {
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}
"#;

/// Validates every example with the CLI and the provider in `target/debug`. Does not validate the
/// import by identity, because it needs a newer CLI than the provider does.
pub(crate) fn validate(terraform: &Terraform, folder: &Path) -> Result<()> {
    let provider = binary("debug", "terraform-provider-cams");
    let binaries = provider
        .parent()
        .ok_or("the path of the provider has no parent directory")?;
    for (name, files) in configurations(folder)? {
        println!("{name}");
        let directory = shell::temporary_directory()?;
        let mut declared = false;
        for file in &files {
            let text = read(file)?;
            declared |= text.contains("required_providers");
            let copy = directory.path().join(file.file_name().unwrap_or_default());
            write(&copy, &text)?;
        }
        if !declared {
            write(&directory.path().join("required.tf"), REQUIRED_PROVIDERS)?;
        }
        let cli = Cli::with_override(terraform, directory.path(), binaries)?;
        shell::output(&mut cli.command(&["validate", "-no-color"]))
            .map_err(|_| format!("examples/{name} is not valid"))?;
    }
    Ok(())
}

/// The name and the files of each configuration: the example of the provider, each example of a
/// resource, and the import of a resource together with the resource's first example.
fn configurations(folder: &Path) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let provider = folder.join("provider/provider.tf");
    let mut configurations = vec![("provider".to_owned(), vec![provider])];
    for resource in list(&folder.join("resources"))? {
        let first = resource.join("resource.tf");
        for file in list(&resource)? {
            let name = file
                .strip_prefix(folder)
                .unwrap_or(&file)
                .display()
                .to_string();
            match file.file_name().and_then(|name| name.to_str()) {
                Some("import-by-string-id.tf") => {
                    configurations.push((name, vec![first.clone(), file]));
                }
                Some(text) if text.starts_with("resource") && text.ends_with(".tf") => {
                    configurations.push((name, vec![file]));
                }
                _ => {}
            }
        }
    }
    Ok(configurations)
}

/// The sorted paths of the entries of a folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = |error| format!("cannot read {}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        paths.push(entry.map_err(cannot)?.path());
    }
    paths.sort();
    Ok(paths)
}
