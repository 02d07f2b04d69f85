//! How faults spoil a response.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::encoding::encode;
use crate::refusal::Rejection;
use crate::reply::{BodyStep, LazyReply, OutgoingResponse};
use crate::request::{Addressee, IncomingRequest};
use crate::signature;

/// How a quotation of a request is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Writing {
    Base64,
    Percent,
    #[default]
    Plain,
}

/// Quotes a request with everything in it, secrets included. The secrets are first, because a
/// client that shows the text may cut it; the string to sign follows.
pub(crate) fn quote(request: &IncomingRequest, writing: Writing) -> String {
    let write = |text: &str| match writing {
        Writing::Base64 => STANDARD.encode(text),
        Writing::Percent => encode(text),
        Writing::Plain => text.to_owned(),
    };
    let parameters = [
        "AccessKeyId",
        "SecurityToken",
        "OIDCToken",
        "Signature",
        "VerifyCode",
    ];
    let headers = ["authorization", "x-acs-security-token"];
    let quoted = parameters.iter().chain(&headers).filter_map(|name| {
        let value = request.parameter(name).or_else(|| request.header(name));
        Some(format!("{name}={}", write(value?)))
    });
    let quoted: Vec<_> = quoted.collect();
    format!(
        "server received: {}; server string to sign is: {}",
        quoted.join(" "),
        write(&signature::string_to_sign(request))
    )
}

/// A failure with this status in the place of this answer. A gateway reports its failure as JSON, and
/// a proxy (502) as HTML.
pub(crate) fn failure(text: &Bytes, status: u16) -> OutgoingResponse {
    if status == 502 {
        let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
        return LazyReply::text(status, "text/html", page).into_response().0;
    }
    let (code, message) = match status {
        503 => (
            "ServiceUnavailable",
            "The request has failed due to a temporary failure of the server.",
        ),
        _ => (
            "InternalError",
            "The request processing has failed due to some unknown error.",
        ),
    };
    let answer = json(text);
    let request_id = answer["RequestId"].as_str().unwrap_or_default();
    let refusal = Rejection::new(status, code, message);
    let reply = LazyReply::refusal(Addressee::Cams, request_id, refusal, None);
    reply.into_response().0
}

/// Puts so many spaces before the JSON, which stays valid for a client that reads to its end.
pub(crate) fn inflate(response: &mut OutgoingResponse, bytes: u32) {
    const BLOCK: u32 = 64 << 10;
    let block = Bytes::from(vec![b' '; BLOCK as usize]);
    let rest = block.slice(..(bytes % BLOCK) as usize);
    let blocks = (0..bytes / BLOCK).map(|_| block.clone()).chain([rest]);
    let body = blocks.map(|block| (Duration::ZERO, Some(block)));
    response.body.splice(..0, body);
    response.length += u64::from(bytes);
}

/// Sends a body in ten parts with a pause before each, which take `over` together.
pub(crate) fn drip(body: &Bytes, over: Duration) -> Vec<BodyStep> {
    const PARTS: usize = 10;
    let size = body.len().div_ceil(PARTS).max(1);
    let step = |part| (over / PARTS as u32, Some(body.slice_ref(part)));
    body.chunks(size).map(step).collect()
}

pub(crate) fn half(text: &Bytes) -> Bytes {
    text.slice(..text.len() / 2)
}

/// Puts fields into parts of an answer in JSON: into an object, or into each row of a list. The
/// credentials of some answers have another name or are the answer itself.
pub(crate) fn alter(
    text: &Bytes,
    parts: [(&str, &Option<Map<String, Value>>); 4],
) -> Option<String> {
    let mut body: Value = serde_json::from_slice(text).ok()?;
    for (part, fields) in parts {
        let is_answer = part == "Credentials" && body.get("AccessKeyId").is_some();
        let target = match is_answer {
            true => Some(&mut body),
            false => body.get_mut(part),
        };
        let objects = match target {
            Some(Value::Array(rows)) => rows,
            Some(object) => std::slice::from_mut(object),
            None => continue,
        };
        for object in objects.iter_mut().filter_map(Value::as_object_mut) {
            object.extend(fields.clone().unwrap_or_default());
        }
    }
    Some(body.to_string())
}

/// The JSON with control characters as they are where it has an escape such as `\u001b`.
pub(crate) fn unescape(json: String) -> String {
    (0..0x20_u8).fold(json, |json, control| {
        let escape = format!("\\u{control:04x}");
        json.replace(&escape, &char::from(control).to_string())
    })
}

/// The body with a value of another type in each field but `Code`, which still claims success.
pub(crate) fn wrong_types(text: &Bytes) -> Value {
    let mut body = json(text);
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if name != "Code" {
            *value = match value {
                Value::String(_) => json!(17),
                Value::Array(_) => json!({ "0": true }),
                _ => json!(["unexpected"]),
            };
        }
    }
    body
}

/// The body as JSON, or null if it is a text.
fn json(text: &Bytes) -> Value {
    serde_json::from_slice(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
