//! The report for people.

use std::fmt::Write;

use super::finding::{Finding, State};
use super::{Report, VERSION};

/// Where lines are broken, if their words allow it.
const WIDTH: usize = 100;

/// Writes the report. It names the space, and of the access key id the last four characters.
pub(super) fn render(report: &Report) -> String {
    let mut text = format!("terraform-provider-cams {VERSION} doctor\n\n");
    for Finding {
        state, text: said, ..
    } in &report.findings
    {
        let mark = match state {
            State::Attention => "note",
            State::Ok => "ok",
            State::Problem => "PROBLEM",
            State::Unknown => "unknown",
        };
        item(&mut text, mark, said);
    }
    text.push_str("\nHow the service behaves where its documentation leaves a choice:\n\n");
    for behaviour in &report.behaviours {
        let seen = match &behaviour.value {
            Some(value) => format!("--{} {}: ", behaviour.flag, quoted(value)),
            None => format!("--{} was not observed. ", behaviour.flag),
        };
        let mark = if behaviour.value.is_some() {
            "seen"
        } else {
            ""
        };
        item(&mut text, mark, &format!("{seen}{}", behaviour.text));
    }
    let flags: Vec<String> = report.flags.iter().map(|flag| quoted(flag)).collect();
    text.push_str("\nAn emulator that behaves like this service, as far as it was observed:\n\n");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  cams-emulator {}\n", flags.join(" "));
    text.push_str(match report.works() {
        true => "Everything that the provider needs works, as far as reading can tell.",
        false => "Not everything that the provider needs works: see each PROBLEM above.",
    });
    text
}

/// One item: its mark in a column of its own, and its words beside it. Lines of a policy statement
/// stay as they are.
fn item(text: &mut String, mark: &str, said: &str) {
    const COLUMN: usize = 9;
    let mut mark = mark;
    for line in said.lines() {
        let indent = line.len() - line.trim_start().len();
        let mut words = line.split_whitespace().peekable();
        loop {
            let mut row = " ".repeat(indent);
            while let Some(word) = words.next_if(|word| {
                row.trim().is_empty() || COLUMN + row.chars().count() + word.chars().count() < WIDTH
            }) {
                if !row.trim().is_empty() {
                    row.push(' ');
                }
                row.push_str(word);
            }
            let _ = writeln!(text, "{}", format!("{mark:<COLUMN$}{row}").trim_end());
            mark = "";
            if words.peek().is_none() {
                break;
            }
        }
    }
}

/// A word as a shell takes it. Codes come from the service, and could be anything.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_indents_stay() {
        let mut text = String::new();
        let long = "word ".repeat(40);
        item(&mut text, "ok", &format!("{long}\n    \"indented\""));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert!(lines[0].starts_with("ok       word word"), "{text}");
        assert!(lines[1].starts_with("         word"), "{text}");
        assert_eq!(lines.last(), Some(&"             \"indented\""));
        assert_eq!(text.matches("word").count(), 40);
    }

    #[test]
    fn a_line_to_copy_is_safe_to_copy() {
        for (word, expected) in [
            (
                "InvalidParameter.PhoneNumberError",
                "InvalidParameter.PhoneNumberError",
            ),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(x)'", r"'$(x)'\'''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
