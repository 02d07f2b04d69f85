//! The envelope that all answers of the API share, which tells success from refusal.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::http::Response;
use super::lenient;

/// How many characters of a foreign text are kept.
const MAX_MESSAGE: usize = 1000;

/// An answer of the API, as far as the answers of all operations are alike.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The service carried the operation out: `Code` is `OK`.
    Success(Body),
    /// The service, or the gateway before it, refused the request and said why.
    Refusal(ServiceError),
    /// The answer has no envelope: it was cut off, has another content type, or comes from
    /// something between here and the service.
    Unreadable(ServiceError),
}

/// The fields of a body as they were written. None is parsed before it is asked for, because a
/// field can hold a list of ten thousand numbers of which only one is needed.
#[derive(Clone, Debug, Default)]
pub struct Body(BTreeMap<String, Box<RawValue>>);

impl Body {
    /// The value of a field. `None` if it is missing or null.
    ///
    /// # Errors
    ///
    /// If the value is of another type.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        match self.0.get(name) {
            Some(written) => serde_json::from_str(written.get()),
            None => Ok(None),
        }
    }

    /// A field that is an object; `None` if it is missing or something else.
    pub fn object<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        lenient::object(self.0.get(name)?)
    }

    /// A field as it was written, null included; `None` only if it is missing.
    pub fn written(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|written| written.get())
    }

    /// The text in the first of these fields that holds a text or a number. `None` if that is empty.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        let text = |name: &&str| self.0.get(*name).and_then(|written| lenient::text(written));
        let text = names.iter().find_map(text)?;
        (!text.is_empty()).then(|| clean(&text))
    }
}

impl std::str::FromStr for Body {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

/// An error as the service reports it, with an HTTP status that says so or with status 200.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// The error code, such as `Throttling.User`.
    pub code: Option<String>,
    /// What the service says about the error, for people to read.
    pub message: String,
    /// The id of the request, which Alibaba Cloud's support asks for.
    pub request_id: Option<String>,
    /// The HTTP status of the answer.
    pub http_status: u16,
    /// What RAM, the access control, said about an access that it denied.
    pub access_denied_detail: Option<String>,
}

/// Reads an answer. `Code` alone decides about success, because there are documented answers with
/// `Code: OK` and `Success: false`.
pub fn read(response: &Response) -> Answer {
    let json = serde_json::from_slice(&response.body).map(Body).ok();
    let body = match json.or_else(|| xml(&response.body)) {
        Some(body) => body,
        None if serde_json::from_slice::<IgnoredAny>(&response.body).is_ok() => {
            return unreadable(response, "is JSON, but no object");
        }
        None => return unreadable(response, "is not JSON"),
    };
    let code = body.text(&["Code", "code"]);
    let success = (200..300).contains(&response.status);
    match &code {
        Some(code) if success && code.eq_ignore_ascii_case("OK") => return Answer::Success(body),
        Some(_) => {}
        None => return unreadable(response, "has no Code"),
    }
    Answer::Refusal(ServiceError {
        code,
        message: body.text(&["Message", "message"]).unwrap_or_default(),
        request_id: body.text(&["RequestId", "requestId"]),
        http_status: response.status,
        access_denied_detail: detail(&body),
    })
}

/// The error for an answer without an envelope. It does not quote the answer, which may hold
/// anything.
fn unreadable(response: &Response, what: &str) -> Answer {
    let kind = response
        .content_type
        .as_deref()
        .unwrap_or("no content type");
    let size = response.body.len();
    Answer::Unreadable(ServiceError {
        message: clean(&format!("the answer {what} ({kind}, {size} bytes)")),
        request_id: response.request_id.clone(),
        http_status: response.status,
        ..ServiceError::default()
    })
}

/// The detail of a denied access. It is a string in answers of CAMS and an object in those of the
/// gateway. Texts such as "None" and "无" mean that there is none.
fn detail(body: &Body) -> Option<String> {
    let field = |name| body.field::<Value>(name).ok().flatten();
    let detail = field("AccessDeniedDetail").or_else(|| field("accessDeniedDetail"))?;
    let detail = match detail {
        Value::String(text) => text,
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            });
            fields.collect::<Vec<_>>().join(", ")
        }
        _ => return None,
    };
    let said = !matches!(detail.trim(), "" | "None" | "null" | "无" | "{}");
    said.then(|| clean(&detail))
}

/// Reads the form in which the gateway answers requests that it could not read: an XML element
/// `<Error>` with flat children.
fn xml(body: &[u8]) -> Option<Body> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, inner) = text.split_once("<Error>")?;
    let names = ["Code", "Message", "RequestId", "HostId"];
    let found = names.iter().filter_map(|name| {
        let (_, rest) = inner.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        Some(((*name).to_owned(), to_raw_value(value).ok()?))
    });
    Some(Body(found.collect()))
}

/// Makes foreign text fit for a message: one line without control characters, of at most
/// [`MAX_MESSAGE`] characters.
fn clean(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_MESSAGE)
        .collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            body: body.as_bytes().to_vec(),
            ..Response::default()
        }
    }

    fn refusal(status: u16, body: &str) -> ServiceError {
        match read(&response(status, body)) {
            Answer::Refusal(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn code_alone_decides() {
        assert!(matches!(
            read(&response(200, r#"{"Code":"OK","Success":false}"#)),
            Answer::Success(_)
        ));
        assert_eq!(
            refusal(200, r#"{"Code":"Product.Unsubscript"}"#)
                .code
                .as_deref(),
            Some("Product.Unsubscript")
        );
        assert_eq!(refusal(500, r#"{"Code":"OK"}"#).http_status, 500);
    }

    #[test]
    fn the_gateway_writes_in_three_ways() {
        let capital = r#"{"Code":"Throttling.User","Message":"M","RequestId":"R","HostId":"h"}"#;
        let lower = r#"{"code":"Throttling.User","message":"M","requestId":"R"}"#;
        let xml = "<?xml version='1.0'?><Error><Code>Throttling.User</Code>\
                   <Message>M</Message><RequestId>R</RequestId></Error>";
        for body in [capital, lower, xml] {
            let error = refusal(400, body);
            assert_eq!(error.code.as_deref(), Some("Throttling.User"), "{body}");
            assert_eq!(
                (error.message.as_str(), error.request_id.as_deref()),
                ("M", Some("R")),
                "{body}"
            );
        }
    }

    #[test]
    fn access_denied_detail_is_text_an_object_or_nothing() {
        let detail = |json: &str| {
            refusal(
                403,
                &format!(r#"{{"Code":"X","AccessDeniedDetail":{json}}}"#),
            )
            .access_denied_detail
        };
        assert_eq!(
            detail(r#""policy says no""#).as_deref(),
            Some("policy says no")
        );
        assert_eq!(
            detail(r#"{"AuthAction":"cams:X","n":1}"#).as_deref(),
            Some("AuthAction=cams:X, n=1")
        );
        for nothing in [
            "null",
            r#""None""#,
            r#""无""#,
            r#""{}""#,
            r#""""#,
            "{}",
            "7",
        ] {
            assert_eq!(detail(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_no_envelope_is_described_and_not_quoted() {
        for body in [
            "",
            "<html>s3cr3t</html>",
            "[\"s3cr3t\"]",
            "{\"Data\":\"s3cr3t\"}",
            "{\"Code\":\"OK\"",
        ] {
            let Answer::Unreadable(error) = read(&response(502, body)) else {
                panic!("{body}")
            };
            assert_eq!(error.http_status, 502);
            assert!(
                !error.message.contains("s3cr3t") && error.message.starts_with("the answer"),
                "{}",
                error.message
            );
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(status: u16, body: Vec<u8>, text in ".*") {
            let _ = read(&Response { status, body, ..Response::default() });
            let _ = read(&response(status, &text));
        }
    }
}
