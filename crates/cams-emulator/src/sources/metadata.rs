//! The metadata service of an ECS instance, in its two versions.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hyper::Method;

use super::{Desk, Handed};
use crate::issuance::Metadata as Version;
use crate::keys::{Issued, Keys};
use crate::reply::Reply;
use crate::request::HttpRequest;
use base::clock::Utc;

const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// The header that says for how many seconds a token is wanted.
const TIME_TO_LIVE: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";

/// The longest time for which there is a token, six hours.
const LONGEST: u64 = 21_600;

/// What the service remembers.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// The tokens that were handed out, and when each ends.
    tokens: BTreeMap<String, SystemTime>,
    /// The session that is handed out now. Like the real service, this one hands out the same
    /// session to all who ask, until it nears its end.
    current: Option<Issued>,
}

/// The name that a request has in the journal and in faults.
pub(super) fn action(request: &HttpRequest) -> &'static str {
    match request.path.strip_prefix(ROLES) {
        Some("") => "GetMetadataRole",
        Some(_) => "GetMetadataCredentials",
        None if request.path == TOKEN => "GetMetadataToken",
        None => "GetMetadata",
    }
}

impl Metadata {
    pub(super) fn answer(&mut self, request: &HttpRequest, desk: &mut Desk<'_>) -> Handed {
        let handed = self.respond(request, desk);
        Handed {
            delay: desk.issuance.metadata_delay.0,
            ..handed
        }
    }

    /// Forgets the session that is handed out now, so that the next one is issued anew.
    pub(super) fn forget(&mut self) {
        self.current = None;
    }

    fn respond(&mut self, request: &HttpRequest, desk: &mut Desk<'_>) -> Handed {
        let version = desk.issuance.metadata;
        if version == Version::Off {
            return not_found();
        }
        if request.path == TOKEN {
            return match (version, &request.method) {
                (Version::V1, _) => not_found(),
                (_, &Method::PUT) => self.token(request, desk),
                _ => page(405, "Method Not Allowed"),
            };
        }
        if request.method != Method::GET {
            return page(405, "Method Not Allowed");
        }
        if !self.lets_pass(request, version, desk.now) {
            return page(403, "Forbidden");
        }
        let role = &desk.issuance.metadata_role;
        match request.path.strip_prefix(ROLES) {
            Some("") if !role.is_empty() => {
                Handed::only(Reply::text(200, "text/plain", role.clone()))
            }
            Some(name) if !role.is_empty() && name == role => self.credentials(desk),
            _ => not_found(),
        }
    }

    /// Hands out a token for as long as is asked for.
    fn token(&mut self, request: &HttpRequest, desk: &Desk<'_>) -> Handed {
        let seconds = request
            .header(TIME_TO_LIVE)
            .and_then(|text| text.parse().ok());
        let Some(seconds) = seconds.filter(|seconds| (1..=LONGEST).contains(seconds)) else {
            return page(400, "Bad Request");
        };
        let count = self.tokens.len().to_string();
        let token = desk.keys.generated().grouped(&["metadata token", &count]);
        let ends = desk.now.checked_add(Duration::from_secs(seconds));
        self.tokens.insert(token.clone(), ends.unwrap_or(desk.now));
        Handed::only(Reply::text(200, "text/plain", token))
    }

    /// Whether a request has a token that is good, or needs none. A token that is no good is
    /// refused even where none is needed.
    fn lets_pass(&self, request: &HttpRequest, version: Version, now: SystemTime) -> bool {
        match request.header("x-aliyun-ecs-metadata-token") {
            None => version != Version::V2,
            Some(_) if version == Version::V1 => true,
            Some(token) => self.tokens.get(token).is_some_and(|ends| *ends > now),
        }
    }

    fn credentials(&mut self, desk: &mut Desk<'_>) -> Handed {
        let good = |issued: &Issued| !is_stale(issued, desk.keys, desk.now);
        let issued = match self.current.take().filter(good) {
            Some(issued) => issued,
            None => {
                let role = desk.issuance.metadata_role.clone();
                desk.issue(&role, "i-emulator")
            }
        };
        let mut fields = issued.fields();
        fields.insert("Code".into(), "Success".into());
        fields.insert("LastUpdated".into(), Utc::from(issued.at).seconds().into());
        let id = issued.access_key_id.clone();
        self.current = Some(issued);
        Handed {
            issued: Some(id),
            ..Handed::only(Reply::bare(200, fields))
        }
    }
}

/// Whether another session has to take the place of this one, because it was revoked or because
/// less than a quarter of its life is left.
fn is_stale(issued: &Issued, keys: &Keys, now: SystemTime) -> bool {
    let age = now.duration_since(issued.at).unwrap_or_default();
    keys.is_revoked(&issued.access_key_id) || age >= issued.lifetime / 4 * 3
}

fn not_found() -> Handed {
    page(404, "Not Found")
}

/// A page as the web server of the service writes it.
fn page(status: u16, title: &str) -> Handed {
    let text = format!("<html><head><title>{status} - {title}</title></head></html>");
    Handed::only(Reply::text(status, "text/html", text))
}
