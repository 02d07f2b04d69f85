//! Which part of the library may use which, as data, and what else holds for every source file.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers and what each may use of the others. Whoever is not named is used by nobody but the binaries.
const LAYERS: &[(&str, &[&str])] = &[
    ("cams", &["openapi", "credentials", "throttle"]),
    ("credentials", &["openapi"]),
    ("emulator", &[]),
    ("framework", &["protocol"]),
    ("openapi", &[]),
    ("plugin", &["protocol"]),
    ("protocol", &[]),
    (
        "provider",
        &["framework", "cams", "credentials", "throttle"],
    ),
    ("throttle", &[]),
];

/// Anyone may use these; they use nobody but each other.
const LEAVES: &[&str] = &["clock", "environment", "random", "secret"];

const LONGEST_FILE: usize = 700;
const LONGEST_BINARY: usize = 50;

#[test]
fn every_layer_uses_only_those_below_it() {
    let mut wrong = Vec::new();
    for file in sources("src") {
        let Some(layer) = layer(&file) else { continue };
        let allowed: &[&str] = match LAYERS.iter().find(|(name, _)| *name == layer) {
            Some((_, allowed)) => allowed,
            None if LEAVES.contains(&layer.as_str()) => &[],
            None => panic!(
                "{} is in no layer: add {layer} to the table",
                file.display()
            ),
        };
        for (line, text) in code(&file) {
            for used in used(&text) {
                if used != layer
                    && !allowed.contains(&used.as_str())
                    && !LEAVES.contains(&used.as_str())
                {
                    wrong.push(format!(
                        "{}:{line}: {layer} may not use {used}",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_generated_messages_stay_between_protocol_plugin_and_dispatcher() {
    for file in sources("src") {
        let text = file.to_string_lossy().replace('\\', "/");
        let may = ["/protocol/", "/plugin/", "/framework/server/"]
            .iter()
            .any(|place| text.contains(place));
        for (line, code) in code(&file) {
            let uses = code.contains("tfplugin6") || code.contains("go_plugin::");
            assert!(
                may || !uses,
                "{}:{line}: generated messages are not for this layer",
                file.display()
            );
        }
    }
}

#[test]
fn binaries_are_thin_and_no_file_is_endless() {
    for directory in ["src", "tests", "xtask/src"] {
        for file in sources(directory) {
            let lines = fs::read_to_string(&file)
                .expect("a source file")
                .lines()
                .count();
            let binary =
                file == root().join("src/main.rs") || file.starts_with(root().join("src/bin"));
            let most = if binary { LONGEST_BINARY } else { LONGEST_FILE };
            assert!(
                lines <= most,
                "{} has {lines} lines; the most is {most}",
                file.display()
            );
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let manifest = |path: &str| fs::read_to_string(root().join(path)).expect("a manifest");
    assert!(manifest("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for path in ["Cargo.toml", "xtask/Cargo.toml"] {
        assert!(
            manifest(path).contains("[lints]\nworkspace = true"),
            "{path} does not take the workspace's lints"
        );
    }
}

/// The first folder or file under `src`; `None` for the roots, which tie everything together.
fn layer(file: &Path) -> Option<String> {
    let inside = file
        .strip_prefix(root().join("src"))
        .expect("a file in src");
    let first = inside
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let name = first.trim_end_matches(".rs").to_owned();
    (!matches!(name.as_str(), "bin" | "lib" | "main")).then_some(name)
}

/// The modules that a line names behind `crate::`, also within braces.
fn used(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name
                .trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            // A macro's name is in the root as well: it is the framework's.
            let name = if name == "model" {
                "framework".to_owned()
            } else {
                name
            };
            if !name.is_empty() {
                found.push(name);
            }
        }
    }
    found
}

/// The lines that are not comments, numbered.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).expect("a source file");
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim().to_owned()));
    lines.filter(|(_, line)| !line.starts_with("//")).collect()
}

fn sources(directory: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(directory)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {directory}");
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn uses_are_found_in_every_form() {
    assert_eq!(used("use crate::cams::{self, Client};"), ["cams"]);
    assert_eq!(
        used("use crate::{clock, secret::Secret};"),
        ["clock", "secret"]
    );
    assert_eq!(
        used("let x = crate::throttle::Limit; crate::openapi::y()"),
        ["throttle", "openapi"]
    );
    assert_eq!(used("crate::model! {"), ["framework"]);
}
