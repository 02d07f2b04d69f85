//! The credentials URI: a server of one's own that hands out sessions as the metadata service does.

use hyper::Method;
use serde_json::{Map, json};

use super::{Desk, Handed};
use crate::issuance::CredentialsUri;
use crate::reply::Reply;
use crate::request::HttpRequest;

/// Starts a session for each request.
pub(super) fn answer(request: &HttpRequest, desk: &mut Desk<'_>) -> Handed {
    if request.method != Method::GET {
        let fields = [
            ("Code", json!("MethodNotAllowed")),
            ("Message", json!("Use GET.")),
        ];
        return failure(405, fields);
    }
    if desk.issuance.credentials_uri == CredentialsUri::Failure {
        let message = "There are no credentials for you.";
        let fields = [("Code", json!("Forbidden")), ("Message", json!(message))];
        return failure(200, fields);
    }
    let issued = desk.issue("credentials-uri", "emulator");
    let mut fields = issued.fields();
    if desk.issuance.credentials_uri == CredentialsUri::Success {
        fields.insert("Code".into(), "Success".into());
    }
    Handed {
        issued: Some(issued.access_key_id.clone()),
        ..Handed::only(Reply::bare(200, fields))
    }
}

fn failure(status: u16, fields: [(&str, serde_json::Value); 2]) -> Handed {
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Handed::only(Reply::bare(status, Map::from_iter(fields)))
}
