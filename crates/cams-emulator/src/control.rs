//! The control interface under `/_emulator/`, as the documentation of the crate describes it.

use std::time::Duration;

use hyper::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::SpaceSettings;
use crate::fault;
use crate::journal;
use crate::quota::Rate;
use crate::request::IncomingRequest;
use crate::service::EmulatedService;

/// The beginning of the path of every control request.
pub(crate) const PREFIX: &str = "/_emulator/";

/// The body of an answer, or the HTTP status of a request that is refused, and the reason.
type ControlAnswer<T = Value> = Result<T, (u16, String)>;

/// The body of `PUT /_emulator/quota`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaChange {
    quota: Rate,
}

/// Carries out a control request, `at` after the emulator's start, and returns the HTTP status and
/// the body of the answer.
pub(crate) fn handle(
    service: &mut EmulatedService,
    request: &IncomingRequest,
    at: Duration,
) -> (u16, Value) {
    match route(service, request, at) {
        Ok(shown) => (200, shown),
        Err((status, error)) => (status, json!({ "error": error })),
    }
}

/// Carries out the request. This function is long because it is one table of requests.
fn route(service: &mut EmulatedService, request: &IncomingRequest, at: Duration) -> ControlAnswer {
    let resource = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let state = &mut service.state;
    match (request.method.as_str(), resource) {
        ("GET", "requests") => return Ok(json!(service.journal)),
        ("DELETE", "requests") => service.journal.clear(),
        ("GET", "summary") => {
            let mut summary = journal::summary(&service.journal, request.parameter("account"));
            summary["under_way"] = service.under_way.into();
            return Ok(summary);
        }
        ("GET", "numbers") => {
            let numbers = state.numbers.all(at);
            return Ok(numbers.iter().map(|number| json!(**number)).collect());
        }
        ("POST", "numbers") => {
            let placed = state.numbers.place(body(request)?, at);
            return Ok(json!(*placed.map_err(bad_request)?));
        }
        ("DELETE", "numbers") => {
            if !state.numbers.remove(&body(request)?, at) {
                return Err((404, "there is no such number".into()));
            }
        }
        ("PUT", "spaces") => {
            let space: SpaceSettings = body(request)?;
            state.spaces.insert(space.cust_space_id.clone(), space);
        }
        ("GET" | "PUT", "quota") => {
            if request.method == Method::PUT {
                let QuotaChange { quota } = body(request)?;
                service.quotas.change(quota);
            }
            return Ok(json!({ "quota": service.quotas.limits.quota.to_string() }));
        }
        ("DELETE", "sessions") => {
            state.metadata_session = None;
            return Ok(json!({ "revoked": state.keys.revoke_all() }));
        }
        ("PUT", "behaviour") => {
            let behaviour = &mut state.numbers.behaviour;
            *behaviour = changed(&*behaviour, body(request)?).map_err(bad_request)?;
            return Ok(json!(behaviour));
        }
        ("PUT", "issuance") => {
            state.issuance = changed(&state.issuance, body(request)?).map_err(bad_request)?;
            // The next session is issued in the new way.
            state.metadata_session = None;
            return Ok(json!(state.issuance));
        }
        ("POST", "faults") => {
            let faults = fault::parse_list(&request.body).map_err(bad_request)?;
            service.faults.extend(faults);
        }
        ("DELETE", "faults") => service.faults.clear(),
        ("GET", path) if path.starts_with("codes/") => {
            let number = path.trim_start_matches("codes/");
            let code = state.numbers.last_code(number).cloned();
            return code.ok_or_else(|| (404, "the number was sent no code".into()));
        }
        _ => return Err((404, "there is no such control".into())),
    }
    Ok(json!({}))
}

/// The settings with those replaced that are given. The others stay.
fn changed<T: DeserializeOwned + Serialize>(
    settings: &T,
    given: Map<String, Value>,
) -> Result<T, serde_json::Error> {
    let mut settings = json!(settings);
    if let Value::Object(settings) = &mut settings {
        settings.extend(given);
    }
    serde_json::from_value(settings)
}

/// Reads the body of a control request as JSON.
fn body<T: DeserializeOwned>(request: &IncomingRequest) -> ControlAnswer<T> {
    serde_json::from_slice(&request.body).map_err(bad_request)
}

fn bad_request(error: impl std::fmt::Display) -> (u16, String) {
    (400, error.to_string())
}
