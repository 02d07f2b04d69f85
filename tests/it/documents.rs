//! The Markdown files of the repository: where their links lead, and what they name in the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The path from the repository's root and the text of each Markdown file.
pub(crate) fn pages() -> Vec<(String, String)> {
    files("md")
}

#[test]
fn every_link_inside_the_repository_has_a_target() {
    let mut dead = Vec::new();
    for (page, text) in pages() {
        let links = text.split("](").skip(1);
        let links = links.filter_map(|rest| Some(rest.split_once(')')?.0));
        for link in links.filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let here = Path::new(ROOT).join(&page);
            let target = match path {
                "" => here,
                _ => here.parent().unwrap().join(path),
            };
            let is_there = match anchor {
                "" => target.exists(),
                _ => fs::read_to_string(target).is_ok_and(|text| has_anchor(&text, anchor)),
            };
            if !is_there {
                dead.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Whether a page has a heading or an element with this anchor, as GitHub and the registry make them.
fn has_anchor(text: &str, anchor: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let mut anchors = headings.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let title = title.replace(' ', "-");
        title.replace(|c: char| !c.is_alphanumeric() && c != '-' && c != '_', "")
    });
    anchors.any(|it| it == anchor) || text.contains(&format!("<a id=\"{anchor}\">"))
}

#[test]
fn troubleshooting_has_every_error_of_a_call_by_its_text() {
    let diagnostics = read("tests/fixtures/diagnostics.txt");
    let mut shown = diagnostics.clone();
    for (_, output) in files("txt") {
        shown.push_str(&output);
    }
    let shown: BTreeSet<&str> = shown.lines().filter_map(summary).collect();
    let guide = read("docs/guides/troubleshooting.md");
    let explained = guide.lines().filter_map(|line| line.strip_prefix("### "));
    let explained: BTreeSet<&str> = explained.collect();
    let unknown: Vec<_> = explained.difference(&shown).collect();
    assert!(unknown.is_empty(), "no diagnostic has the text {unknown:?}");
    let (_, calls) = diagnostics.split_once("# Errors of calls").unwrap();
    let (calls, _) = calls.split_once("# Notices").unwrap();
    let calls: BTreeSet<&str> = calls.lines().filter_map(summary).collect();
    let missing: Vec<_> = calls.difference(&explained).collect();
    assert!(missing.is_empty(), "the guide lacks {missing:?}");
}

/// The first line of a diagnostic, without its attribute.
fn summary(line: &str) -> Option<&str> {
    let (_, summary) = ["Error: ", "Warning: "]
        .into_iter()
        .find_map(|severity| line.split_once(severity))?;
    Some(summary.split(" (at ").next().unwrap_or(summary))
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let sources = files("rs");
    let security = read("SECURITY.md");
    let words = security.split('`').skip(1).step_by(2);
    let names: Vec<_> = words.filter(|word| word.contains("::")).collect();
    assert!(names.len() > 40, "{names:?}");
    let missing: Vec<_> = names
        .into_iter()
        .filter(|name| {
            let (module, test) = name.rsplit_once("::").unwrap();
            let module = format!("/{}", module.replace("::", "/"));
            // A module with tests is a file or a part of the file that it tests.
            let modules = [&*module, module.trim_end_matches("/tests")];
            let paths = modules.map(|it| [format!("{it}.rs"), format!("{it}/mod.rs")]);
            !sources.iter().any(|(path, source)| {
                let path = format!("/{path}");
                paths.iter().flatten().any(|it| path.ends_with(it))
                    && source.contains(&format!("fn {test}("))
            })
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// SECURITY.md names these programs.
#[test]
fn the_provider_runs_only_the_programs_that_are_documented() {
    let mut running = Vec::new();
    for (path, source) in files("rs") {
        let is_shipped = path.starts_with("src/")
            || (path.starts_with("crates/") && !path.starts_with("crates/cams-emulator/"));
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let source = source.split("#[cfg(test)]").next().unwrap();
        let mut lines = source.lines().filter(|line| !line.contains("//"));
        if is_shipped
            && !is_test
            && lines.any(|line| line.contains("process::") && line.contains("Command"))
        {
            running.push(path);
        }
    }
    running.sort();
    let documented = [
        "crates/alibaba-cloud/src/credentials/command.rs",
        "crates/base/src/platform.rs",
    ];
    assert_eq!(running, documented);
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The path from the repository's root and the text of each file with this extension, but for what
/// was built and what is hidden.
fn files(extension: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(ROOT).to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                let relative = path.strip_prefix(ROOT).unwrap().display().to_string();
                files.push((relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}
