//! The sources that issue sessions without a signed request: the metadata service of an ECS
//! instance in its two versions, a credentials URI, and CloudSSO.

use std::time::Duration;

use base::clock::Utc;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{ServiceState, Visit};
use crate::issuance::{CredentialsUri, MetadataVersion};
use crate::keys::IssuedSession;
use crate::refusal::{Rejection, Result, refuse_if};
use crate::reply::LazyReply;
use crate::request::{Addressee, IncomingRequest};

/// The path at which the metadata service issues tokens.
const TOKEN: &str = "/latest/api/token";

/// The path below which the metadata service has its role.
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// The role that the metadata service knows.
const ROLE: &str = "emulator-role";

/// The name that a request to a source has in the journal and in faults. `None` if the request is
/// addressed to an API.
pub(crate) fn action(request: &IncomingRequest) -> Option<&'static str> {
    match request.target {
        Addressee::Cams | Addressee::Sts => None,
        Addressee::CloudSso => Some("GetCloudCredentials"),
        Addressee::CredentialsUri => Some("GetCredentialsUri"),
        Addressee::Metadata => Some(match request.path.strip_prefix(ROLES) {
            Some("") => "GetMetadataRole",
            Some(_) => "GetMetadataCredentials",
            None if request.path == TOKEN => "GetMetadataToken",
            None => "GetMetadata",
        }),
    }
}

/// The answer of the source that the request is addressed to.
pub(crate) fn answer(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
    match call.request.target {
        Addressee::CloudSso => {
            let (status, mut fields) = match cloud_sso(call, state) {
                Ok(fields) => (200, fields),
                Err(refusal) => {
                    let (code, message) = (refusal.code, refusal.message);
                    let fields = json!({ "ErrorCode": code, "ErrorMessage": message });
                    (refusal.status, fields)
                }
            };
            fields["RequestId"] = call.entry.request_id.as_str().into();
            LazyReply::bare(status, &fields)
        }
        Addressee::CredentialsUri => credentials_uri(call, state),
        _ => metadata(call, state).unwrap_or_else(|(status, title)| {
            let page = format!("<html><head><title>{status} - {title}</title></head></html>");
            LazyReply::text(status, "text/html", page)
        }),
    }
}

/// The body of a request to CloudSSO.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WantedCredentials {
    account_id: String,
    access_configuration_id: String,
}

/// CloudSSO: starts a session in the account that the request names, with the rights that it names,
/// for an access token that a user got by signing in.
fn cloud_sso(call: &mut Visit<'_>, state: &mut ServiceState) -> Result<Value> {
    let request = call.request;
    let is_post = request.method == Method::POST;
    refuse_if(!is_post, 405, "MethodNotAllowed", "Use POST.")?;
    let header = request.header("authorization").unwrap_or_default();
    let is_unknown = header.strip_prefix("Bearer ").is_none_or(str::is_empty);
    let message = "The access token is invalid or has expired.";
    refuse_if(is_unknown, 401, "InvalidAccessToken", message)?;
    let message = "AccountId and AccessConfigurationId are required.";
    let wanted = serde_json::from_slice::<WantedCredentials>(&request.body);
    let wanted = wanted.map_err(|_| Rejection::new(400, "InvalidParameter", message))?;
    let is_assigned = state.keys.has_account(&wanted.account_id);
    let message = "The account is not assigned to the user.";
    refuse_if(!is_assigned, 403, "Forbidden.Account", message)?;
    let role = format!("AliyunReservedSSO-{}", wanted.access_configuration_id);
    let session = call.issue(state, &wanted.account_id, &role, "emulator", None);
    Ok(json!({ "CloudCredential": session.credentials() }))
}

/// The credentials URI, a server of the user's own: starts a session for each request.
fn credentials_uri(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
    if call.request.method != Method::GET {
        let fields = json!({ "Code": "MethodNotAllowed", "Message": "Use GET." });
        return LazyReply::bare(405, &fields);
    }
    let kind = state.issuance.credentials_uri;
    if kind == CredentialsUri::Failure {
        let message = "There are no credentials for you.";
        return LazyReply::bare(200, &json!({ "Code": "Forbidden", "Message": message }));
    }
    let account = state.keys.first_account();
    let session = call.issue(state, &account, "credentials-uri", "emulator", None);
    let mut fields = session.credentials();
    if kind == CredentialsUri::Success {
        fields["Code"] = "Success".into();
    }
    LazyReply::bare(200, &fields)
}

/// The status and the title of a page for an error, as the web server of the metadata service writes
/// it.
type Page = (u16, &'static str);

/// The metadata service.
fn metadata(call: &mut Visit<'_>, state: &mut ServiceState) -> Result<LazyReply, Page> {
    let (request, version) = (call.request, state.issuance.metadata);
    let not_found = Err((404, "Not Found"));
    let is_token = request.path == TOKEN;
    if version == MetadataVersion::Off || is_token && version == MetadataVersion::V1 {
        return not_found;
    }
    if request.method != if is_token { Method::PUT } else { Method::GET } {
        return Err((405, "Method Not Allowed"));
    }
    if is_token {
        return metadata_token(call, state);
    }
    // A wrong token is refused even where none is needed.
    let accepted = match request.header("x-aliyun-ecs-metadata-token") {
        None => version != MetadataVersion::V2,
        Some(_) if version == MetadataVersion::V1 => true,
        Some(token) => {
            let ends = state.metadata_tokens.get(token);
            ends.is_some_and(|ends| *ends > call.now)
        }
    };
    if !accepted {
        return Err((403, "Forbidden"));
    }
    match request.path.strip_prefix(ROLES) {
        Some("") => Ok(LazyReply::text(200, "text/plain", ROLE)),
        Some(ROLE) => Ok(metadata_credentials(call, state)),
        _ => not_found,
    }
}

/// Issues a token for as long as is requested, which is at most six hours.
fn metadata_token(call: &mut Visit<'_>, state: &mut ServiceState) -> Result<LazyReply, Page> {
    let request = call.request;
    let seconds = request.header("x-aliyun-ecs-metadata-token-ttl-seconds");
    let seconds = seconds.and_then(|text| text.parse().ok());
    let seconds = seconds.filter(|seconds| (1..=21_600).contains(seconds));
    let ends = call.now + Duration::from_secs(seconds.ok_or((400, "Bad Request"))?);
    let count = state.metadata_tokens.len().to_string();
    let token = state.generated.grouped(&["metadata token", &count]);
    state.metadata_tokens.insert(token.clone(), ends);
    Ok(LazyReply::text(200, "text/plain", token))
}

/// Answers with the same session for all requests until it was revoked or less than a quarter of
/// its life is left, like the real service.
fn metadata_credentials(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
    let is_fresh = |session: &IssuedSession| {
        let age = call.now.duration_since(session.issued).unwrap_or_default();
        age < session.lifetime / 4 * 3
    };
    let session = state.metadata_session.take().filter(is_fresh);
    let session = session.unwrap_or_else(|| {
        let account = state.keys.first_account();
        call.issue(state, &account, ROLE, "i-emulator", None)
    });
    let mut fields = session.credentials();
    fields["Code"] = "Success".into();
    fields["LastUpdated"] = Utc::from(session.issued).seconds().into();
    call.entry.issued_key_id = Some(session.access_key_id.clone());
    state.metadata_session = Some(session);
    LazyReply::bare(200, &fields)
}
