//! The report for programs and for bug reports.
//!
//! It holds no phone number, no name, no id of an account, a space or an access key, and no address
//! but the region's: nothing that a user wrote, and no sentence, since sentences may quote such
//! things. A word of the service is in it only as `names` lets it pass. The keys are documented in
//! `docs/guides/doctor.md`, and stay as they are.

use serde_json::{Map, Value, json};

use super::super::settings::throttle::Scope;
use super::account::{statuses, subscribed};
use super::finding::State;
use super::names::Names;
use super::observations::{Answers, Observations};
use super::permissions::{Permission, operations, permission};
use super::{Report, VERSION};
use cams::{Error, ErrorKind, LookupData, Operation};

/// Counts up when a key changes its meaning or goes.
const FORMAT: u32 = 1;

/// What stands for a word of the service that is no name.
const OTHER: &str = "other";

/// How many columns are named at most. Three times as many as are documented.
const MOST_COLUMNS: usize = 50;

/// Writes the report as one JSON object.
pub(super) fn render(report: &Report) -> String {
    let settings = &report.observations.settings;
    let answers = &report.observations.answers;
    let names = &report.observations.names;
    let value = json!({
        "format": FORMAT,
        "version": VERSION,
        "works": report.works(),
        "credentials": {
            "from": report.observations.credentials.as_ref().map(|origin| origin.kind),
        },
        "endpoint": {
            "variable": settings.endpoint_variable,
            "answers": answers.of_cams(),
            "clock_ahead_seconds": report.observations.clock_ahead,
        },
        "quota": {
            "scope": settings.scope.map(scope),
            "usable": answers.asked().then_some(report.observations.quota_trouble.is_none()),
            "account": account(&report.observations),
        },
        "space": settings.space.as_ref().map(|space| space.origin),
        "product": { "activated": subscribed(answers) },
        "waba": waba(answers),
        "list": list(answers, names),
        "lookup_of_own_number": own_number(answers),
        "operations": by_operation(answers, names),
        "behaviour": behaviour(report),
        "emulator_flags": report.flags,
        "findings": findings(report),
    });
    format!("{value:#}")
}

/// Where the account that the quota is counted for is known from; `None` if the access key stands
/// for it, or if nothing was asked.
fn account(observations: &Observations) -> Option<&'static str> {
    let told = observations.answers.asked() && observations.account_trouble.is_none();
    let of_sts = || told.then_some("STS");
    observations.settings.account_variable.or_else(of_sts)
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Host => "host",
        Scope::Process => "process",
        Scope::Redis => "redis",
    }
}

fn waba(answers: &Answers) -> Value {
    match &answers.waba {
        Some(Ok(waba)) => json!({
            "bound": waba.value.bound,
            "review_status": waba.value.review_status.as_deref().map(review_status),
        }),
        _ => Value::Null,
    }
}

/// One of the documented statuses, or `other`.
fn review_status(status: &str) -> &'static str {
    let known = ["APPROVED", "DISABLED", "PENDING", "REJECTED"];
    let known = known.into_iter().find(|known| *known == status);
    known.unwrap_or(OTHER)
}

fn list(answers: &Answers, names: &Names) -> Value {
    let Some(Ok(list)) = &answers.list else {
        return Value::Null;
    };
    let columns = list.value.columns.iter();
    let columns: Vec<_> = columns.filter_map(|column| names.of(column)).collect();
    let named = columns.iter().take(MOST_COLUMNS);
    let (statuses, others) = statuses(&list.value, names);
    json!({
        "columns": named.collect::<Vec<_>>(),
        "other_columns": list.value.columns.len() - columns.len().min(MOST_COLUMNS),
        "statuses": statuses,
        "rows_of_other_statuses": others,
        "unreadable_rows": list.value.unreadable,
    })
}

/// What the lookup says of a number that the list shows or that `--number` names.
fn own_number(answers: &Answers) -> Option<&'static str> {
    Some(match answers.known.as_ref()? {
        Ok(known) if known.value == LookupData::WithId => "id",
        Ok(_) => "no_id",
        Err(_) => "error",
    })
}

fn by_operation(answers: &Answers, names: &Names) -> Value {
    let entry = |operation: Operation| {
        let permission = match permission(operation, answers) {
            Permission::Denied => "denied",
            Permission::Granted => "granted",
            Permission::NotTried => "not_tried",
            Permission::Unknown => "unknown",
        };
        let of_it = answers
            .errors()
            .filter(|error| error.action == operation.action);
        let errors: Vec<Value> = of_it.map(|one| error(one, names)).collect();
        let value = json!({ "permission": permission, "errors": errors });
        (operation.action.to_owned(), value)
    };
    operations().map(entry).collect::<Map<_, _>>().into()
}

/// Without its message, which may name what it is about.
fn error(error: &Error, names: &Names) -> Value {
    let code = error.code.as_deref();
    json!({
        "kind": kind(error.kind),
        "code": code.map(|code| names.of(code).unwrap_or(OTHER)),
        "http_status": error.http_status,
    })
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::AccessDenied => "access_denied",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::ClockDiffers => "clock_differs",
        ErrorKind::Credentials => "credentials",
        ErrorKind::CredentialsUnavailable => "credentials_unavailable",
        ErrorKind::Incomplete => "incomplete",
        ErrorKind::Intercepted => "intercepted",
        ErrorKind::InvalidParameter => "invalid_parameter",
        ErrorKind::NotFound => "not_found",
        ErrorKind::NotSubscribed => "not_subscribed",
        ErrorKind::Other => "other",
        ErrorKind::ResourceOwner => "resource_owner",
        ErrorKind::Throttled => "throttled",
        ErrorKind::TimedOut => "timed_out",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Unanswered => "unanswered",
        ErrorKind::Unreachable => "unreachable",
        ErrorKind::Untrusted => "untrusted",
        ErrorKind::Withheld => "withheld",
    }
}

fn behaviour(report: &Report) -> Value {
    let behaviours = report.behaviours.iter();
    let entries = behaviours.map(|behaviour| (behaviour.flag.to_owned(), json!(behaviour.value)));
    entries.collect::<Map<_, _>>().into()
}

fn findings(report: &Report) -> Value {
    let entry = |finding: &super::Finding| {
        let state = match finding.state {
            State::Attention => "attention",
            State::Ok => "ok",
            State::Problem => "problem",
            State::Unknown => "unknown",
        };
        json!({ "about": finding.about, "state": state })
    };
    report.findings.iter().map(entry).collect()
}
