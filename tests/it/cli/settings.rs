//! What happens to five numbers under every pair of the settings that the documentation of CAMS
//! leaves open.
//!
//! In each row the first number is created, the answer about the second one is lost, the third is
//! refused because it has been started before, the fourth is imported, and the fifth is deleted
//! without Terraform. Whatever the service does, every number is in the state at the end and none
//! is started twice. The exception is a number that both list and lookup hide, where a repeat
//! counts as a new start: the provider cannot prevent that.
//!
//! This file is longer than 300 lines because it holds the rows, the choice of the pairs and the
//! story that each row goes through.
//!
//! The rows and the time they take are printed: `cargo test --workspace --test it -- --nocapture cli::settings`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Workspace;
use crate::emulator::Emulator;

/// A setting and the flags of each of its values.
type Setting = (&'static str, &'static [&'static [&'static str]]);

const SETTINGS: [Setting; 13] = [
    (
        "a missing number is",
        &[
            &["--missing-code=InvalidParameter.PhoneNumberError"],
            &["--missing-status=200"],
            &["--missing-code=Anything.Else", "--missing-status=404"],
            &["--missing-code=PhoneNumber.NotExist"],
            &["--missing-number=null-data"],
            &["--missing-number=no-data"],
            &["--missing-number=empty-data"],
            &["--missing-number=not-verified"],
        ],
    ),
    (
        "listed as",
        &[
            &["--migrating-listed-as=absent"],
            &["--migrating-listed-as=MIGRATING"],
            &["--migrating-listed-as=PENDING"],
            &["--migrating-listed-as=UNVERIFIED"],
        ],
    ),
    (
        "a repeat gets",
        &[
            &["--on-repeat=error"],
            &["--on-repeat=error", "--repeat-code=Number.Busy"],
            &["--on-repeat=same"],
            &["--on-repeat=new-id"],
        ],
    ),
    (
        "deleted rows",
        &[&["--deleted-rows=keep"], &["--deleted-rows=drop"]],
    ),
    ("list lag", &[&["--list-lag=0ms"], &["--list-lag=1s"]]),
    ("lookup lag", &[&["--lookup-lag=0ms"], &["--lookup-lag=1s"]]),
    (
        "numbers are written",
        &[&["--number-form=whatsapp"], &["--number-form=dialled"]],
    ),
    (
        "and known",
        &[&["--accepted-forms=written"], &["--accepted-forms=all"]],
    ),
    (
        "nothing is",
        &[&["--absent=none"], &["--absent=empty"], &["--absent=null"]],
    ),
    ("ids", &[&["--ids=text"], &["--ids=number"]]),
    ("answers", &[&["--answers=full"], &["--answers=sparse"]]),
    (
        "business errors",
        &[&["--business-status=400"], &["--business-status=200"]],
    ),
    (
        "the quota is that of",
        &[&["--quota-per=action"], &["--quota-per=account"]],
    ),
];

/// How many rows run at once. Each of them mostly waits.
const AT_ONCE: usize = 6;

/// Calling code and number. Three of them have another form at WhatsApp.
type Number = [&'static str; 2];

const CREATED: Number = ["52", "5512345678"];
const LOST: Number = ["55", "31996883193"];
const REPEATED: Number = ["86", "13900000003"];
const IMPORTED: Number = ["54", "1123456789"];
const DELETED: Number = ["86", "13900000005"];

const CONFIGURATION: &str = r#"
resource "cams_number_migration" "all" {
  for_each = {
    "5512345678"  = "52"
    "31996883193" = "55"
    "13900000003" = "86"
    "1123456789"  = "54"
    "13900000005" = "86"
  }
  country_code  = each.value
  mobile_number = each.key
}
import {
  to = cams_number_migration.all["1123456789"]
  id = "cams-test/54/1123456789"
}
"#;

/// The value of each setting, as its position among all values of the setting.
type Row = Vec<usize>;

#[test]
fn numbers_live_through_all_pairs_of_settings() {
    let started = Instant::now();
    let rows = all_pairs();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let table = Mutex::new(vec![String::new(); rows.len()]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let outcome = std::panic::catch_unwind(|| live(row));
                    let text = match &outcome {
                        Ok(()) => format!("right, {:.1} s", began.elapsed().as_secs_f64()),
                        Err(_) => "WRONG".to_owned(),
                    };
                    let index = rows.iter().position(|other| other == row).unwrap();
                    table.lock().unwrap()[index] = format!("{}: {text}", flags(row).join(" "));
                    if outcome.is_err() {
                        wrong.lock().unwrap().push(flags(row).join(" "));
                    }
                }
            });
        }
    });
    print(&table.into_inner().unwrap(), started.elapsed());
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} rows: {wrong:#?}", wrong.len());
}

#[expect(clippy::print_stdout, reason = "the table is for people")]
fn print(rows: &[String], took: Duration) {
    let mut table = String::new();
    for (number, row) in rows.iter().enumerate() {
        writeln!(table, "{:>3} {row}", number + 1).unwrap();
    }
    println!(
        "{table}{} rows hold every pair of values of {} settings; {:.0} s",
        rows.len(),
        SETTINGS.len(),
        took.as_secs_f64()
    );
}

fn flags(row: &Row) -> Vec<&'static str> {
    let values = SETTINGS.iter().zip(row);
    let values = values.flat_map(|((_, values), value)| values[*value].iter().copied());
    values.collect()
}

/// Rows in which every value of a setting meets every value of every other one.
///
/// Each row takes the values, one setting after the other, that meet most of the pairs which are
/// still missing.
fn all_pairs() -> Vec<Row> {
    let mut missing = BTreeSet::new();
    for (first, (_, values)) in SETTINGS.iter().enumerate() {
        for (second, (_, others)) in SETTINGS.iter().enumerate().skip(first + 1) {
            for value in 0..values.len() {
                missing.extend((0..others.len()).map(|other| ((first, value), (second, other))));
            }
        }
    }
    let mut rows = Vec::new();
    while let Some(&((first, value), (second, other))) = missing.first() {
        let mut row: Vec<Option<usize>> = vec![None; SETTINGS.len()];
        row[first] = Some(value);
        row[second] = Some(other);
        for setting in 0..SETTINGS.len() {
            if row[setting].is_some() {
                continue;
            }
            let gain = |value: &usize| {
                let met = row.iter().enumerate().filter(|(other, chosen)| {
                    chosen.is_some_and(|chosen| {
                        let one = (setting, *value);
                        let another = (*other, chosen);
                        missing.contains(&(one.min(another), one.max(another)))
                    })
                });
                met.count()
            };
            // Of equally good values the first, so that the rows are the same in every run.
            row[setting] = (0..SETTINGS[setting].1.len()).rev().max_by_key(gain);
        }
        let row: Row = row
            .into_iter()
            .map(|value| value.expect("chosen"))
            .collect();
        for first in 0..row.len() {
            for second in first + 1..row.len() {
                missing.remove(&((first, row[first]), (second, row[second])));
            }
        }
        rows.push(row);
    }
    rows
}

/// Lets the five numbers live under the settings of a row.
fn live(row: &Row) {
    let flags = flags(row);
    let chosen = |flag: &str| flags.contains(&flag);
    let emulator = Emulator::start(&flags);
    let workspace = Workspace::on(&emulator, CONFIGURATION);
    let first_id = place(&emulator, REPEATED, "MIGRATING");
    place(&emulator, IMPORTED, "CONNECTED");
    emulator.control("POST", "faults", Some(faults()));

    let apply = ["apply", "-auto-approve", "-no-color", "-input=false"];
    workspace
        .fails(&apply)
        .assert_says(&["Migration With Unknown Outcome", LOST[1]]);
    assert_eq!(workspace.state().len(), 4, "all but the lost one");
    emulator.control("DELETE", "faults", None);

    workspace.apply();
    let state = workspace.state();
    assert_eq!(state.len(), 5);
    for (address, number) in &state {
        let id = number["id"].as_str();
        assert!(id.is_some_and(|id| id.len() == 15), "{address}: {number}");
    }
    workspace.assert_no_changes();

    // Nothing shows the third number before its initiation. The service refuses that, answers as
    // the first time, or starts it anew, which the provider cannot prevent.
    let mut expected = vec![(CREATED, 1), (LOST, 1), (DELETED, 1)];
    if !chosen("--on-repeat=error") {
        expected.push((REPEATED, 1));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(number, times)| (number.concat(), times))
        .collect();
    assert_eq!(starts(&emulator), expected);
    // Where the answer has no id, the lookup gives it, and a late lookup may still give the old
    // one.
    let outdated = chosen("--answers=sparse") && chosen("--lookup-lag=1s");
    let same_id = id_of(&state, REPEATED) == first_id;
    assert!(outdated || same_id != chosen("--on-repeat=new-id"));

    emulator.remove("cams-test", DELETED[0], DELETED[1]);
    workspace.age();
    // Without a row of the deleted number, a list with a row that cannot be read proves nothing.
    let listed = chosen("--deleted-rows=keep") || chosen("--answers=full");
    let proof = listed && chosen("--missing-code=PhoneNumber.NotExist");
    let (changes, says) = match proof {
        true => (2, "Number Is Gone From the Space"),
        false => (0, "Number Not Confirmed by CAMS"),
    };
    // The service may still show what was before, until its lag has passed.
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let plan = workspace.run(&["plan", "-detailed-exitcode", "-no-color", "-input=false"]);
        if plan.code == changes && plan.all().contains(says) {
            break;
        }
        assert!(Instant::now() < deadline, "{says}:\n{}", plan.all());
    }
}

/// The faults for the second and the third number. The answer about the second one is lost, and the
/// provider cannot look for it. The third one is shown by neither operation at first.
fn faults() -> Value {
    let hidden = |number: Number| {
        json!({
            "kind": "business_error", "code": "InvalidParameter.Odd", "status": 400, "nth": 1,
            "action": "GetPhoneNumberVerificationStatus", "number": number.concat(),
        })
    };
    let denied = |action: &str| {
        json!({
            "kind": "business_error", "code": "Ram.PermissionDeny", "status": 400,
            "action": action, "times": "always",
        })
    };
    let mut lost = denied("GetPhoneNumberVerificationStatus");
    lost["number"] = LOST.concat().into();
    json!([
        {
            "kind": "reset_after_commit", "action": "CreateChatappMigrationInitiate",
            "number": LOST.concat(),
        },
        lost,
        hidden(REPEATED),
        // The first fault strikes the lists of the plan and of the creates, the second one those of
        // whoever looks again.
        { "kind": "stale_list", "action": "QueryChatappPhoneNumbers", "nth": 1, "times": 3 },
        denied("QueryChatappPhoneNumbers"),
    ])
}

/// Places a number, and returns its id.
fn place(emulator: &Emulator, [code, number]: Number, status: &str) -> String {
    let placed = emulator.place("cams-test", code, number, status);
    placed["id"].as_str().expect("an id").to_owned()
}

fn id_of(state: &std::collections::BTreeMap<String, Value>, [_, number]: Number) -> String {
    let address = format!("cams_number_migration.all[\"{number}\"]");
    state[&address]["id"].as_str().expect("an id").to_owned()
}

/// How often the migration of each number was started, by the emulator's own count.
fn starts(emulator: &Emulator) -> Vec<(String, usize)> {
    let summary = emulator.control("GET", "summary", None);
    let initiations = summary["initiations"].as_array().expect("a list").clone();
    let mut starts: Vec<_> = initiations
        .iter()
        .map(|number| {
            let accepted = number["accepted"].as_u64().expect("a count");
            let name = number["phone_number"].as_str().expect("a number");
            (name.to_owned(), accepted as usize)
        })
        .filter(|(_, started)| *started > 0)
        .collect();
    starts.sort_unstable();
    starts
}

#[test]
fn however_a_missing_number_is_reported_it_is_started() {
    let (_, kinds) = SETTINGS[0];
    for kind in kinds {
        let emulator = Emulator::start(kind);
        let workspace = Workspace::on(
            &emulator,
            "resource \"cams_number_migration\" \"all\" {\n  count = 5\n  country_code = \"86\"\n  \
             mobile_number = format(\"1390000000%d\", count.index)\n}\n",
        );
        workspace.apply();
        assert_eq!(workspace.state().len(), 5, "{kind:?}");
        let started = emulator.started();
        assert_eq!(started.len(), 5, "{kind:?}");
        assert!(
            started.values().all(|times| *times == 1),
            "{kind:?}: {started:?}"
        );
        workspace.assert_no_changes();
    }
}
