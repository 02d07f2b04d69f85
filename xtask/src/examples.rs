//! Whether each example is one that the provider takes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Cli;
use crate::shell::{self, Result, binary};
use crate::tools::Terraform;

/// What an example of a resource leaves out.
pub(crate) const REQUIRED_PROVIDERS: &str = r#"terraform {
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}
"#;

/// Asks the CLI about every example, with the provider as built. Importing by identity needs a newer CLI than the
/// provider does, so that one is only formatted.
pub(crate) fn validate(terraform: &Terraform, folder: &Path) -> Result<()> {
    let provider = binary("debug", "terraform-provider-cams");
    let binaries = provider.parent().ok_or("the provider has no directory")?;
    for (name, files) in configurations(folder)? {
        println!("{name}");
        let directory =
            tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
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

/// The provider's example; each example of a resource by itself; and its import together with the first of these.
fn configurations(folder: &Path) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let provider = folder.join("provider/provider.tf");
    let mut found = vec![("provider".to_owned(), vec![provider])];
    for resource in list(&folder.join("resources"))? {
        let first = resource.join("resource.tf");
        for file in list(&resource)? {
            let name = file
                .strip_prefix(folder)
                .unwrap_or(&file)
                .display()
                .to_string();
            match file.file_name().and_then(|name| name.to_str()) {
                Some("import-by-string-id.tf") => found.push((name, vec![first.clone(), file])),
                Some(text) if text.starts_with("resource") && text.ends_with(".tf") => {
                    found.push((name, vec![file]));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = |error| format!("cannot read {}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        paths.push(entry.map_err(cannot)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
