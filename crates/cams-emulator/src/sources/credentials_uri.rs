//! The credentials URI: a server of the user's own that issues sessions as the metadata service
//! does.

use hyper::Method;
use serde_json::json;

use super::Source;
use crate::call::Call;
use crate::issuance::CredentialsUri;
use crate::reply::Reply;
use crate::request::Target;

pub(super) const SOURCE: Source = Source {
    target: Target::CredentialsUri,
    action: |_| "GetCredentialsUri",
    answer,
};

/// Starts a session for each request.
fn answer(call: &mut Call<'_>) -> Reply {
    if call.request.method != Method::GET {
        let fields = json!({ "Code": "MethodNotAllowed", "Message": "Use GET." });
        return Reply::bare(405, fields);
    }
    let kind = call.state.issuance.credentials_uri;
    if kind == CredentialsUri::Failure {
        let message = "There are no credentials for you.";
        return Reply::bare(200, json!({ "Code": "Forbidden", "Message": message }));
    }
    let account = call.state.keys.first_account();
    let session = call.issue(account, "credentials-uri", "emulator", None);
    let mut fields = session.credentials();
    if kind == CredentialsUri::Success {
        fields["Code"] = "Success".into();
    }
    Reply::bare(200, fields)
}
