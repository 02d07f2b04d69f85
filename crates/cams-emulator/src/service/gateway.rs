//! What the gateway in front of the service decides: which date it goes by, and which operation a
//! request names.

use std::time::{Duration, SystemTime};

use hyper::Method;

use crate::api::Api;
use crate::fault::Kind;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::sts::StsOperation;

/// The date that the server goes by under this fault, or the refusal that the fault stands for.
pub(super) fn strike(fault: &Kind, date: SystemTime) -> Result<SystemTime, Refusal> {
    match fault {
        Kind::ClockSkew { seconds } => {
            let skew = Duration::from_secs(seconds.unsigned_abs());
            let skewed = if *seconds < 0 {
                date.checked_sub(skew)
            } else {
                date.checked_add(skew)
            };
            Ok(skewed.unwrap_or(date))
        }
        Kind::ExpiredToken {} => {
            let message = "Specified SecurityToken is expired.";
            Err(Refusal::new(400, "InvalidSecurityToken.Expired", message))
        }
        Kind::SignatureRefused {} => {
            let message = "Specified signature is not matched with our calculation.";
            Err(Refusal::new(400, "SignatureDoesNotMatch", message))
        }
        _ => Ok(date),
    }
}

/// An operation that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    Cams(Operation),
    Sts(StsOperation),
}

/// The operation that the request names, and the name as it was written.
///
/// Refused are other paths and methods, another version of the API, and names that are not known.
pub(super) fn operation<'a>(
    request: &'a Request<'_>,
    api: Api,
) -> Result<(&'a str, Called), Refusal> {
    let not_found = || {
        let message = "Specified api is not found, please check your url and method.";
        Refusal::new(404, "InvalidApi.NotFound", message)
    };
    if request.http.path != "/" || ![Method::GET, Method::POST].contains(&request.http.method) {
        return Err(not_found());
    }
    let version = request
        .version()
        .ok_or_else(|| Refusal::missing("Version"))?;
    if Some(version) != api.version() {
        let message = "Specified parameter Version is not valid.";
        return Err(Refusal::new(400, "InvalidVersion", message));
    }
    let action = request.action().ok_or_else(|| Refusal::missing("Action"))?;
    let called = match api {
        Api::Sts => StsOperation::parse(action).map(Called::Sts),
        _ => Operation::parse(action).map(Called::Cams),
    };
    Ok((action, called.ok_or_else(not_found)?))
}

/// Whether nobody signs requests for the operation that this one names.
pub(super) fn is_unsigned(request: &Request<'_>, api: Api) -> bool {
    let action = request.action().unwrap_or_default();
    api == Api::Sts && StsOperation::parse(action).is_some_and(|called| !called.is_signed())
}
