//! Reads which paths of the crate a file of Rust names. It is no parser: it knows just enough of
//! the language to find `crate::` and `super::` outside of comments and texts.

use std::path::{Path, PathBuf};

/// A file below `src/`, split into names and signs.
pub(super) struct Source {
    file: PathBuf,
    /// The modules that lead to the file from the crate's root, such as `["cams", "phone"]`.
    modules: Vec<String>,
    tokens: Vec<Token>,
}

/// A path of the crate that a file names, from the crate's root.
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

    /// The part of the source that the file belongs to, which is its first module.
    pub(super) fn part(&self) -> &str {
        self.modules.first().map_or("lib", String::as_str)
    }

    pub(super) fn modules(&self) -> &[String] {
        &self.modules
    }

    /// All names and signs outside of comments and texts, with their lines.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        let tokens = self.tokens.iter();
        tokens.map(|token| (token.line, token.text.as_str()))
    }

    /// The macros that `#[macro_export]` puts at the crate's root.
    pub(super) fn exported_macros(&self) -> impl Iterator<Item = String> {
        self.tokens
            .windows(5)
            .enumerate()
            .filter(|(_, window)| is(window, &["[", "macro_export", "]", "macro_rules", "!"]))
            .filter_map(|(at, _)| self.tokens.get(at + 5))
            .map(|name| name.text.clone())
    }

    /// All paths that begin with `crate::`, and all that lead out of the part by `super::`.
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
                    // A path that stays within the part needs no rule.
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

    /// How many `super::` follow one another, and where the path goes on after them.
    fn climb(&self, mut at: usize) -> (usize, usize) {
        let mut up = 0;
        while self.text(at) == "super" && self.text(at + 1) == "::" {
            (up, at) = (up + 1, at + 2);
        }
        (up, at)
    }

    /// Reads a path or a group of paths into `into`, and returns where it ends.
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

/// Splits a text into names, `::` and single signs. Comments, texts and characters are left out.
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

/// The length of the comment, text or character that `text` begins with, if it begins with one.
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
        // This is a character, and not a lifetime.
        [b'\'', b'\\', ..] => Some(quoted(text, '\'')),
        [b'\'', ..] if text.chars().nth(2) == Some('\'') => {
            Some(text.char_indices().nth(3).map_or(text.len(), |(at, _)| at))
        }
        _ => None,
    }
}

/// The length of what is between two `quote`s, with these.
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
