//! What the client of a call receives: the answer in full, cut short, spoilt by a fault, or none at
//! all. It is decided here without I/O, and the server carries it out.

use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::fault::{Kind, RetryHeader};
use super::form::Form;
use super::operations::Fields;
use super::refusal::Refusal;

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

/// What the service or its gateway replies, before a fault changes how it travels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) code: String,
    headers: Vec<(&'static str, String)>,
    envelope: Map<String, Value>,
    fields: Fields,
    /// `None` where the gateway replies, whose form is documented.
    form: Option<Form>,
}

impl Reply {
    /// The reply to a request that was executed.
    pub(super) fn success(request_id: &str, fields: Fields) -> Self {
        let mut envelope = envelope(request_id, "OK", "SUCCESS");
        envelope.insert("AccessDeniedDetail".into(), "None".into());
        Self {
            status: 200,
            code: "OK".into(),
            headers: Vec::new(),
            envelope,
            fields,
            form: None,
        }
    }

    /// The reply to a request that is refused, in the envelope of the gateway. A business error
    /// with the HTTP status 200 is in the envelope of a success.
    pub(super) fn refusal(request_id: &str, refusal: Refusal) -> Self {
        let mut envelope = envelope(request_id, &refusal.code, &refusal.message);
        if let Some(detail) = refusal.access_denied_detail {
            envelope.insert("AccessDeniedDetail".into(), detail);
        }
        if refusal.status != 200 {
            let recommend = format!(
                "https://api.alibabacloud.com/troubleshoot\
                 ?q={}&product=cams&requestId={request_id}",
                refusal.code
            );
            envelope.insert("HostId".into(), "cams.emulator".into());
            envelope.insert("Recommend".into(), recommend.into());
        }
        Self {
            status: refusal.status,
            code: refusal.code,
            headers: refusal.headers,
            envelope,
            fields: Fields::Ready(Map::new()),
            form: None,
        }
    }

    /// The same reply, in the form of the service behind the gateway.
    pub(super) fn in_form(self, form: Option<Form>) -> Self {
        Self { form, ..self }
    }

    /// The HTTP status that is sent under this fault. `None` where no answer is sent.
    pub(super) fn status_under(&self, fault: Option<&Kind>) -> Option<u16> {
        match fault {
            Some(
                Kind::NeverAnswer { .. } | Kind::ResetAfterCommit {} | Kind::ResetBeforeCommit {},
            ) => None,
            Some(Kind::Status { status, .. }) => Some(*status),
            _ => Some(self.status),
        }
    }

    /// What the server does to send this reply on `date` under this fault.
    pub(super) fn into_delivery(self, date: SystemTime, fault: Option<&Kind>) -> Delivery {
        let mut body = self.envelope;
        body.extend(self.fields.into_map());
        if let Some(form) = self.form {
            form.shape(&mut body);
        }
        if let Some(Kind::AlteredAnswer { data, rows }) = fault {
            alter(&mut body, data, rows);
        }
        let body = Value::Object(body);
        let text = Bytes::from(body.to_string());
        let half = text.slice(..text.len() / 2);
        let mut response = Response {
            status: self.status,
            date,
            content_type: "application/json;charset=utf-8",
            headers: self.headers,
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
        let reply = Reply::refusal(request_id, Refusal::new(status, code, message));
        self.set_body(Value::Object(reply.envelope).to_string().into());
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

/// The header that tells a client to come back after `wait`.
pub(super) fn retry_header(header: RetryHeader, wait: Duration) -> (&'static str, String) {
    let millis = wait.as_nanos().div_ceil(1_000_000);
    let limits = format!("Limit:10,Remain:0,TimeLeft:{millis}");
    match header {
        RetryHeader::RetryAfter => ("retry-after", millis.div_ceil(1000).to_string()),
        RetryHeader::XAcsRetryAfter => ("x-acs-retry-after", millis.to_string()),
        RetryHeader::XRatelimitUser => ("x-ratelimit-user", limits),
        RetryHeader::XRatelimitUserApi => ("x-ratelimit-user-api", limits),
    }
}

/// The fields that every reply has.
fn envelope(request_id: &str, code: &str, message: &str) -> Map<String, Value> {
    let fields = [
        ("RequestId", request_id),
        ("Code", code),
        ("Message", message),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
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
