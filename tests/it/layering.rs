//! Checks which part of the source uses which. `DESIGN.md` explains the rules, which are data here.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Reference, Source};

/// The parts that every other part may use, and that use none but each other. They are there so
/// that dates, environment, randomness and secrets are passed in.
const LEAVES: &[&str] = &[
    "clock",
    "environment",
    "fingerprint",
    "foreign_text",
    "platform",
    "private_file",
    "random",
    "secret",
    "state_directory",
    "terminal",
];

/// What each part may use besides itself and the leaves.
const MAY_USE: &[(&str, &[&str])] = &[
    ("main", &["plugin", "provider"]),
    ("bin", &["emulator"]),
    ("plugin", &["protocol"]),
    ("framework", &["protocol"]),
    (
        "provider",
        &["cams", "credentials", "framework", "throttle"],
    ),
    ("cams", &["credentials", "openapi", "throttle"]),
    ("credentials", &["openapi"]),
    ("openapi", &[]),
    ("throttle", &[]),
    ("protocol", &[]),
    // The emulator has a signature check of its own. That of the client would prove nothing.
    ("emulator", &[]),
];

/// The modules of generated messages, and where they may be named.
const GENERATED: &[&str] = &["tfplugin6", "go_plugin"];
const MAY_NAME_GENERATED: &[&str] = &["protocol", "plugin", "framework/server"];

/// The layers that know Terraform and no particular provider, so that they could be lifted out.
const FIT_FOR_ANY_PROVIDER: &[&str] = &["framework", "plugin", "protocol"];
/// Parts of words that belong to this provider, in lower case. What differs from provider to
/// provider is passed to those layers as a value.
const WORDS_OF_THIS_PROVIDER: &[&str] = &[
    "alibaba", "cams", "migrat", "quota", "redis", "throttl", "whatsapp",
];

/// The most lines that a file may have.
const LINES_OF_A_FILE: usize = 700;
/// The most lines of code that a binary may have. Blank lines and comments do not count.
const LINES_OF_A_BINARY: usize = 50;

#[test]
fn every_part_uses_only_what_the_table_allows() {
    let sources = sources();
    let macros: BTreeMap<_, _> = sources
        .iter()
        .flat_map(|source| {
            let part = source.part().to_owned();
            source
                .exported_macros()
                .map(move |name| (name, part.clone()))
        })
        .collect();
    let mut violations = Vec::new();
    for source in &sources {
        for Reference { line, mut path } in source.references() {
            if let Some(part) = path.first().and_then(|first| macros.get(first)) {
                path = vec![part.clone()];
            }
            if !allowed(source.part(), &path) {
                let (file, part) = (source.file().display(), source.part());
                violations.push(format!(
                    "{file}:{line}: `{part}` may not use `{}`",
                    path.join("::")
                ));
            }
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn generated_messages_stay_where_the_wire_is_spoken() {
    let mut violations = Vec::new();
    for source in sources() {
        let module = source.modules().join("/");
        if MAY_NAME_GENERATED.iter().any(|may| module.starts_with(may)) {
            continue;
        }
        for (line, name) in source.names() {
            if GENERATED.contains(&name) {
                violations.push(format!("{}:{line}: {name}", source.file().display()));
            }
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn what_fits_any_provider_names_nothing_of_this_one() {
    let mut violations = Vec::new();
    let sources = sources();
    let fit = sources
        .iter()
        .filter(|source| FIT_FOR_ANY_PROVIDER.contains(&source.part()));
    for source in fit {
        for (index, line) in read(source.file()).lines().enumerate() {
            let line = line.to_lowercase();
            let mut words = WORDS_OF_THIS_PROVIDER.iter();
            if let Some(word) = words.find(|word| line.contains(**word)) {
                let (file, number) = (source.file().display(), index + 1);
                violations.push(format!("{file}:{number}: {word}"));
            }
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn the_table_names_what_exists_and_all_of_it() {
    let parts: BTreeSet<_> = sources()
        .iter()
        .map(|source| source.part().to_owned())
        .collect();
    let known: BTreeSet<_> = MAY_USE
        .iter()
        .map(|(part, _)| *part)
        .chain(LEAVES.iter().copied())
        .collect();
    let known: BTreeSet<_> = known
        .into_iter()
        .chain(["lib"])
        .map(str::to_owned)
        .collect();
    assert_eq!(parts, known);
}

#[test]
fn files_stay_small_enough_to_read() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "xtask", "benches"] {
        for file in rust_files(&root().join(folder)) {
            let lines = read(&file).lines().count();
            if lines > LINES_OF_A_FILE {
                long.push(format!("{}: {lines} lines", file.display()));
            }
        }
    }
    for source in sources()
        .iter()
        .filter(|source| ["main", "bin"].contains(&source.part()))
    {
        let lines = read(source.file())
            .lines()
            .filter(|line| is_code(line))
            .count();
        if lines > LINES_OF_A_BINARY {
            long.push(format!(
                "{}: {lines} lines of code in a binary",
                source.file().display()
            ));
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn unsafe_code_is_forbidden() {
    let manifest = read(&root().join("Cargo.toml"));
    let lints = manifest
        .split("[workspace.lints.rust]")
        .nth(1)
        .expect("a lint table");
    let lints = lints.split("\n[").next().unwrap_or_default();
    assert!(
        lints
            .lines()
            .any(|line| line == r#"unsafe_code = "forbid""#),
        "{lints}"
    );
    for manifest in ["Cargo.toml", "xtask/Cargo.toml"] {
        let manifest = read(&root().join(manifest));
        assert!(manifest.contains("[lints]\nworkspace = true"));
    }
}

/// Whether a part may use this path of the crate.
fn allowed(part: &str, path: &[String]) -> bool {
    let Some(first) = path.first().map(String::as_str) else {
        return true;
    };
    let may_use = MAY_USE
        .iter()
        .find(|(name, _)| *name == part)
        .map_or(&[][..], |(_, may)| may);
    // `lib.rs` declares all parts, and links to them in comments.
    part == "lib" || first == part || LEAVES.contains(&first) || may_use.contains(&first)
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    rust_files(&src)
        .into_iter()
        .map(|file| Source::new(&src, &file, &read(&file)))
        .collect()
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
