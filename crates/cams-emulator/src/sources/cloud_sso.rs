//! CloudSSO: credentials for an access token that a user got by signing in.

use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Addressee, EmulatedSource, LazyReply, ServiceState, Visit};

pub(super) const SOURCE: EmulatedSource = EmulatedSource {
    target: Addressee::CloudSso,
    action: |_| "GetCloudCredentials",
    answer,
};

/// The body of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wanted {
    account_id: String,
    access_configuration_id: String,
}

/// Starts a session in the account that the request names, with the rights that it names.
fn answer(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
    let request = call.request;
    let request_id = call.entry.request_id.clone();
    let refusal = |status, code: &str, message: &str| {
        let fields = json!({
            "ErrorCode": code, "ErrorMessage": message, "RequestId": request_id
        });
        LazyReply::bare(status, &fields)
    };
    if request.method != Method::POST {
        return refusal(405, "MethodNotAllowed", "Use POST.");
    }
    let header = request.header("authorization").unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    let accepted = state.sso_access_token.as_ref();
    if token.is_empty() || accepted.is_some_and(|accepted| accepted.expose() != token) {
        let message = "The access token is invalid or has expired.";
        return refusal(401, "InvalidAccessToken", message);
    }
    let Ok(wanted) = serde_json::from_slice::<Wanted>(&request.body) else {
        let message = "AccountId and AccessConfigurationId are required.";
        return refusal(400, "InvalidParameter", message);
    };
    if !state.keys.has_account(&wanted.account_id) {
        let message = "The account is not assigned to the user.";
        return refusal(403, "Forbidden.Account", message);
    }
    let role = format!("AliyunReservedSSO-{}", wanted.access_configuration_id);
    let session = call.issue(state, wanted.account_id, &role, "emulator", None);
    let credentials = session.credentials();
    LazyReply::bare(
        200,
        &json!({ "CloudCredential": credentials, "RequestId": request_id }),
    )
}
