//! The credentials URI: a server of the user's own that issues sessions as the metadata service
//! does.

use hyper::Method;
use serde_json::json;

use super::{Addressee, EmulatedSource, LazyReply, ServiceState, Visit};
use crate::issuance::CredentialsUri;

pub(super) const SOURCE: EmulatedSource = EmulatedSource {
    target: Addressee::CredentialsUri,
    action: |_| "GetCredentialsUri",
    answer,
};

/// Starts a session for each request.
fn answer(call: &mut Visit<'_>, state: &mut ServiceState) -> LazyReply {
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
    let session = call.issue(state, account, "credentials-uri", "emulator", None);
    let mut fields = session.credentials();
    if kind == CredentialsUri::Success {
        fields["Code"] = "Success".into();
    }
    LazyReply::bare(200, &fields)
}
