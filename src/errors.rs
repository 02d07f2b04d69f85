//! The one seam where errors of the API become what the user reads.
//!
//! Each says what happened, what to do, and then the code, HTTP status and request id that Alibaba
//! Cloud's support asks for.
//!
//! This file is longer than 300 lines because the advice for every kind of error is in one table.

mod connection;

use std::fmt::Write;

use cams::{Error, ErrorKind};
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::{self, Limit, Timed};

use super::Cams;
use super::numbers::Target;
use super::resources::number_migration::OPERATIONS;

/// What the provider was about when a call failed.
#[derive(Clone, Copy, Debug)]
pub struct Doing<'a> {
    /// What it was doing, such as "looking at the number".
    pub what: &'static str,
    /// The number that it was about.
    pub target: &'a Target,
    /// How long the operation of Terraform might take.
    pub limit: &'a Limit,
    /// What became of the number, and how the user continues, in whole sentences.
    pub outcome: &'static str,
}

/// The diagnostic for a call that failed.
pub fn diagnostic(error: &Error, doing: Doing<'_>) -> Diagnostic {
    if error.kind == ErrorKind::TimedOut {
        return timed_out(error, doing);
    }
    let Doing { what, target, .. } = doing;
    let Advice {
        summary,
        text,
        attribute,
    } = advice(error, target);
    let mut detail = format!(
        "The call {} failed while {what}: number {} in space {}.\n\n{text}{}\n",
        error.action,
        target.number,
        target.cust_space_id,
        ran_out(error, doing.limit)
    );
    detail.push_str(&particulars(error));
    let diagnostic = Diagnostic::error(summary, detail);
    match attribute {
        Some(attribute) => diagnostic.at(Path::root().attribute(attribute)),
        None => diagnostic,
    }
}

/// The diagnostic for an operation whose time was over.
fn timed_out(error: &Error, doing: Doing<'_>) -> Diagnostic {
    let Doing {
        what,
        target,
        limit,
        outcome,
    } = doing;
    let Timed { name, default } = limit.operation();
    // Terraform hands the configuration over to an apply, and to a refresh only what is stored.
    let stored = match name {
        "read" => {
            " A refresh goes by the value in the state: apply with -refresh=false to store it."
        }
        _ => "",
    };
    let detail = format!(
        "The time was over ({limit}) while {what}: number {} in space {}. The call {} was still \
         to be done.\n\n{outcome} If the time is too short, set {name} in the block timeouts of \
         the resource to more (without it, it is {default}), or run less at once with the same \
         account.{stored}\n{}",
        target.number,
        target.cust_space_id,
        error.action,
        particulars(error)
    );
    let path = Path::root().attribute(timeouts::BLOCK).attribute(name);
    Diagnostic::error("Timeout", detail).at(path)
}

/// Says that it was the end of the time which ended the repeats, if it was.
pub fn ran_out(error: &Error, limit: &Limit) -> String {
    match error.out_of_time {
        true => format!(" The call was repeated until the time was over ({limit})."),
        false => String::new(),
    }
}

/// The diagnostic for a number that neither operation could look for.
pub fn both(list: &Error, lookup: &Error, doing: Doing<'_>) -> Diagnostic {
    let Doing { what, target, .. } = doing;
    let mut detail = format!(
        "The calls {} and {} both failed while {what}: number {} in space {}. Without one of them \
         nobody knows whether the number is in the space.\n",
        list.action, lookup.action, target.number, target.cust_space_id
    );
    for error in [list, lookup] {
        // Writing to a string cannot fail.
        let _ = write!(detail, "\n{}:", error.action);
        if list.kind != lookup.kind {
            let _ = write!(detail, " {}", advice(error, target).text);
        }
        let _ = write!(detail, "{}", ran_out(error, doing.limit));
        let _ = writeln!(detail, "{}", particulars(error));
    }
    if list.kind == lookup.kind {
        let _ = write!(detail, "\n{}", advice(list, target).text);
    }
    Diagnostic::error(advice(list, target).summary, detail)
}

/// The whole text of an error that has been told in this run already, for another resource.
pub const TOLD_BEFORE: &str = "as told in full at another number.";

/// The diagnostic, or one line that points to it where this run has told it for another number.
///
/// That is for errors whose reason concerns all numbers alike, such as refused credentials: told in
/// full for each of hundreds, they would bury whatever else is wrong.
pub fn once(cams: &Cams, error: &Error, in_full: Diagnostic, target: &Target) -> Diagnostic {
    let code = error.code.as_deref().unwrap_or_default();
    if !error.kind.concerns_other_subjects()
        || cams.first_to_tell(&format!("{} {code}", in_full.summary))
    {
        return in_full;
    }
    let number = format!("{} in space {}", target.number, target.cust_space_id);
    Diagnostic::error(in_full.summary, format!("{number}: {TOLD_BEFORE}"))
}

/// What to do about an error, in whole sentences.
pub fn advice_for(error: &Error, target: &Target) -> String {
    advice(error, target).text
}

/// What to do about an error that concerns no single number, in whole sentences.
pub fn advice_in_space(error: &Error, cust_space_id: &str) -> String {
    advice_about(error, cust_space_id).text
}

/// What the service said, for the end of a diagnostic.
pub fn particulars(error: &Error) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Writing to a string cannot fail.
            let _ = write!(lines, "\n{name}: {value}");
        }
    };
    line("Message", Some(&error.message));
    line(
        "Access denied detail",
        error.access_denied_detail.as_deref(),
    );
    line("Code", error.code.as_deref());
    line(
        "HTTP status",
        error
            .http_status
            .map(|status| status.to_string())
            .as_deref(),
    );
    line("Request id", error.request_id.as_deref());
    lines
}

struct Advice {
    summary: &'static str,
    text: String,
    attribute: Option<&'static str>,
}

fn advice(error: &Error, target: &Target) -> Advice {
    advice_about(error, &target.cust_space_id)
}

fn advice_about(error: &Error, cust_space_id: &str) -> Advice {
    let (summary, text, attribute) = match error.kind {
        ErrorKind::AccessDenied => ("CAMS Denied Access", access_denied(), None),
        ErrorKind::Unanswered => (
            "CAMS Call Without an Answer",
            "The request was sent and no usable answer came back. Applying again is safe: the \
             provider looks for the number before it starts anything."
                .to_owned(),
            None,
        ),
        ErrorKind::Cancelled => (
            "Stopped",
            "Terraform was asked to stop before the call was made. Nothing was changed; apply \
             again to continue."
                .to_owned(),
            None,
        ),
        ErrorKind::ClockDiffers => (
            "Clock Differs From the Service's",
            "The service does not accept the date of the request. By how much the clocks differ is \
             said below. The provider signs with the service's clock if that is at most a day \
             away: it is further away, or that did not help. Set this machine's clock \
             (timedatectl, or an NTP client), then apply again. Nothing was changed."
                .to_owned(),
            None,
        ),
        ErrorKind::Credentials => ("CAMS Refused the Credentials", credentials(error), None),
        ErrorKind::CredentialsUnavailable => (
            "No Credentials to Sign With",
            "The credentials that are configured could not be fetched or refreshed, so the call \
             was not made. What failed is said below: correct it, then apply again."
                .to_owned(),
            None,
        ),
        ErrorKind::Incomplete => (
            "CAMS Answer Incomplete",
            "The service reported success without the data it documents, or with data about \
             another number. Apply again; if it stays so, send the request id to Alibaba Cloud \
             support."
                .to_owned(),
            None,
        ),
        ErrorKind::Intercepted => (
            "Answer Not From CAMS",
            "Something between this machine and CAMS answered in its place, without the code that \
             every answer of CAMS has. Check the proxy (HTTPS_PROXY), the firewall and the \
             provider's endpoint."
                .to_owned(),
            None,
        ),
        ErrorKind::InvalidParameter => (
            "CAMS Refused a Parameter",
            "The service does not accept the space or the number as written. Check both against \
             the CAMS console, and that two-step verification is off for the number and its \
             business is verified."
                .to_owned(),
            None,
        ),
        ErrorKind::NotFound => (
            "CAMS Does Not Know the Number",
            "The number is not in this space. Check cust_space_id, country_code and mobile_number."
                .to_owned(),
            None,
        ),
        ErrorKind::NotSubscribed => (
            "CAMS Not Activated",
            "The account has not activated Chat App Message Service. Activate it once in the CAMS \
             console with the main account (or a RAM user who may), then apply again."
                .to_owned(),
            None,
        ),
        ErrorKind::ResourceOwner => (
            "Space of Another Account",
            format!(
                "The access key's account does not own space {cust_space_id}. Check cust_space_id, \
                 and that the credentials belong to the account that owns the space."
            ),
            Some("cust_space_id"),
        ),
        ErrorKind::Throttled => (
            "CAMS Call Quota Exhausted",
            "The account's call quota stayed exhausted until the timeout. Something else calls the \
             API with the same account: wait for it, raise the timeout in the timeouts block, or \
             lower -parallelism."
                .to_owned(),
            Some(timeouts::BLOCK),
        ),
        ErrorKind::TimedOut => (
            "Timeout",
            "The time for the operation was over before it could finish.".to_owned(),
            None,
        ),
        ErrorKind::Unavailable => (
            "CAMS Unavailable",
            "The service could not answer. Apply again later; nothing that was done is lost."
                .to_owned(),
            None,
        ),
        ErrorKind::Unreachable | ErrorKind::Untrusted => {
            let (summary, text) = connection::advice(error.obstacle);
            (summary, text.to_owned(), None)
        }
        ErrorKind::Withheld => (
            "Claim on the Number Was Lost",
            "The file by which this provider's processes take turns at a number was deleted again \
             and again, so the migration was not started: another process could have started it \
             too. Let nobody clean up the provider's directory during an apply: \
             throttle.state_directory, by default terraform-provider-cams-UID in /tmp. Then apply \
             again."
                .to_owned(),
            None,
        ),
        ErrorKind::Other => (
            "CAMS Call Failed",
            "The service refused the call for the reason below. Look the code up in the CAMS \
             documentation; with the request id, Alibaba Cloud support can tell more."
                .to_owned(),
            None,
        ),
    };
    Advice {
        summary,
        text,
        attribute,
    }
}

fn access_denied() -> String {
    let actions: Vec<String> = OPERATIONS
        .iter()
        .map(|action| format!("      \"cams:{action}\""))
        .collect();
    format!(
        "The RAM user or role behind the credentials may not call this operation. Ask who \
         administers RAM in the account to grant it this policy statement, which has every \
         operation that the resource calls:\n\n  \
         {{\n    \"Effect\": \"Allow\",\n    \"Action\": [\n{}\n    ],\n    \
         \"Resource\": \"*\"\n  }}",
        actions.join(",\n")
    )
}

fn credentials(error: &Error) -> String {
    let code = error.code.as_deref().unwrap_or_default();
    let text = if code.starts_with("InvalidAccessKeyId.NotFound") {
        "The access key does not exist. Check access_key, or the environment variable it came \
         from, for a typing error or a deleted key."
    } else if code.starts_with("InvalidAccessKeyId.Inactive") || code.contains("Disabled") {
        "The access key is disabled. Enable it in the RAM console, or use another one."
    } else if code.starts_with("SignatureDoesNotMatch") || code.starts_with("IncompleteSignature") {
        "The signature is not the one the service computes. Check that secret_key belongs to \
         access_key and was copied whole."
    } else if code.contains("Expired") {
        "The temporary credentials have expired. Get new ones (access key, secret and token \
         together) and apply again."
    } else if code.contains("SecurityToken") {
        "The security token does not fit the access key. Set access_key, secret_key and \
         security_token from the same set of temporary credentials."
    } else {
        "The service does not accept the credentials. Check access_key, secret_key and \
         security_token."
    };
    text.to_owned()
}
