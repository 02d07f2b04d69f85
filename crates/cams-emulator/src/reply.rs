//! What the service, its gateway or a source of credentials replies, before a fault changes how it
//! travels.

use std::time::Duration;

use serde_json::{Map, Value};

use super::api::Api;
use super::fault::{Kind, RetryHeader};
use super::form::Form;
use super::operations::Fields;
use super::refusal::Refusal;

/// The content type of answers in JSON.
pub(super) const JSON: &str = "application/json;charset=utf-8";

/// A reply, whose body is not written out yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The `Code` in the body. Successes of STS and of the metadata service's texts have none.
    pub(super) code: Option<String>,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
}

/// The body of a reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// A JSON object, of which a long list is turned into JSON later.
    Json(Box<Whole>),
    /// A text that is sent as it is.
    Text(String),
}

/// The parts of a JSON object that is sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Whole {
    envelope: Map<String, Value>,
    fields: Fields,
    /// `None` where something other than CAMS itself replies, whose form is documented.
    form: Option<Form>,
}

impl Reply {
    /// The reply to a request that CAMS executed.
    pub(super) fn success(request_id: &str, fields: Fields) -> Self {
        let mut envelope = envelope(request_id, "OK", "SUCCESS");
        envelope.insert("AccessDeniedDetail".into(), Value::Null);
        Self::json(200, Some("OK"), envelope, fields)
    }

    /// The reply to a request that STS executed. It has neither `Code` nor `Message`.
    pub(super) fn of_sts(request_id: &str, fields: Map<String, Value>) -> Self {
        let envelope = Map::from_iter([("RequestId".to_owned(), request_id.into())]);
        Self::json(200, None, envelope, Fields::Ready(fields))
    }

    /// A JSON object without an envelope, as sources of credentials answer.
    pub(super) fn bare(status: u16, fields: Map<String, Value>) -> Self {
        let code = ["Code", "ErrorCode"]
            .into_iter()
            .find_map(|name| fields.get(name)?.as_str().map(str::to_owned));
        Self::json(status, code.as_deref(), Map::new(), Fields::Ready(fields))
    }

    /// A text, as the metadata service answers.
    pub(super) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            content_type,
            headers: Vec::new(),
            body: Body::Text(text.into()),
        }
    }

    /// The reply to a request that is refused, in the envelope of the gateway. A business error
    /// with the HTTP status 200 is in the envelope of a success.
    pub(super) fn refusal(request_id: &str, api: Api, refusal: Refusal) -> Self {
        let mut body = match refusal.status {
            200 => envelope(request_id, &refusal.code, &refusal.message),
            _ => gateway_error(request_id, api, &refusal.code, &refusal.message),
        };
        if let Some(detail) = refusal.access_denied_detail {
            body.insert("AccessDeniedDetail".into(), detail);
        }
        let fields = Fields::Ready(Map::new());
        Self {
            headers: refusal.headers,
            ..Self::json(refusal.status, Some(&refusal.code), body, fields)
        }
    }

    /// The same reply, in the form of the service behind the gateway.
    pub(super) fn in_form(mut self, form: Option<Form>) -> Self {
        if let Body::Json(whole) = &mut self.body {
            whole.form = form;
        }
        self
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

    fn json(status: u16, code: Option<&str>, envelope: Map<String, Value>, fields: Fields) -> Self {
        Self {
            status,
            code: code.map(str::to_owned),
            content_type: JSON,
            headers: Vec::new(),
            body: Body::Json(Box::new(Whole {
                envelope,
                fields,
                form: None,
            })),
        }
    }
}

impl Whole {
    /// Writes the object out. A long list takes a while.
    pub(super) fn into_map(self) -> Map<String, Value> {
        let mut body = self.envelope;
        body.extend(self.fields.into_map());
        if let Some(form) = self.form {
            form.shape(&mut body);
        }
        body
    }
}

/// The body of an error that the gateway in front of this API reports.
pub(super) fn gateway_error(
    request_id: &str,
    api: Api,
    code: &str,
    message: &str,
) -> Map<String, Value> {
    let mut body = envelope(request_id, code, message);
    let (host, product) = api.host_and_product();
    let recommend = format!(
        "https://api.alibabacloud.com/troubleshoot\
         ?q={code}&product={product}&requestId={request_id}"
    );
    body.insert("HostId".into(), host.into());
    body.insert("Recommend".into(), recommend.into());
    body
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

/// The fields that every reply of CAMS has.
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
