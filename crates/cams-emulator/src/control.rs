//! The control interface under `/_emulator/`, as the documentation of the crate describes it.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::fault;
use crate::issuance::Issuance;
use crate::period::Period;
use crate::quota::{Quota, Window};
use crate::request::Request;
use crate::service::Service;

/// The beginning of the path of every control request.
pub(crate) const PREFIX: &str = "/_emulator/";

/// The HTTP status and the JSON body of an answer.
pub(crate) type Shown = (u16, Value);

/// The body of `PUT /_emulator/quota`. Without a window the one in force stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaChange {
    quota: Quota,
    window: Option<Window>,
}

/// Carries out a control request, `at` after the emulator's start.
pub(crate) fn handle(service: &mut Service, request: &Request, at: Duration) -> Shown {
    route(service, request, at).unwrap_or_else(|refused| refused)
}

fn route(service: &mut Service, request: &Request, at: Duration) -> Result<Shown, Shown> {
    let resource = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match (&request.method, resource) {
        (&Method::GET, "requests") => {
            let since = query(request, "since")?.unwrap_or(0);
            Ok((200, json!(service.journal.since(since))))
        }
        (&Method::DELETE, "requests") => {
            service.journal.clear();
            Ok((200, json!({})))
        }
        (&Method::GET, "summary") => {
            let window = query(request, "window")?.unwrap_or(Period(Duration::from_secs(1)));
            let account = request.parameter("account");
            let mut summary = service.journal.summary(window.0, account);
            summary["under_way"] = service.under_way.into();
            Ok((200, summary))
        }
        (&Method::GET, "numbers") => Ok((200, numbers(service))),
        (&Method::POST, "numbers") => {
            let placed = service.state.numbers.place(body(request)?);
            Ok((200, json!(*placed.map_err(bad_request)?)))
        }
        (&Method::DELETE, "numbers") => match service.state.numbers.remove(&body(request)?, at) {
            true => Ok((200, json!({}))),
            false => Err((404, json!({ "error": "there is no such number" }))),
        },
        (&Method::PUT, "spaces") => {
            service.state.spaces.change(body(request)?);
            Ok((200, json!({})))
        }
        (&Method::GET, "quota") => Ok((200, quota(service))),
        (&Method::PUT, "quota") => {
            let change: QuotaChange = body(request)?;
            let window = change.window.unwrap_or(service.quotas.window);
            service.quotas.change(change.quota, window);
            Ok((200, quota(service)))
        }
        (&Method::GET, "sessions") => Ok((200, service.state.keys.report())),
        (&Method::DELETE, "sessions") => {
            let revoked = service.state.keys.revoke_all();
            Ok((200, json!({ "revoked": revoked })))
        }
        (&Method::GET, "issuance") => Ok((200, json!(service.state.issuance))),
        (&Method::PUT, "issuance") => {
            let changed = changed(&service.state.issuance, body(request)?);
            service.state.issuance = changed.map_err(bad_request)?;
            // The next session is issued in the new way.
            service.state.metadata_session = None;
            Ok((200, json!(service.state.issuance)))
        }
        (&Method::GET, "faults") => Ok((200, service.faults.report())),
        (&Method::POST, "faults") => {
            let faults = fault::parse_list(&request.body).map_err(bad_request)?;
            service.faults.extend(faults);
            Ok((200, service.faults.report()))
        }
        (&Method::DELETE, "faults") => {
            service.faults.clear();
            Ok((200, json!([])))
        }
        _ => Err((404, json!({ "error": "there is no such control" }))),
    }
}

/// The settings with those replaced that are given. The others stay.
fn changed(issuance: &Issuance, given: Map<String, Value>) -> Result<Issuance, serde_json::Error> {
    let mut settings = json!(issuance);
    if let Value::Object(settings) = &mut settings {
        settings.extend(given);
    }
    serde_json::from_value(settings)
}

fn numbers(service: &Service) -> Value {
    let numbers = service.state.numbers.all();
    numbers.iter().map(|number| json!(**number)).collect()
}

fn quota(service: &Service) -> Value {
    let quotas = &service.quotas;
    json!({ "quota": quotas.quota.to_string(), "window": quotas.window })
}

/// Reads the body of a control request as JSON.
fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Shown> {
    serde_json::from_slice(&request.body).map_err(bad_request)
}

/// Reads a parameter in the URL of a control request. `None` if there is none of this name.
fn query<T: std::str::FromStr>(request: &Request, name: &str) -> Result<Option<T>, Shown> {
    let parse = |value: &str| {
        let wrong = |_| bad_request(format!("{name} is not readable: {value:?}"));
        value.parse().map_err(wrong)
    };
    request.parameter(name).map(parse).transpose()
}

fn bad_request(error: impl std::fmt::Display) -> Shown {
    (400, json!({ "error": error.to_string() }))
}
