//! The control interface under `/_emulator/`, as the documentation of [`emulator`](super) describes
//! it.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::encoding;
use super::fault::Fault;
use super::issuance::Issuance;
use super::period::Period;
use super::quota::{Quota, Window};
use super::request::HttpRequest;
use super::service::Service;

/// The beginning of the path of every control request.
pub(super) const PREFIX: &str = "/_emulator/";

/// The HTTP status and the JSON body of an answer.
pub(super) type Shown = (u16, Value);

/// The body of `PUT /_emulator/quota`. Without a window the one in force stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaChange {
    quota: Quota,
    window: Option<Window>,
}

/// Carries out a control request, `at` after the emulator's start.
pub(super) fn handle(service: &mut Service, request: &HttpRequest, at: Duration) -> Shown {
    route(service, request, at).unwrap_or_else(|refused| refused)
}

fn route(service: &mut Service, request: &HttpRequest, at: Duration) -> Result<Shown, Shown> {
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
            let account: Option<String> = query(request, "account")?;
            let mut summary = json!(service.journal.summary(window.0, account.as_deref()));
            summary["under_way"] = service.under_way.into();
            Ok((200, summary))
        }
        (&Method::GET, "numbers") => Ok((200, numbers(service))),
        (&Method::POST, "numbers") => {
            let placed = service.account.numbers.place(body(request)?);
            Ok((200, json!(*placed)))
        }
        (&Method::DELETE, "numbers") => match service.account.numbers.remove(&body(request)?, at) {
            true => Ok((200, json!({}))),
            false => Err((404, json!({ "error": "there is no such number" }))),
        },
        (&Method::PUT, "spaces") => {
            service.account.spaces.change(body(request)?);
            Ok((200, json!({})))
        }
        (&Method::GET, "quota") => Ok((200, quota(service))),
        (&Method::PUT, "quota") => {
            let change: QuotaChange = body(request)?;
            let (_, window) = service.quotas.current();
            service
                .quotas
                .change(change.quota, change.window.unwrap_or(window));
            Ok((200, quota(service)))
        }
        (&Method::GET, "sessions") => Ok((200, json!(service.keys.report()))),
        (&Method::DELETE, "sessions") => {
            let revoked = service.keys.revoke_all();
            Ok((200, json!({ "revoked": revoked })))
        }
        (&Method::GET, "issuance") => Ok((200, json!(service.issuance))),
        (&Method::PUT, "issuance") => {
            service.issuance = changed(&service.issuance, body(request)?).map_err(bad_request)?;
            service.sources.forget();
            Ok((200, json!(service.issuance)))
        }
        (&Method::GET, "faults") => Ok((200, json!(service.faults.report()))),
        (&Method::POST, "faults") => {
            let faults = parse_faults(&request.body).map_err(bad_request)?;
            service.faults.extend(faults);
            Ok((200, json!(service.faults.report())))
        }
        (&Method::DELETE, "faults") => {
            service.faults.clear();
            Ok((200, json!([])))
        }
        _ => Err((404, json!({ "error": "there is no such control" }))),
    }
}

/// Reads one fault or a list of them.
pub(super) fn parse_faults(text: &[u8]) -> Result<Vec<Fault>, serde_json::Error> {
    match serde_json::from_slice(text)? {
        list @ Value::Array(_) => serde_json::from_value(list),
        one => Ok(vec![serde_json::from_value(one)?]),
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
    let numbers = service.account.numbers.all();
    numbers.iter().map(|number| json!(**number)).collect()
}

fn quota(service: &Service) -> Value {
    let (quota, window) = service.quotas.current();
    json!({ "quota": quota, "window": window })
}

/// Reads the body of a control request as JSON.
fn body<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Shown> {
    serde_json::from_slice(&request.body).map_err(bad_request)
}

/// Reads a parameter in the URL of a control request. `None` if there is none of this name.
fn query<T: std::str::FromStr>(request: &HttpRequest, name: &str) -> Result<Option<T>, Shown> {
    let pairs = encoding::pairs(&request.query).unwrap_or_default();
    let Some((_, value)) = pairs.into_iter().find(|(other, _)| other == name) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(bad_request(format!("{name} is not readable: {value:?}"))),
    }
}

fn bad_request(error: impl std::fmt::Display) -> Shown {
    (400, json!({ "error": error.to_string() }))
}
