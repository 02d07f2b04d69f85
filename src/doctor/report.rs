//! The two forms of the report: for people, and as JSON for programs and for bug reports.
//!
//! The JSON holds no phone number, no name, no id of an account, a space or an access key, no
//! address, and no sentence of a finding, since sentences may quote such things. A word of the
//! service is in it only as `names` lets it pass. `docs/guides/doctor.md` documents the keys.

use std::collections::BTreeMap;
use std::fmt::Write;

use base::VERSION;
use serde_json::{Value, json};

use super::account;
use super::finding::{Finding, Verdict};
use super::findings::findings;
use super::observe::Observations;
use super::questions::{OpenQuestion, open_questions};

/// Counts up when a key changes its meaning or goes.
const FORMAT: u32 = 2;

/// Where lines are broken, if their words allow it.
const WIDTH: usize = 100;

/// All that the report says.
pub(crate) struct Report {
    findings: Vec<Finding>,
    questions: [OpenQuestion; 5],
    list: Value,
}

impl Report {
    /// Judges what was seen. A sentence may quote something from outside, so all of them are
    /// cleaned here.
    pub(crate) fn new(observations: &Observations) -> Self {
        let mut findings = findings(observations);
        for finding in &mut findings {
            finding.text = observations.names.secrets.lines(&finding.text);
        }
        Self {
            findings,
            questions: open_questions(observations),
            list: account::list(observations),
        }
    }

    /// Whether everything that the provider needs works, as far as read-only calls show.
    pub(crate) fn works(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.all(|finding| finding.verdict != Verdict::Problem)
    }

    /// The report for people. It names the space, and of the access key id the last four
    /// characters.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("terraform-provider-cams {VERSION} doctor\n\n");
        for finding in &self.findings {
            let mark = match finding.verdict {
                Verdict::Attention => "note",
                Verdict::Ok => "ok",
                Verdict::Problem => "PROBLEM",
                Verdict::Unknown => "unknown",
            };
            item(&mut text, mark, &finding.text);
        }
        text.push_str("\nWhat the documentation of CAMS leaves open:\n\n");
        for (_, title, seen) in &self.questions {
            let (mark, seen) = match seen {
                Some(seen) => ("seen", seen.as_str()),
                None => ("", "not observed"),
            };
            item(&mut text, mark, &format!("{title}: {seen}."));
        }
        text.push_str(match self.works() {
            true => "\nEverything that the provider needs works, as far as read-only calls show.",
            false => "\nNot everything that the provider needs works: see each PROBLEM above.",
        });
        text
    }

    /// The report as one JSON object.
    pub(crate) fn json(&self) -> String {
        let states = self.findings.iter();
        let states =
            states.map(|finding| json!({ "about": finding.about, "state": finding.verdict }));
        let questions = self.questions.iter();
        let questions = questions.map(|(key, _, seen)| (*key, seen));
        let mut report = json!({
            "format": FORMAT,
            "version": VERSION,
            "works": self.works(),
            "findings": states.collect::<Value>(),
            "list": self.list,
            "open_questions": questions.collect::<BTreeMap<_, _>>(),
            "operations": {},
        });
        for Finding { about, facts, .. } in &self.findings {
            let Some(facts) = facts else { continue };
            match about.starts_with(char::is_uppercase) {
                true => report["operations"][about] = facts.clone(),
                false => report[about] = facts.clone(),
            }
        }
        format!("{report:#}")
    }
}

/// One item: its mark in a column of its own, and its words beside it. Lines of a policy statement
/// stay as they are.
fn item(text: &mut String, mark: &str, said: &str) {
    const COLUMN: usize = 9;
    let mut mark = mark;
    for line in said.lines() {
        let indent = line.len() - line.trim_start().len();
        let mut row = " ".repeat(indent);
        for word in line.split_whitespace() {
            let is_empty = row.trim().is_empty();
            if !is_empty && COLUMN + row.chars().count() + word.chars().count() >= WIDTH {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{mark:<COLUMN$}{row}");
                (mark, row) = ("", " ".repeat(indent));
            } else if !is_empty {
                row.push(' ');
            }
            row.push_str(word);
        }
        let _ = writeln!(text, "{mark:<COLUMN$}{row}");
        mark = "";
    }
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
}
