//! What a gateway quotes of a request: everything, secrets included, in the way that it writes
//! them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::encoding::encode;
use super::request::Request;
use super::signature;

/// How a quotation is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Writing {
    Base64,
    Percent,
    #[default]
    Plain,
}

/// The secret parts of a request first, since whoever shows the text may cut it; then the string to
/// sign.
pub(super) fn quote(request: &Request<'_>, writing: Writing) -> String {
    let parameters = ["AccessKeyId", "SecurityToken", "OIDCToken", "Signature"];
    let headers = ["authorization", "x-acs-security-token"];
    let parameters = parameters.map(|name| (name, request.parameter(name)));
    let headers = headers.map(|name| (name, request.http.header(name)));
    let quoted: Vec<String> = parameters
        .into_iter()
        .chain(headers)
        .filter_map(|(name, value)| Some(format!("{name}={}", written(value?, writing))))
        .collect();
    let to_sign = signature::string_to_sign(request);
    format!(
        "server received: {}; server string to sign is: {}",
        quoted.join(" "),
        written(&to_sign, writing)
    )
}

fn written(text: &str, writing: Writing) -> String {
    match writing {
        Writing::Base64 => STANDARD.encode(text),
        Writing::Percent => encode(text),
        Writing::Plain => text.to_owned(),
    }
}
