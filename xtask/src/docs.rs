//! `cargo xtask docs`: renders the registry pages from the provider's schema and `examples/`.
//!
//! The layout is that of tfplugindocs, which supports only providers that are written in Go. Its
//! command `validate` accepts the pages (version 0.25). The guides are not generated.

mod page;
mod readme;
mod schema;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::{self, Cli};
use crate::examples::REQUIRED_PROVIDERS;
use crate::shell::{self, Result, binary, make_directory, output, read, root};
use crate::tools;

/// Renders all pages into `docs/`, and the table of settings into the README.
pub(crate) fn write() -> Result<()> {
    for (path, text) in pages()? {
        if let Some(directory) = path.parent() {
            make_directory(directory)?;
        }
        shell::write(&path, &text)?;
        println!("{}", relative(&path));
    }
    Ok(())
}

/// Compares all pages with those in `docs/`, and prints the differences.
pub(crate) fn check() -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in pages()? {
        let existing = fs::read_to_string(&path).unwrap_or_default();
        if existing != text {
            println!("{}:", relative(&path));
            print!("{}", difference(&existing, &text));
            stale.push(relative(&path));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "pages differ from the schema and the examples: {}; run cargo xtask docs",
        stale.join(", ")
    ))
}

/// The lines in which two texts differ: all lines between their common beginning and their common
/// end.
fn difference(old: &str, new: &str) -> String {
    let (mut old, mut new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let same = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    old.drain(..same);
    new.drain(..same);
    while let (Some(last_old), Some(last_new)) = (old.last(), new.last())
        && last_old == last_new
    {
        old.pop();
        new.pop();
    }
    let mut difference = format!("@@ line {} @@\n", same + 1);
    for (sign, lines) in [('-', old), ('+', new)] {
        for line in lines {
            let _ = writeln!(difference, "{sign}{line}");
        }
    }
    difference
}

/// The path and the text of every page. Builds the provider to get its schema.
fn pages() -> Result<BTreeMap<PathBuf, String>> {
    shell::build()?;
    let schema = schema()?;
    let docs = root().join("docs");
    let mut pages = BTreeMap::new();
    pages.insert(docs.join("index.md"), page::provider(&schema["provider"])?);
    for (name, resource) in schema["resource_schemas"].as_object().into_iter().flatten() {
        let short = name.strip_prefix("cams_").unwrap_or(name);
        pages.insert(
            docs.join("resources").join(format!("{short}.md")),
            page::resource(name, resource)?,
        );
    }
    let readme = root().join("README.md");
    let text = readme::with_settings(&read(&readme)?, &schema["provider"]["block"])?;
    pages.insert(readme, text);
    Ok(pages)
}

/// The schema of the provider as the CLI prints it.
fn schema() -> Result<Value> {
    let terraform = tools::terraform()?;
    let directory = shell::temporary_directory()?;
    shell::write(&directory.path().join("main.tf"), REQUIRED_PROVIDERS)?;
    let provider = binary("debug", "terraform-provider-cams");
    let binaries = provider
        .parent()
        .ok_or("the path of the provider has no parent directory")?;
    let cli = Cli::with_override(&terraform, directory.path(), binaries)?;
    let text = output(&mut cli.command(&["providers", "schema", "-json"]))?;
    let all: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the CLI's schema is not valid JSON: {error}"))?;
    Ok(all["provider_schemas"][cli::address(&terraform)].clone())
}

/// The path relative to the project's root, for messages.
fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_excludes_the_common_beginning_and_end() {
        assert_eq!(
            difference("a\nb\nc\n", "a\nx\ny\nc\n"),
            "@@ line 2 @@\n-b\n+x\n+y\n"
        );
        assert_eq!(difference("a\na\n", "a\n"), "@@ line 2 @@\n-a\n");
    }
}
