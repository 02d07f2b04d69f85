//! The rules of style that a program can check. `CONTRIBUTING.md` has these and the others.

use std::path::{Path, PathBuf};

use crate::layering::{read, root, rust_files};

/// The folders and files for which the rules hold.
const COVERED: &[&str] = &[
    "benches",
    "build.rs",
    "fuzz/fuzz_targets",
    "src",
    "tests",
    "xtask",
];

/// The most columns of a line, strings included.
const COLUMNS: usize = 100;

/// The lines that may be longer: a file, a part of the line, and the reason.
const LONGER_LINES: &[(&str, &str, &str)] = &[
    (
        "src/emulator/mod.rs",
        "//! | ",
        "a row of a Markdown table cannot be wrapped",
    ),
    (
        "src/openapi/signature/acs3.rs",
        "https://",
        "a link cannot be wrapped",
    ),
];

/// The fewest words of a doc comment, since fewer make no sentence.
const WORDS: usize = 4;

/// The most lines of a file, unless the documentation at its top says why it has more.
const LINES: usize = 300;

/// The text by which it says so.
const REASON: &str = "longer than 300 lines because";

#[test]
fn no_line_is_too_long() {
    let mut violations = Vec::new();
    let mut unused: Vec<_> = LONGER_LINES.iter().collect();
    for file in covered() {
        let name = name(&file);
        for (number, line) in long_lines(&read(&file)) {
            let excepted = |(of, part, _): &(&str, &str, &str)| *of == name && line.contains(part);
            match LONGER_LINES.iter().find(|exception| excepted(exception)) {
                Some(exception) => unused.retain(|other| *other != exception),
                None => violations.push(format!("{name}:{number}: {line}")),
            }
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    assert!(unused.is_empty(), "exceptions without a line: {unused:?}");
}

#[test]
fn doc_comments_are_sentences() {
    let mut violations = Vec::new();
    for file in covered() {
        for (number, text) in short_docs(&read(&file)) {
            violations.push(format!("{}:{number}: {text}", name(&file)));
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn a_long_file_says_why() {
    let mut violations = Vec::new();
    for file in covered() {
        let text = read(&file);
        let lines = text.lines().count();
        if lines > LINES && !says_why(&text) {
            violations.push(format!("{}: {lines} lines", name(&file)));
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn every_covered_place_exists() {
    for place in COVERED {
        let files = files(&root().join(place));
        assert!(!files.is_empty(), "{place} holds no Rust file");
    }
}

fn covered() -> Vec<PathBuf> {
    let places = COVERED.iter().map(|place| root().join(place));
    places.flat_map(|place| files(&place)).collect()
}

/// The Rust files in a folder, or the one file that the path names.
fn files(place: &Path) -> Vec<PathBuf> {
    match place.is_file() {
        true => vec![place.to_owned()],
        false => rust_files(place),
    }
}

/// The path of a file from the root of the repository.
fn name(file: &Path) -> String {
    let name = file.strip_prefix(root()).unwrap_or(file);
    name.display().to_string()
}

/// The lines with too many columns, with their numbers.
fn long_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    let long = lines.filter(|(_, line)| line.chars().count() > COLUMNS);
    long.map(|(index, line)| (index + 1, line))
}

/// The doc comments with too few words, each with the number of its first line. Headings and tables
/// are part of a longer comment, whose words count together.
fn short_docs(text: &str) -> Vec<(usize, String)> {
    let mut short = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let Some((mark, first)) = doc(line) else {
            continue;
        };
        let mut words: Vec<&str> = first.split_whitespace().collect();
        while let Some((_, more)) = lines.next_if(|(_, line)| is_marked(line, mark)) {
            let more = doc(more).map_or("", |(_, more)| more);
            words.extend(more.split_whitespace());
        }
        if words.len() < WORDS {
            short.push((index + 1, words.join(" ")));
        }
    }
    short
}

/// The mark of a doc comment and the text behind it, if the line is one.
fn doc(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim_start();
    let marks = ["///", "//!"];
    marks
        .into_iter()
        .find_map(|mark| Some((mark, line.strip_prefix(mark)?)))
}

fn is_marked(line: &str, mark: &str) -> bool {
    doc(line).is_some_and(|(other, _)| other == mark)
}

/// Whether the documentation at the top of a file says why the file is long.
fn says_why(text: &str) -> bool {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").contains(REASON)
}

#[test]
fn what_breaks_a_rule_is_found() {
    let (fits, long) = ("é".repeat(COLUMNS), "x".repeat(COLUMNS + 1));
    let text = format!("{fits}\n{long}\n");
    let lines: Vec<_> = long_lines(&text).collect();
    assert_eq!(lines, [(2, long.as_str())]);

    let text = "//! Too short here.\n\n/// A whole sentence,\n/// in two lines.\nfn a() {}\n    \
                /// Too few.\n    b: u8,\n// Not documentation.\n";
    let short = [
        (1, "Too short here.".to_owned()),
        (6, "Too few.".to_owned()),
    ];
    assert_eq!(short_docs(text), short);

    assert!(says_why(
        "//! Many.\n//!\n//! This file is longer than 300\n//! lines because of it.\nuse a;\n"
    ));
    assert!(!says_why(
        "//! Many.\n\n//! longer than 300 lines because\n"
    ));
}
