//! The metadata service of an ECS instance, in its two versions.

use std::time::Duration;

use base::clock::Utc;
use hyper::Method;

use super::{Addressee, EmulatedSource, IncomingRequest, LazyReply, ServiceState, Visit};
use crate::issuance::MetadataVersion;
use crate::keys::IssuedSession;

pub(super) const SOURCE: EmulatedSource = EmulatedSource {
    target: Addressee::Metadata,
    action,
    answer,
};

const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// The header that says for how many seconds a token is wanted.
const TIME_TO_LIVE: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";

/// The longest time for which there is a token, six hours.
const LONGEST: u64 = 21_600;

fn action(request: &IncomingRequest) -> &'static str {
    match request.path.strip_prefix(ROLES) {
        Some("") => "GetMetadataRole",
        Some(_) => "GetMetadataCredentials",
        None if request.path == TOKEN => "GetMetadataToken",
        None => "GetMetadata",
    }
}

fn answer(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
    let (request, version) = (call.request, state.issuance.metadata);
    let is_get = request.method == Method::GET;
    if version == MetadataVersion::Off {
        return not_found();
    }
    if request.path == TOKEN {
        return match (version, &request.method) {
            (MetadataVersion::V1, _) => not_found(),
            (_, &Method::PUT) => token(call, state),
            _ => page(405, "Method Not Allowed"),
        };
    }
    if !is_get {
        return page(405, "Method Not Allowed");
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
        return page(403, "Forbidden");
    }
    let role = state.issuance.metadata_role.clone();
    match request.path.strip_prefix(ROLES) {
        Some("") if !role.is_empty() => LazyReply::text(200, "text/plain", role),
        Some(name) if !role.is_empty() && name == role => credentials(call, state, &role),
        _ => not_found(),
    }
}

/// Issues a token for as long as is requested.
fn token(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
    let seconds = call.request.header(TIME_TO_LIVE);
    let seconds = seconds.and_then(|text| text.parse().ok());
    let Some(seconds) = seconds.filter(|seconds| (1..=LONGEST).contains(seconds)) else {
        return page(400, "Bad Request");
    };
    let tokens = &mut state.metadata_tokens;
    let count = tokens.len().to_string();
    let token = state.generated.grouped(&["metadata token", &count]);
    let ends = call.now.checked_add(Duration::from_secs(seconds));
    tokens.insert(token.clone(), ends.unwrap_or(call.now));
    LazyReply::text(200, "text/plain", token)
}

/// Answers with the same session for all requests until it nears its end, like the real service.
fn credentials(call: &mut Visit<'_>, state: &mut ServiceState, role: &str) -> LazyReply {
    let current = state.metadata_session.take();
    let session = match current.filter(|session| !is_stale(session, call, state)) {
        Some(session) => session,
        None => {
            let account = state.keys.first_account();
            call.issue(state, account, role, "i-emulator", None)
        }
    };
    let mut fields = session.credentials();
    fields["Code"] = "Success".into();
    fields["LastUpdated"] = Utc::from(session.issued).seconds().into();
    call.entry.issued_key_id = Some(session.access_key_id.clone());
    state.metadata_session = Some(session);
    LazyReply::bare(200, &fields)
}

/// Whether another session has to take the place of this one, because it was revoked or because
/// less than a quarter of its life is left.
fn is_stale(session: &IssuedSession, call: &Visit<'_>, state: &ServiceState) -> bool {
    let age = call.now.duration_since(session.issued).unwrap_or_default();
    state.keys.is_revoked(&session.access_key_id) || age >= session.lifetime / 4 * 3
}

fn not_found() -> LazyReply {
    page(404, "Not Found")
}

/// A page as the web server of the service writes it.
fn page(status: u16, title: &str) -> LazyReply {
    let text = format!("<html><head><title>{status} - {title}</title></head></html>");
    LazyReply::text(status, "text/html", text)
}
