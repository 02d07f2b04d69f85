//! The whole output of commands, as a person reads it, held to files in `tests/fixtures/output`.
//!
//! What differs from run to run is replaced by words in angle brackets, and lines of progress,
//! which Terraform prints in an order of chance, are sorted. `UPDATE_OUTPUT=1 cargo test
//! --test it output` writes the files anew: read the difference before it is
//! committed.

use std::path::Path;

use serde_json::json;

use super::program::Program;
use super::{Run, Workspace};
use crate::emulator::Emulator;

/// A check of a command's whole output against a file.
pub(crate) fn assert_prints(workspace: &Workspace, run: &Run, name: &str) {
    let printed = normalised(workspace, run);
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/output")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_OUTPUT").is_some() {
        std::fs::write(&file, &printed).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    // Each version of a CLI shows plans in its own way, and all show diagnostics alike.
    let same = match Program::under_test().wrote_the_outputs() {
        true => printed == expected,
        false => diagnostics(&printed) == diagnostics(&expected),
    };
    assert!(
        same && !expected.is_empty(),
        "the output differs from {}; it is:\n{printed}",
        file.display()
    );
}

/// The diagnostics of the provider in an output, without the CLI's frames and line breaks.
fn diagnostics(output: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in output.lines() {
        let line = line.trim_matches(|c: char| c.is_whitespace() || "│╷╵".contains(c));
        if line.starts_with("Warning: ") || line.starts_with("Error: ") {
            texts.push(String::new());
        }
        if let Some(text) = texts.last_mut() {
            text.push_str(line);
            text.push(' ');
        }
    }
    texts
        .into_iter()
        .filter(|text| !text.contains("development overrides"))
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn normalised(workspace: &Workspace, run: &Run) -> String {
    let text = format!("{}--- stderr ---\n{}", run.stdout, run.stderr);
    let binaries = Path::new(crate::support::PROVIDER).parent().unwrap();
    let text = text
        .replace(&binaries.display().to_string(), "<provider>")
        .replace(&workspace.path().display().to_string(), "<workspace>")
        .replace("OpenTofu", "Terraform")
        .replace("registry.opentofu.org", "registry.terraform.io")
        .replace("tofu ", "terraform ");
    let text: String = words(&text).map(masked).collect();
    sorted(&text)
}

/// The words of a text, and what is between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut rest = text;
    std::iter::from_fn(move || {
        let inside = in_word(rest.chars().next()?);
        let end = rest.find(|c: char| in_word(c) != inside);
        let (word, others) = rest.split_at(end.unwrap_or(rest.len()));
        rest = others;
        Some(word)
    })
}

fn masked(word: &str) -> &str {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let dashes = word.bytes().filter(|byte| *byte == b'-').count();
    match word.len() {
        5 if digits => "<port>",
        15 if digits => "<id>",
        36 if dashes == 4 => "<request id>",
        2..=3 if is_duration(word) => "<time>",
        _ => word,
    }
}

/// Whether it is a time that a command took, such as `12s`.
fn is_duration(word: &str) -> bool {
    let seconds = word.strip_suffix('s').unwrap_or_default();
    !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text with neighbouring lines of progress in alphabetical order.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let progress = |line: &str| line.starts_with("cams_number_migration.");
    lines
        .chunk_by_mut(|one, other| progress(one) && progress(other))
        .for_each(<[&str]>::sort_unstable);
    lines.join("\n") + "\n"
}

/// So many numbers, each written as `13900000000` and on.
pub(crate) fn numbers(count: usize) -> String {
    super::many::numbers(count)
}

/// The numbers of [`numbers`] in the state, and in the space of the emulator.
pub(crate) fn in_state(emulator: &Emulator, count: usize) -> Workspace {
    let workspace = Workspace::on(emulator, &numbers(count));
    super::many::place_in_state(emulator, &workspace, count);
    workspace
}

/// The numbers of [`numbers`] with one limit in their block `timeouts`.
pub(crate) fn limited(count: usize, limit: &str) -> String {
    let with_limit = format!("count = {count}\n  timeouts {{\n    {limit}\n  }}");
    numbers(count).replace(&format!("count = {count}"), &with_limit)
}

const DESTROY: [&str; 4] = ["destroy", "-auto-approve", "-no-color", "-parallelism=1"];
/// An apply that does one thing after the other.
pub(crate) const APPLY: [&str; 5] = [
    "apply",
    "-auto-approve",
    "-no-color",
    "-input=false",
    "-parallelism=1",
];
/// A plan that does one thing after the other.
pub(crate) const PLAN: [&str; 4] = ["plan", "-no-color", "-input=false", "-parallelism=1"];

/// How often the output has this text, wherever the CLI breaks its lines.
pub(crate) fn times(run: &Run, text: &str) -> usize {
    run.all().matches(text).count()
}

#[test]
fn a_destroy_of_many_warns_once() {
    let emulator = Emulator::start(&[]);
    let workspace = in_state(&emulator, 300);
    let run = workspace.ok(&["destroy", "-auto-approve", "-no-color"]);
    run.assert_says(&["300 destroyed"]);
    assert_eq!(times(&run, "Number Is Forgotten, Not Removed"), 1);

    let workspace = in_state(&emulator, 1);
    assert_prints(&workspace, &workspace.ok(&DESTROY), "destroy");
}

#[test]
fn refused_credentials_are_told_in_full_once() {
    let emulator = Emulator::start(&[]);
    let workspace = in_state(&emulator, 30).env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong");
    let run = workspace.fails(&PLAN);
    assert_eq!(times(&run, "Error: CAMS Refused the Credentials"), 30);
    assert_eq!(times(&run, "Request id:"), 1);
    let brief = "in space cams-test: the same error is reported in full for another resource.";
    assert_eq!(times(&run, brief), 29);

    let workspace = in_state(&emulator, 1);
    let refuses = json!({
        "kind": "business_error", "code": "InvalidAccessKeyId.NotFound", "status": 404,
        "message": "Specified access key is not found.", "times": "always",
        "action": "QueryChatappPhoneNumbers",
    });
    emulator.control("POST", "faults", Some(refuses));
    let run = workspace.fails(&PLAN);
    assert_prints(&workspace, &run, "refused-credentials");
}

#[test]
fn a_service_that_is_not_there_is_told_in_full_once() {
    let emulator = Emulator::start(&[]);
    let workspace = in_state(&emulator, 10).env("CAMS_ENDPOINT", "http://127.0.0.1:9");
    workspace.configure(&limited(10, "read = \"1s\""));
    super::many::place_in_state(&emulator, &workspace, 10);
    let run = workspace.fails(&["plan", "-no-color"]);
    assert_eq!(times(&run, "Error: "), 10, "{}", run.stderr);
    assert_eq!(times(&run, "HTTPS_PROXY"), 1, "{}", run.stderr);
}

#[test]
fn missing_credentials_are_told_once_and_where_a_call_is_needed() {
    let without = |workspace: Workspace| {
        workspace
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
            .env("CAMS_CUST_SPACE_ID", "")
    };
    let emulator = Emulator::start(&[]);
    let workspace =
        without(Workspace::on(&emulator, &numbers(30))).env("CAMS_CUST_SPACE_ID", "cams-test");
    assert_eq!(times(&workspace.fails(&PLAN), "Error: "), 1);
    workspace.configure(&numbers(1));
    assert_prints(&workspace, &workspace.fails(&PLAN), "missing-credentials");

    let workspace = without(in_state(&emulator, 3));
    let run = workspace.fails(&DESTROY);
    assert_eq!(times(&run, "Error: Missing Credentials"), 3);
    assert_eq!(times(&run, "ALIBABA_CLOUD_ACCESS_KEY_ID"), 1);
    let mut no_refresh = DESTROY.to_vec();
    no_refresh.push("-refresh=false");
    workspace.ok(&no_refresh).assert_says(&["3 destroyed"]);
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn a_space_is_not_needed_to_destroy() {
    let emulator = Emulator::start(&[]);
    let workspace = in_state(&emulator, 3).env("CAMS_CUST_SPACE_ID", "");
    workspace.ok(&PLAN).assert_says(&["No changes"]);
    workspace.ok(&DESTROY).assert_says(&["3 destroyed"]);
}

#[test]
fn a_replacement_says_that_the_old_number_stays() {
    let emulator = Emulator::start(&[]);
    let workspace = in_state(&emulator, 1);
    workspace.configure(&numbers(1).replace("139%08d", "138%08d"));
    assert_prints(&workspace, &workspace.ok(&PLAN), "replace-number");

    let workspace = in_state(&emulator, 3).env("CAMS_CUST_SPACE_ID", "cams-other");
    let run = workspace.ok(&PLAN);
    run.assert_says(&[
        "3 to add, 0 to change, 3 to destroy",
        "(and 2 more similar warnings elsewhere)",
        "environment variable CAMS_CUST_SPACE_ID",
        "set it back to cams-test",
    ]);
    let workspace = in_state(&emulator, 1).env("CAMS_CUST_SPACE_ID", "cams-other");
    assert_prints(&workspace, &workspace.ok(&PLAN), "replace-space");
}

#[test]
fn a_banned_number_is_said_not_to_heal() {
    let emulator = Emulator::start(&[]);
    let workspace = in_state(&emulator, 1);
    emulator.place("cams-test", "86", "13900000000", "BANNED");
    assert_prints(&workspace, &workspace.ok(&PLAN), "banned");
}

#[test]
fn a_number_planned_twice_is_an_error_and_one_in_two_spaces_a_warning() {
    let one = "resource \"cams_number_migration\" \"one\" {\n  country_code  = \"86\"\n  \
               mobile_number = \"13900001234\"\n}\n";
    let emulator = Emulator::start(&[]);
    // The second one depends on the first, so that it is planned after it.
    let other = one.replace(
        "\"one\" {",
        "\"other\" {\n  depends_on    = [cams_number_migration.one]",
    );
    let workspace = Workspace::on(&emulator, &format!("{one}{other}"));
    assert_prints(&workspace, &workspace.fails(&PLAN), "planned-twice");
    let other = other.replace(
        "  country_code",
        "  cust_space_id = \"cams-other\"\n  country_code",
    );
    workspace.configure(&format!("{one}{other}"));
    assert_prints(&workspace, &workspace.ok(&PLAN), "in-two-spaces");
}

#[test]
fn wrong_numbers_and_imports_are_answered() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &numbers(1));
    let import = [
        "import",
        "-no-color",
        "cams_number_migration.many[0]",
        "86/13900000000",
    ];
    assert_prints(
        &workspace,
        &workspace.fails(&import),
        "import-without-space",
    );
    for (written, name) in [
        ("1390000123O", "letter"),
        ("139 0000-1234", "separators"),
        ("0170 1234567", "trunk-zero"),
    ] {
        let code = if name == "trunk-zero" { "49" } else { "86" };
        workspace.configure(&format!(
            "resource \"cams_number_migration\" \"one\" {{\n  country_code  = {code:?}\n  \
             mobile_number = {written:?}\n}}\n"
        ));
        let run = workspace.fails(&["validate", "-no-color"]);
        assert_prints(&workspace, &run, &format!("number-with-{name}"));
    }
}
