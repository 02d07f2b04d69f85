//! What the client of a call receives: the answer in full, cut short, spoilt by a fault, or none at
//! all. It is decided here without I/O, and the server carries it out.

use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::api::Api;
use super::fault::Kind;
use super::reply::{Body, JSON, Reply, gateway_error};

/// What the server does to answer a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Delivery {
    /// It sends nothing, and leaves the connection open.
    Never,
    /// It ends the connection with a TCP reset, and sends nothing before.
    Reset,
    /// It sends this response, which may end early.
    Respond(Response),
}

/// An HTTP response, whose body may be sent in steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The date in the header `Date`.
    pub(super) date: SystemTime,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The length of the body that the header announces, in bytes.
    pub(super) length: u64,
    pub(super) body: Vec<Step>,
}

/// One step of sending a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The connection is ended by a TCP reset.
    Cut,
    /// Nothing is sent for this time.
    Pause(Duration),
    /// These bytes are sent.
    Send(Bytes),
}

impl Reply {
    /// What the server does to send this reply on `date` under this fault.
    pub(super) fn into_delivery(self, date: SystemTime, fault: Option<&Kind>) -> Delivery {
        let (status, content_type) = (self.status, self.content_type);
        let headers = self.headers;
        let (text, body) = match self.body {
            Body::Text(text) => (Bytes::from(text), Value::Null),
            Body::Json(whole) => {
                let mut body = whole.into_map();
                let mut raw = false;
                if let Some(Kind::AlteredAnswer {
                    credentials,
                    data,
                    rows,
                    unescaped,
                }) = fault
                {
                    alter(&mut body, data, rows);
                    alter_credentials(&mut body, credentials);
                    raw = *unescaped;
                }
                let body = Value::Object(body);
                let text = match raw {
                    true => unescape(&body.to_string()),
                    false => body.to_string(),
                };
                (Bytes::from(text), body)
            }
        };
        let half = text.slice(..text.len() / 2);
        let mut response = Response {
            status,
            date,
            content_type,
            headers,
            length: text.len() as u64,
            body: vec![Step::Send(text.clone())],
        };
        match fault {
            Some(Kind::ResetAfterCommit {} | Kind::ResetBeforeCommit {}) => return Delivery::Reset,
            Some(Kind::NeverAnswer { .. }) => return Delivery::Never,
            Some(Kind::Status { status, .. }) => response.fail(*status, &body),
            Some(Kind::EmptyBody {}) => response.set_body(Bytes::new()),
            Some(Kind::MalformedJson {}) => response.set_body("{\"Code\": OK, \"Data\": {".into()),
            Some(Kind::TruncatedJson {}) => response.set_body(half),
            Some(Kind::WrongTypes {}) => {
                response.set_body(wrong_types(body).to_string().into());
            }
            Some(Kind::WrongContentType {}) => response.content_type = "text/html;charset=utf-8",
            Some(Kind::HugeBody { bytes }) => response.inflate(*bytes),
            Some(Kind::ResetMidBody {}) => {
                // The pause lets the first half reach the client before the reset overtakes it.
                let pause = Step::Pause(Duration::from_millis(20));
                response.body = vec![Step::Send(half), pause, Step::Cut];
            }
            Some(Kind::SlowBody { over }) => response.body = drip(&text, over.0),
            // These faults decide what is replied, and nothing about how it is sent.
            Some(
                Kind::AlteredAnswer { .. }
                | Kind::BusinessError { .. }
                | Kind::EchoRequest { .. }
                | Kind::ClockSkew { .. }
                | Kind::ExpiredToken {}
                | Kind::SignatureRefused {}
                | Kind::StaleList {}
                | Kind::Throttle { .. },
            )
            | None => {}
        }
        Delivery::Respond(response)
    }
}

impl Response {
    /// Sends this body and no other, and announces its length.
    fn set_body(&mut self, body: Bytes) {
        self.length = body.len() as u64;
        self.body = vec![Step::Send(body)];
    }

    /// Turns the response into a failure with this status. A gateway reports its failure as JSON,
    /// and a proxy (502) as HTML.
    fn fail(&mut self, status: u16, body: &Value) {
        self.status = status;
        if status == 502 {
            self.content_type = "text/html";
            self.set_body("<html><body><h1>502 Bad Gateway</h1></body></html>".into());
            return;
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
        let request_id = body["RequestId"].as_str().unwrap_or_default();
        let body = gateway_error(request_id, Api::Cams, code, message);
        self.content_type = JSON;
        self.set_body(Value::Object(body).to_string().into());
    }

    /// Puts so many spaces before the JSON, which stays valid for a client that reads to its end.
    fn inflate(&mut self, bytes: u64) {
        const BLOCK: usize = 64 << 10;
        let blocks = bytes / BLOCK as u64;
        let block = Bytes::from(vec![b' '; BLOCK]);
        let rest = usize::try_from(bytes % BLOCK as u64).unwrap_or(0);
        let mut body: Vec<_> = (0..blocks).map(|_| Step::Send(block.clone())).collect();
        body.push(Step::Send(block.slice(..rest)));
        body.append(&mut self.body);
        self.body = body;
        self.length = self.length.saturating_add(bytes);
    }
}

/// Sends a body in ten parts with a pause before each, which take `over` together.
fn drip(body: &Bytes, over: Duration) -> Vec<Step> {
    const PARTS: usize = 10;
    let size = body.len().div_ceil(PARTS).max(1);
    body.chunks(size)
        .flat_map(|part| {
            let send = Step::Send(body.slice_ref(part));
            [Step::Pause(over / PARTS as u32), send]
        })
        .collect()
}

/// Puts these fields into `Data` and into each row of the list, as far as the answer has them.
fn alter(body: &mut Map<String, Value>, data: &Map<String, Value>, rows: &Map<String, Value>) {
    if let Some(Value::Object(fields)) = body.get_mut("Data") {
        fields.extend(data.clone());
    }
    if let Some(Value::Array(list)) = body.get_mut("PhoneNumbers") {
        for row in list.iter_mut().filter_map(Value::as_object_mut) {
            row.extend(rows.clone());
        }
    }
}

/// The JSON with control characters as they are where it has an escape such as `\u001b`.
fn unescape(json: &str) -> String {
    (0..0x20_u8).fold(json.to_owned(), |json, control| {
        json.replace(
            &format!("\\u{control:04x}"),
            &char::from(control).to_string(),
        )
    })
}

/// Puts these fields where an answer has credentials: in an object of its own, or at its top.
fn alter_credentials(body: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for name in ["Credentials", "CloudCredential"] {
        if let Some(Value::Object(credentials)) = body.get_mut(name) {
            credentials.extend(fields.clone());
            return;
        }
    }
    if body.contains_key("AccessKeyId") {
        body.extend(fields.clone());
    }
}

/// The body with a value of another type in each field but `Code`, which still claims success.
fn wrong_types(body: Value) -> Value {
    let Value::Object(fields) = body else {
        return body;
    };
    fields
        .into_iter()
        .map(|(name, value)| {
            let wrong = match value {
                value if name == "Code" => value,
                Value::String(_) => json!(17),
                Value::Array(_) => json!({ "0": true }),
                _ => json!(["unexpected"]),
            };
            (name, wrong)
        })
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests;
