//! Findings about the account, the space and the operations.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use base::foreign_text;
use cams::{Error, ErrorKind};
use serde_json::{Map, Value, json};

use crate::errors::advice;

use super::answers::{Permission, Probe, has_id, text};
use super::finding::{Finding, Verdict, quoted};
use super::observe::Observations;
use super::operations::{CORE, operations};

/// How many statuses are named at most. Others are counted.
const MOST_STATUSES: usize = 10;

/// How many columns are named at most. Three times as many as are documented.
const MOST_COLUMNS: usize = 50;

/// What stands for a word of the service that is no name.
const OTHER: &str = "other";

/// The findings about the account, its space and what RAM allows in it.
pub(crate) fn findings(observations: &Observations) -> Vec<Finding> {
    let mut findings = [product, space, waba].map(|of| of(observations)).to_vec();
    for (action, callers) in operations() {
        findings.push(operation(action, &callers, observations));
    }
    findings
}

/// Whether the account may use CAMS at all.
fn product(observations: &Observations) -> Finding {
    let activated = observations.answers.subscribed();
    let (verdict, text) = match activated {
        Some(true) => (Verdict::Ok, "The account has activated CAMS."),
        Some(false) => (
            Verdict::Problem,
            "The account has not activated CAMS. Activate it once in the CAMS console with the \
             main account, or with a RAM user who is allowed to.",
        ),
        None => (
            Verdict::Unknown,
            "Whether the account has activated CAMS could not be determined.",
        ),
    };
    Finding::new("product", verdict, text).with(json!({ "activated": activated }))
}

/// Which space was examined.
fn space(observations: &Observations) -> Finding {
    let Some((origin, id)) = &observations.space else {
        let text = "No space is named, so its list, its numbers and its WhatsApp Business Account \
                    were not examined. Set CAMS_CUST_SPACE_ID, or pass --space ID.";
        return Finding::new("space", Verdict::Problem, text).with(Value::Null);
    };
    let text = format!("The space is {}, from {origin}.", foreign_text::line(id));
    Finding::new("space", Verdict::Ok, text).with(json!(origin))
}

/// What is bound to the space.
fn waba(observations: &Observations) -> Finding {
    const BOUND: &str = "A WhatsApp Business Account is bound to the space";
    let unknown = |why: &str| {
        let text = format!("Which WhatsApp Business Account is bound to the space {why}");
        Finding::new("waba", Verdict::Unknown, text).with(Value::Null)
    };
    let body = match observations.answers.to(Probe::Waba) {
        None => return unknown("was not asked."),
        Some(Err(error)) => return unknown(&format!("could not be determined. {}", quoted(error))),
        Some(Ok(body)) => body,
    };
    let is_bound = |data: &&Value| data.as_object().is_some_and(|fields| !fields.is_empty());
    let data = body.get("Data").filter(is_bound);
    let status = data.and_then(|data| text(data, "AccountReviewStatus"));
    let documented = ["APPROVED", "DISABLED", "PENDING", "REJECTED"];
    let known = |status: String| documented.into_iter().find(|known| *known == status);
    let status = status.map(|status| known(status).unwrap_or(OTHER));
    let (verdict, text) = match (data, status) {
        (None, _) => (
            Verdict::Problem,
            "No WhatsApp Business Account is bound to the space. Bind one in the CAMS console: \
             numbers can only be moved into a space that has one."
                .to_owned(),
        ),
        (Some(_), Some("APPROVED")) => (Verdict::Ok, format!("{BOUND} and approved.")),
        (Some(_), Some(status)) => (
            Verdict::Problem,
            format!(
                "{BOUND}, and its review status is {status}. No number can move before it is \
                 APPROVED: see the CAMS console for what Meta asks for."
            ),
        ),
        (Some(_), None) => (
            Verdict::Attention,
            format!("{BOUND}. The answer does not say whether it is approved."),
        ),
    };
    let facts = json!({ "bound": data.is_some(), "review_status": status });
    Finding::new("waba", verdict, text).with(facts)
}

/// Permission and outcome of one operation.
fn operation(action: &'static str, callers: &[&str], observations: &Observations) -> Finding {
    let optional = !CORE.contains(&action);
    let grant = grant(action, callers, optional);
    let answers = &observations.answers;
    let errors = answers.errors().filter(|error| error.action == action);
    let errors: Vec<&Error> = errors.collect();
    let permission = answers.permission(action);
    let (verdict, text) = match permission {
        Permission::NotTried => (
            Verdict::Unknown,
            format!(
                "doctor does not call {action}, so it cannot report whether RAM allows it. {grant}"
            ),
        ),
        Permission::Unknown => (
            Verdict::Unknown,
            format!("Whether RAM allows {action} could not be determined."),
        ),
        Permission::Denied if !optional => {
            let mut errors = errors.iter();
            let denial = errors.find(|error| error.kind == ErrorKind::AccessDenied);
            let advice = denial.map(|error| advice(error)).unwrap_or_default();
            (Verdict::Problem, format!("RAM denies {action}. {advice}"))
        }
        Permission::Denied => (Verdict::Attention, format!("RAM denies {action}. {grant}")),
        Permission::Granted => {
            let (verdict, outcome) = outcome(action, optional, &errors, observations);
            (verdict, format!("RAM allows {action}.{outcome}"))
        }
    };
    // Without their messages, which may name what they are about.
    let errors = errors.into_iter().map(|error| {
        let code = error.code.as_deref();
        json!({
            "kind": format!("{:?}", error.kind),
            "code": code.map(|code| observations.names.of(code).unwrap_or(OTHER)),
            "http_status": error.http_status,
        })
    });
    let facts = json!({ "permission": permission, "errors": errors.collect::<Value>() });
    Finding::new(action, verdict, text).with(facts)
}

/// What calls an operation, and what to grant for it.
fn grant(action: &str, callers: &[&str], optional: bool) -> String {
    let if_used = match callers {
        _ if !optional => "",
        [_] => " if you use it",
        _ => " if you use one of them",
    };
    let callers = match callers {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        one => one.concat(),
    };
    format!("It is called by {callers}: grant cams:{action} on resource *{if_used}.")
}

/// What came of an operation that RAM allows, behind the sentence that says so.
fn outcome(
    action: &str,
    optional: bool,
    errors: &[&Error],
    observations: &Observations,
) -> (Verdict, String) {
    let answers = &observations.answers;
    let is_list = action == Probe::Numbers.action();
    let mut errors = errors.iter().filter(|_| !optional);
    if let Some(error) = errors.find(|error| is_list || error.kind == ErrorKind::ResourceOwner) {
        let text = format!(" {} {}", advice(error), quoted(error));
        return (Verdict::Problem, text);
    }
    let own = answers.to(Probe::OwnNumber);
    let own = own.filter(|_| action == Probe::OwnNumber.action());
    let (verdict, text) = match (answers.rows(), own) {
        (Some(rows), _) if is_list => return (Verdict::Ok, rows_in_words(rows, observations)),
        (None, _) if is_list => (
            Verdict::Problem,
            " Its answer does not contain a list of numbers.",
        ),
        (_, None) => (Verdict::Ok, ""),
        (_, Some(Err(error))) => {
            let text = format!(" It refuses a number of the space. {}", quoted(error));
            return (Verdict::Attention, text);
        }
        (_, Some(Ok(body))) if has_id(body) => {
            (Verdict::Ok, " It gives the id of a number of the space.")
        }
        (_, Some(Ok(_))) => (
            Verdict::Attention,
            " It gives no id for a number of the space.",
        ),
    };
    (verdict, text.to_owned())
}

/// How many rows the list has, by status.
fn rows_in_words(rows: &[Value], observations: &Observations) -> String {
    if rows.is_empty() {
        return " The space's list has no rows.".to_owned();
    }
    let (named, others) = statuses(rows, observations);
    let named = named.into_iter();
    let named = named.map(|(status, rows)| format!("{rows} {status}"));
    let others = (others > 0).then(|| format!("{others} with other statuses"));
    let parts: Vec<String> = named.chain(others).collect();
    format!(" Rows of the space's list: {}.", parts.join(", "))
}

/// The most frequent statuses with how many rows have each, and how many rows have another one.
fn statuses(rows: &[Value], observations: &Observations) -> (Vec<(String, usize)>, usize) {
    let (names, mut counts) = (&observations.names, BTreeMap::<_, usize>::new());
    let objects = || rows.iter().filter(|row| row.is_object());
    for row in objects() {
        let status = text(row, "Status").unwrap_or_else(|| "without a status".to_owned());
        *counts.entry(status).or_default() += 1;
    }
    counts.retain(|status, _| status == "without a status" || names.of(status).is_some());
    let mut named: Vec<_> = counts.into_iter().collect();
    named.sort_by_key(|(_, rows)| Reverse(*rows));
    named.truncate(MOST_STATUSES);
    let counted: usize = named.iter().map(|(_, rows)| rows).sum();
    (named, objects().count() - counted)
}

/// What the list shows, for programs.
pub(crate) fn list(observations: &Observations) -> Value {
    let (names, answers) = (&observations.names, &observations.answers);
    let Some(rows) = answers.rows() else {
        return Value::Null;
    };
    let objects = rows.iter().filter_map(Value::as_object);
    let columns: BTreeSet<&str> = objects.flat_map(Map::keys).map(String::as_str).collect();
    let named = columns.iter().filter_map(|column| names.of(column));
    let named: Vec<&str> = named.take(MOST_COLUMNS).collect();
    let (statuses, others) = statuses(rows, observations);
    json!({
        "columns": named,
        "other_columns": columns.len() - named.len(),
        "statuses": BTreeMap::from_iter(statuses),
        "rows_of_other_statuses": others,
        "unreadable_rows": rows.iter().filter(|row| !row.is_object()).count(),
    })
}
