//! `cargo xtask docs`: renders the registry pages from the provider's schema and `examples/`.
//!
//! The layout is that of tfplugindocs, which supports only providers that are written in Go. Its
//! command `validate` accepts the pages (version 0.25). The guides are not generated.
//!
//! The schema without its descriptions is stored in `tests/fixtures/schema.json`: what a user's
//! configuration and state depend on. So no change of it goes unnoticed.
//!
//! `xtask/examples/schema.rs` asks the provider for its schema. No CLI is needed: only Terraform 1.14
//! and later would print all kinds.

mod page;
mod readme;
mod schema;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::shell::{self, Result, binary, files, make_directory, output, read, root};

use page::KINDS;

/// The file with the schema, from the project's root.
const SNAPSHOT: &str = "tests/fixtures/schema.json";

/// Renders all pages into `docs/`, and the table of settings into the README, and stores the schema.
/// Removes pages of what the provider does not offer.
pub(crate) fn write() -> Result<()> {
    let pages = pages()?;
    for path in retired(&pages)? {
        fs::remove_file(&path)
            .map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        println!("{} (removed)", relative(&path));
    }
    for (path, text) in pages {
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
    let pages = pages()?;
    let mut stale: Vec<_> = retired(&pages)?.iter().map(|it| relative(it)).collect();
    for (path, text) in pages {
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
        "files differ from the schema and the examples: {}; run cargo xtask docs. A change of \
         {SNAPSHOT} needs a line in CHANGELOG.md",
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

/// The path and the text of every page. Builds the program that prints the schema.
fn pages() -> Result<BTreeMap<PathBuf, String>> {
    shell::build()?;
    let text = output(&mut Command::new(binary("debug", "examples/schema")))?;
    let schema: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the provider's schema is not valid JSON: {error}"))?;
    let docs = root().join("docs");
    let mut pages = BTreeMap::new();
    pages.insert(docs.join("index.md"), page::provider(&schema["provider"])?);
    for kind in KINDS {
        for (name, schema) in schema[kind.schemas].as_object().into_iter().flatten() {
            let short = name.strip_prefix("cams_").unwrap_or(name);
            let text = match kind.folder {
                "functions" => page::function(&kind, name, schema)?,
                _ => page::offer(&kind, name, schema)?,
            };
            pages.insert(docs.join(kind.folder).join(format!("{short}.md")), text);
        }
    }
    let readme = root().join("README.md");
    let text = readme::with_settings(&read(&readme)?, &schema["provider"]["block"])?;
    pages.insert(readme, text);
    let snapshot = format!("{:#}\n", without_descriptions(&schema));
    pages.insert(root().join(SNAPSHOT), snapshot);
    Ok(pages)
}

/// A part of the schema without descriptions, and without fields that are not set.
fn without_descriptions(schema: &Value) -> Value {
    let is_kept = |name: &str, value: &Value| {
        let describes = ["description", "summary"].contains(&name) && value.is_string();
        !describes && ![json!(null), json!(false), json!(0)].contains(value)
    };
    match schema {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, value)| is_kept(name, value))
            .map(|(name, value)| (name.clone(), without_descriptions(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_descriptions).collect(),
        other => other.clone(),
    }
}

/// The pages in `docs/` of what the provider does not offer.
fn retired(pages: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>> {
    let mut retired = Vec::new();
    for kind in KINDS {
        retired.extend(files(&root().join("docs").join(kind.folder))?);
    }
    retired.retain(|path| !pages.contains_key(path));
    Ok(retired)
}

/// The path relative to the project's root, for messages.
fn relative(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.display().to_string()
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
