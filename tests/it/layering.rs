//! Which part of the source may use which. `DESIGN.md` explains the table that is data here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Reference, Source};

/// Open to all: they know nobody, and are there so that dates, environment, randomness and secrets are passed in.
const LEAVES: &[&str] = &[
    "clock",
    "environment",
    "fingerprint",
    "platform",
    "private_file",
    "random",
    "secret",
    "state_directory",
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
    // Its own signature check would prove nothing if it were the client's.
    ("emulator", &[]),
];

/// Where messages of the wire, and nothing but them, are spoken of.
const GENERATED: &[&str] = &["tfplugin6", "go_plugin"];
const MAY_NAME_GENERATED: &[&str] = &["protocol", "plugin", "framework/server"];

/// The layers that know Terraform and no particular provider, so that they could be lifted out.
const FIT_FOR_ANY_PROVIDER: &[&str] = &["framework", "plugin", "protocol"];
/// Parts of words that belong to this provider, in lower case. What differs from provider to provider
/// is passed to those layers as a value.
const WORDS_OF_THIS_PROVIDER: &[&str] = &[
    "alibaba", "cams", "migrat", "quota", "redis", "throttl", "whatsapp",
];

const LINES_OF_A_FILE: usize = 700;
/// Of code: blank lines and comments do not count.
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

fn allowed(part: &str, path: &[String]) -> bool {
    let Some(first) = path.first().map(String::as_str) else {
        return true;
    };
    let may_use = MAY_USE
        .iter()
        .find(|(name, _)| *name == part)
        .map_or(&[][..], |(_, may)| may);
    // `lib.rs` declares the parts; documentation links are comments.
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

/// Reads which paths of the crate a file names. Not a parser: enough of Rust's surface to find `crate::` and `super::`.
mod source {
    use std::path::{Path, PathBuf};

    /// A file of `src/`.
    pub(super) struct Source {
        file: PathBuf,
        /// Its modules from the crate's root, such as `["cams", "phone"]`.
        modules: Vec<String>,
        tokens: Vec<Token>,
    }

    /// A path of the crate as a file names it, from the crate's root.
    #[derive(Debug, PartialEq)]
    pub(super) struct Reference {
        pub(super) line: usize,
        pub(super) path: Vec<String>,
    }

    #[derive(Debug, PartialEq)]
    struct Token {
        line: usize,
        text: String,
    }

    impl Source {
        pub(super) fn new(src: &Path, file: &Path, text: &str) -> Self {
            let relative = file
                .strip_prefix(src)
                .expect("a file below src/")
                .with_extension("");
            let mut modules: Vec<_> = relative
                .iter()
                .map(|name| name.to_string_lossy().into_owned())
                .collect();
            if modules.last().is_some_and(|name| name == "mod") {
                modules.pop();
            }
            Self {
                file: file.to_owned(),
                modules,
                tokens: tokens(text),
            }
        }

        pub(super) fn file(&self) -> &Path {
            &self.file
        }

        /// The first module: the row of the table.
        pub(super) fn part(&self) -> &str {
            self.modules.first().map_or("lib", String::as_str)
        }

        pub(super) fn modules(&self) -> &[String] {
            &self.modules
        }

        /// Everything that is no comment or string, with its line.
        pub(super) fn names(&self) -> impl Iterator<Item = (usize, &str)> {
            let tokens = self.tokens.iter();
            tokens.map(|token| (token.line, token.text.as_str()))
        }

        /// Macros that `#[macro_export]` puts at the crate's root.
        pub(super) fn exported_macros(&self) -> impl Iterator<Item = String> {
            self.tokens
                .windows(5)
                .enumerate()
                .filter(|(_, window)| is(window, &["[", "macro_export", "]", "macro_rules", "!"]))
                .filter_map(|(at, _)| self.tokens.get(at + 5))
                .map(|name| name.text.clone())
        }

        /// Every path below `crate::`, and every one that `super::` climbs out of the part for.
        pub(super) fn references(&self) -> Vec<Reference> {
            let mut references = Vec::new();
            let mut inline = Vec::new();
            let mut depth = 0_usize;
            let mut at = 0;
            while let Some(token) = self.tokens.get(at) {
                match token.text.as_str() {
                    "{" => depth += 1,
                    "}" => {
                        depth = depth.saturating_sub(1);
                        inline.retain(|opened: &usize| *opened < depth);
                    }
                    "mod" if self.text(at + 2) == "{" => inline.push(depth),
                    "crate" | "terraform_provider_cams" if self.text(at + 1) == "::" => {
                        self.paths(at + 2, &[], &mut references);
                    }
                    "super" if self.text(at + 1) == "::" => {
                        let (up, next) = self.climb(at);
                        let modules = self.modules.len() + inline.len();
                        // Ways that stay below the part are its own affair.
                        if up >= modules {
                            self.paths(next, &[], &mut references);
                        }
                        at = next - 1;
                    }
                    _ => {}
                }
                at += 1;
            }
            references
        }

        /// How many `super::` follow each other, and what comes behind them.
        fn climb(&self, mut at: usize) -> (usize, usize) {
            let mut up = 0;
            while self.text(at) == "super" && self.text(at + 1) == "::" {
                (up, at) = (up + 1, at + 2);
            }
            (up, at)
        }

        /// Reads a path or a group of paths, and returns where it ends.
        fn paths(&self, mut at: usize, prefix: &[String], into: &mut Vec<Reference>) -> usize {
            if self.text(at) == "{" {
                at += 1;
                while at < self.tokens.len() && self.text(at) != "}" {
                    at = self.paths(at, prefix, into);
                    while at < self.tokens.len() && !matches!(self.text(at), "," | "}") {
                        at += 1;
                    }
                    at += usize::from(self.text(at) == ",");
                }
                return at + 1;
            }
            let mut path = prefix.to_vec();
            let line = self.tokens.get(at).map_or(0, |token| token.line);
            while self
                .text(at)
                .starts_with(|c: char| c.is_alphabetic() || c == '_')
            {
                path.push(self.text(at).to_owned());
                at += 1;
                if self.text(at) != "::" {
                    break;
                }
                at += 1;
                if self.text(at) == "{" {
                    return self.paths(at, &path, into);
                }
            }
            path.retain(|name| name != "self");
            into.push(Reference { line, path });
            at
        }

        fn text(&self, at: usize) -> &str {
            self.tokens.get(at).map_or("", |token| &token.text)
        }
    }

    fn is(tokens: &[Token], texts: &[&str]) -> bool {
        tokens
            .iter()
            .map(|token| token.text.as_str())
            .eq(texts.iter().copied())
    }

    /// Names, `::` and single signs; comments, strings and characters are left out.
    fn tokens(text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        let (mut rest, mut line) = (text, 1);
        while let Some(first) = rest.chars().next() {
            let length = skipped(rest).unwrap_or_else(|| {
                let length = match first {
                    _ if is_name(first) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
                    _ if rest.starts_with("::") => 2,
                    _ => first.len_utf8(),
                };
                let text = rest[..length].to_owned();
                if !first.is_whitespace() {
                    tokens.push(Token { line, text });
                }
                length
            });
            line += rest[..length].matches('\n').count();
            rest = &rest[length..];
        }
        tokens
    }

    /// The length of the comment, string or character that `text` begins with.
    fn skipped(text: &str) -> Option<usize> {
        if text.starts_with("//") {
            return Some(text.find('\n').unwrap_or(text.len()));
        }
        if text.starts_with("/*") {
            return Some(text.find("*/").map_or(text.len(), |end| end + 2));
        }
        if let Some(raw) = text.strip_prefix('r').or_else(|| text.strip_prefix("br")) {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            if raw[hashes..].starts_with('"') {
                let begin = text.len() - raw.len() + hashes + 1;
                let end = format!("\"{}", "#".repeat(hashes));
                return Some(
                    text[begin..]
                        .find(&end)
                        .map_or(text.len(), |at| begin + at + end.len()),
                );
            }
        }
        match text.as_bytes() {
            [b'"', ..] => Some(quoted(text, '"')),
            // A character, not a lifetime.
            [b'\'', b'\\', ..] => Some(quoted(text, '\'')),
            [b'\'', ..] if text.chars().nth(2) == Some('\'') => {
                Some(text.char_indices().nth(3).map_or(text.len(), |(at, _)| at))
            }
            _ => None,
        }
    }

    /// The length of the text between two `quote`s, with them.
    fn quoted(text: &str, quote: char) -> usize {
        let mut escaped = false;
        for (at, c) in text.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return at + 1,
                _ => {}
            }
        }
        text.len()
    }

    fn is_name(c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }

    #[test]
    fn references_are_found_where_they_are() {
        let text = r##"
use crate::cams::{Client, phone::{self, PhoneNumber}};
use crate::{clock::Clock, model};
// crate::comment::No
const TEXT: &str = "crate::string::No \" crate::still::No";
const RAW: &str = r#"crate::raw::No " crate::raw::No"#;
fn quote<'a>(c: char) -> bool { c == '"' || c == '\'' || crate::body::yes(c) }
mod inner { use super::super::super::outside::Thing; use super::own::Thing; }
use super::resources::Own;
"##;
        let source = Source::new(Path::new("src"), Path::new("src/provider/config.rs"), text);
        let found: Vec<_> = source
            .references()
            .into_iter()
            .map(|reference| format!("{} {}", reference.line, reference.path.join("::")))
            .collect();
        assert_eq!(
            found,
            [
                "2 cams::Client",
                "2 cams::phone",
                "2 cams::phone::PhoneNumber",
                "3 clock::Clock",
                "3 model",
                "7 body::yes",
                "8 outside::Thing",
            ]
        );
    }
}
