//! CloudSSO: credentials for an access token that a user got by signing in.

use hyper::Method;
use hyper::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Desk, Handed};
use crate::keys::{Caller, Identity};
use crate::reply::Reply;
use crate::request::HttpRequest;
use base::secret::Secret;

/// The body of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wanted {
    account_id: String,
    access_configuration_id: String,
}

/// Starts a session in the account that the request names, with the rights that it names.
pub(super) fn answer(
    request: &HttpRequest,
    access_token: Option<&Secret>,
    desk: &mut Desk<'_>,
) -> Handed {
    let refusal = |status, code: &str, message: &str| {
        let fields = [
            ("ErrorCode", code),
            ("ErrorMessage", message),
            ("RequestId", desk.request_id),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), Value::from(value)));
        Handed::only(Reply::bare(status, Map::from_iter(fields)))
    };
    if request.method != Method::POST {
        return refusal(405, "MethodNotAllowed", "Use POST.");
    }
    let header = request.header(AUTHORIZATION.as_str()).unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    if token.is_empty() || access_token.is_some_and(|accepted| accepted.expose() != token) {
        let message = "The access token is invalid or has expired.";
        return refusal(401, "InvalidAccessToken", message);
    }
    let Ok(wanted) = serde_json::from_slice::<Wanted>(&request.body) else {
        let message = "AccountId and AccessConfigurationId are required.";
        return refusal(400, "InvalidParameter", message);
    };
    if !desk.keys.has_account(&wanted.account_id) {
        let message = "The account is not assigned to the user.";
        return refusal(403, "Forbidden.Account", message);
    }
    let caller = Caller {
        account_id: wanted.account_id,
        identity: Identity::Role {
            role: format!("AliyunReservedSSO-{}", wanted.access_configuration_id),
            session_name: "emulator".into(),
        },
    };
    let issued = desk.keys.issue(caller, desk.issuance, None, desk.now);
    let fields = [
        ("CloudCredential", Value::Object(issued.fields())),
        ("RequestId", desk.request_id.into()),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Handed {
        issued: Some(issued.access_key_id.clone()),
        ..Handed::only(Reply::bare(200, Map::from_iter(fields)))
    }
}
