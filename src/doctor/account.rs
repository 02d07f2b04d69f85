//! Findings about the account, the space and the operations.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use base::foreign_text;
use cams::operations::{GetPhoneNumberVerificationStatus, QueryChatappPhoneNumbers};
use cams::{ErrorKind, Inspected, LookupData, NumberList, Operation, Waba};

use super::finding::{Finding, State, advice, finding, said};
use super::names::{MOST_NAMED, Names};
use super::observations::{Answers, Observations, Settings};
use super::permissions::{Permission, is_needed, permission};

/// Whether the account has activated the product, if that can be told.
pub(super) fn subscribed(answers: &Answers) -> Option<bool> {
    let refused = answers
        .errors()
        .any(|error| error.kind == ErrorKind::NotSubscribed);
    match &answers.open_status {
        _ if refused => Some(false),
        Some(Ok(Inspected {
            value: Some(open), ..
        })) => Some(*open),
        _ if matches!(answers.list, Some(Ok(_))) => Some(true),
        _ => None,
    }
}

/// Whether the account may use CAMS at all.
pub(super) fn product(answers: &Answers) -> Finding {
    match subscribed(answers) {
        Some(true) => finding("product", State::Ok, "The account has activated CAMS."),
        Some(false) => finding(
            "product",
            State::Problem,
            "The account has not activated CAMS. Activate it once in the CAMS console with the \
             main account, or with a RAM user who may.",
        ),
        None => finding(
            "product",
            State::Unknown,
            "Whether the account has activated CAMS could not be found out.",
        ),
    }
}

/// Which space was examined.
pub(super) fn space(settings: &Settings) -> Finding {
    match &settings.space {
        Some(space) => {
            let id = foreign_text::line(&space.id);
            let text = format!("The space is {id}, from {}.", space.origin);
            finding("space", State::Ok, text)
        }
        None => finding(
            "space",
            State::Problem,
            "No space is named, so its list, its numbers and its WhatsApp Business Account \
             were not looked at. Set CAMS_CUST_SPACE_ID, or pass --space ID.",
        ),
    }
}

/// What is bound to the space.
pub(super) fn waba(answers: &Answers) -> Finding {
    let (state, text) = match &answers.waba {
        None => (
            State::Unknown,
            "What WhatsApp Business Account is bound to the space was not asked.".to_owned(),
        ),
        Some(Err(error)) => (
            State::Unknown,
            format!(
                "What WhatsApp Business Account is bound to the space could not be found out. {}",
                said(error)
            ),
        ),
        Some(Ok(waba)) => of_waba(&waba.value),
    };
    finding("waba", state, text)
}

fn of_waba(waba: &Waba) -> (State, String) {
    const BOUND: &str = "A WhatsApp Business Account is bound to the space";
    match (waba.bound, waba.review_status.as_deref()) {
        (false, _) => (
            State::Problem,
            "No WhatsApp Business Account is bound to the space. Bind one in the CAMS console: \
             without it no number can move."
                .to_owned(),
        ),
        (true, Some("APPROVED")) => (State::Ok, format!("{BOUND} and approved.")),
        (true, Some(status)) => (
            State::Problem,
            format!(
                "{BOUND}, and its review status is {status}. No number can move before it is \
                 APPROVED: see the CAMS console for what Meta asks for."
            ),
        ),
        (true, None) => (
            State::Attention,
            format!("{BOUND}. The answer does not say whether it is approved."),
        ),
    }
}

/// Permission and outcome of one operation.
pub(super) fn of_operation(action: &'static str, observations: &Observations) -> Finding {
    let Observations {
        settings, answers, ..
    } = observations;
    let (state, text) = match permission(action, answers) {
        Permission::NotTried => (
            State::Unknown,
            format!(
                "{action} starts a migration, and doctor only reads, so whether RAM allows it was \
                 not tried. It needs cams:{action} on resource *."
            ),
        ),
        Permission::Unknown => (
            State::Unknown,
            format!("Whether RAM allows {action} could not be found out."),
        ),
        Permission::Denied if !is_needed(action) => (
            State::Attention,
            format!(
                "RAM denies {action}. The provider does not need it; grant cams:{action} on \
                 resource * to let doctor tell more."
            ),
        ),
        Permission::Denied => {
            let denial = answers
                .errors()
                .find(|error| error.kind == ErrorKind::AccessDenied && error.action == action);
            let advice = denial.map(|error| advice(error, settings));
            let text = format!("RAM denies {action}. {}", advice.unwrap_or_default());
            (State::Problem, text)
        }
        Permission::Granted => granted(action, observations),
    };
    finding(action, state, text)
}

fn granted(operation: &'static str, observations: &Observations) -> (State, String) {
    let Observations {
        settings, answers, ..
    } = observations;
    let allowed = format!("RAM allows {operation}.");
    let refused = answers.errors().find(|error| {
        error.action == operation
            && (error.kind == ErrorKind::ResourceOwner
                || operation == QueryChatappPhoneNumbers::ACTION)
    });
    if let Some(error) = refused.filter(|_| is_needed(operation)) {
        let advice = advice(error, settings);
        return (
            State::Problem,
            format!("{allowed} {advice} {}", said(error)),
        );
    }
    match (operation, &answers.list, &answers.known) {
        (QueryChatappPhoneNumbers::ACTION, Some(Ok(list)), _) => {
            (State::Ok, format!("{allowed} {}", numbers(&list.value)))
        }
        (GetPhoneNumberVerificationStatus::ACTION, _, Some(Ok(known))) => {
            let (state, text) = match known.value {
                LookupData::WithId => (State::Ok, "It gives the id of a number of the space."),
                _ => (
                    State::Attention,
                    "It gives no id for a number of the space.",
                ),
            };
            (state, format!("{allowed} {text}"))
        }
        (GetPhoneNumberVerificationStatus::ACTION, _, Some(Err(error))) => {
            let text = format!(
                "{allowed} It refuses a number of the space. {}",
                said(error)
            );
            (State::Attention, text)
        }
        _ => (State::Ok, allowed),
    }
}

/// How many rows the list has, by status.
fn numbers(list: &NumberList) -> String {
    if list.rows.is_empty() {
        return "The space's list has no rows.".to_owned();
    }
    let named: Vec<_> = counted(list, Some).collect();
    let (named, others) = named.split_at(named.len().min(MOST_NAMED));
    let mut parts: Vec<String> = named
        .iter()
        .map(|(status, rows)| {
            let short: String = status.chars().take(64).collect();
            format!("{rows} {short}")
        })
        .collect();
    if !others.is_empty() {
        let rows: usize = others.iter().map(|(_, rows)| rows).sum();
        let statuses = others.len();
        parts.push(format!("{rows} with one of {statuses} other statuses"));
    }
    format!("Rows of the space's list: {}.", parts.join(", "))
}

/// The most frequent statuses with how many rows have each, and how many rows have another one.
pub(super) fn statuses<'a>(
    list: &'a NumberList,
    names: &Names,
) -> (BTreeMap<&'a str, usize>, usize) {
    let named = counted(list, |status| names.of(status)).take(MOST_NAMED);
    let named: BTreeMap<_, _> = named.collect();
    let others = list.rows.len() - named.values().sum::<usize>();
    (named, others)
}

/// How many rows have each status of which `name` makes a name, the most frequent first.
fn counted<'a>(
    list: &'a NumberList,
    name: impl Fn(&'a str) -> Option<&'a str>,
) -> impl Iterator<Item = (&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &list.rows {
        let status = match &row.status {
            Some(status) => name(status),
            None => Some("without a status"),
        };
        if let Some(status) = status {
            *counts.entry(status).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, rows)| Reverse(*rows));
    counts.into_iter()
}
