//! The credentials URI: a server of the user's own that issues sessions as the metadata service
//! does.

use hyper::Method;
use serde_json::json;

use super::{Call, Reply, Source, State, Target};
use crate::issuance::CredentialsUri;

pub(super) const SOURCE: Source = Source {
    target: Target::CredentialsUri,
    action: |_| "GetCredentialsUri",
    answer,
};

/// Starts a session for each request.
fn answer(call: &mut Call<'_>, state: &mut State) -> Reply {
    if call.request.method != Method::GET {
        let fields = json!({ "Code": "MethodNotAllowed", "Message": "Use GET." });
        return Reply::bare(405, &fields);
    }
    let kind = state.issuance.credentials_uri;
    if kind == CredentialsUri::Failure {
        let message = "There are no credentials for you.";
        return Reply::bare(200, &json!({ "Code": "Forbidden", "Message": message }));
    }
    let account = state.keys.first_account();
    let session = call.issue(state, account, "credentials-uri", "emulator", None);
    let mut fields = session.credentials();
    if kind == CredentialsUri::Success {
        fields["Code"] = "Success".into();
    }
    Reply::bare(200, &fields)
}
