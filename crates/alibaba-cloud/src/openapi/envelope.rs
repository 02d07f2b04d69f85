//! The envelope that all answers of the API share, which distinguishes success from refusal.
//!
//! The forms are those of the page "V3 request structure and signature" and of answers that
//! Alibaba Cloud's gateways were seen to give.

use serde::de::DeserializeOwned;
use serde_json::Value;

use base::foreign_text::Cleaner;

use super::encoding::without_mark;
use super::fields::{self, Fields};
use super::http::Response;

/// The longest description of a denied access that is read, in bytes: objects need more memory than
/// their text.
const MAX_DETAIL: usize = 16 << 10;

/// An answer that reports success. Its data is read by the model of the operation.
#[derive(Debug)]
pub struct Success {
    response: Response,
    /// The id of the request.
    pub request_id: Option<String>,
}

impl Success {
    /// The answer of an API that reports success by the HTTP status alone.
    pub(crate) fn without_envelope(response: Response) -> Self {
        Self {
            request_id: response.request_id.clone(),
            response,
        }
    }

    /// Reads the data.
    ///
    /// # Errors
    ///
    /// If it is not what the model of the operation expects.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        fields::read_json(&self.response.body, &self.response.cleaner)
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
///
/// # Errors
///
/// If the service, or the gateway before it, refused the request. An error without a code is an
/// answer without an envelope: it was cut off, has another content type, or comes from something
/// between here and the service.
pub fn read(mut response: Response) -> Result<Success, ServiceError> {
    if let Some(refusal) = xml(&response) {
        return Err(refusal);
    }
    if Fields::parse(&response.body).is_err_and(|error| !error.is_data()) {
        fields::mend(&mut response.body);
    }
    let fields = match Fields::parse(&response.body) {
        Ok(fields) => fields,
        Err(error) if error.is_data() => {
            return Err(unreadable(&response, "is JSON, but no object"));
        }
        Err(_) => return Err(unreadable(&response, "is not JSON")),
    };
    let value = |names: &[&str]| response.cleaner.value(&fields.text(names)?);
    let Some(code) = value(&["Code", "code"]) else {
        return Err(unreadable(&response, "has no Code"));
    };
    let request_id = value(&["RequestId", "requestId"]);
    if (200..300).contains(&response.status) && code.eq_ignore_ascii_case("OK") {
        return Ok(Success {
            request_id,
            response,
        });
    }
    let message = fields.text(&["Message", "message"]).unwrap_or_default();
    Err(unquoted(ServiceError {
        code: Some(code),
        message: response.cleaner.line(&message),
        request_id,
        http_status: response.status,
        access_denied_detail: detail(&fields, &response.cleaner),
    }))
}

/// The refusal without the texts of the gateway if it is about the signature: they quote what the
/// gateway received.
fn unquoted(error: ServiceError) -> ServiceError {
    let code = error.code.as_deref().unwrap_or_default();
    if !code.contains("Signature") || error.message.is_empty() {
        return error;
    }
    ServiceError {
        message: "(not shown: messages about signatures quote the signed request)".to_owned(),
        access_denied_detail: None,
        ..error
    }
}

/// The error for an answer without an envelope. It does not quote the answer, which may hold
/// anything.
fn unreadable(response: &Response, what: &str) -> ServiceError {
    let kind = response.content_type.as_deref();
    let kind = kind.unwrap_or("no content type");
    let size = response.body.len();
    let cleaner = &response.cleaner;
    let request_id = response.request_id.as_deref();
    ServiceError {
        message: cleaner.line(&format!("the answer {what} ({kind}, {size} bytes)")),
        request_id: request_id.and_then(|id| cleaner.value(id)),
        http_status: response.status,
        ..ServiceError::default()
    }
}

/// The detail of a denied access. It is a string in answers of CAMS and an object in those of the
/// gateway. The texts "null", "无" and "{}" mean that there is none, too.
fn detail(fields: &Fields<'_>, cleaner: &Cleaner) -> Option<String> {
    let written = fields.written(&["AccessDeniedDetail", "accessDeniedDetail"])?;
    if written.get().len() > MAX_DETAIL {
        return Some(format!("longer than {MAX_DETAIL} bytes"));
    }
    let detail = match serde_json::from_str(written.get()).ok()? {
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
    let absent = matches!(detail.trim(), "null" | "无" | "{}") || fields::is_absent(&detail);
    (!absent).then(|| cleaner.line(&detail))
}

/// Reads the form in which the gateway refuses requests that it could not read: an XML element
/// `<Error>` with flat children.
fn xml(response: &Response) -> Option<ServiceError> {
    let body = without_mark(&response.body);
    if !body.trim_ascii_start().starts_with(b"<") {
        return None;
    }
    let text = std::str::from_utf8(&response.body).ok()?;
    let (_, inner) = text.split_once("<Error>")?;
    let child = |name: &str| {
        let (_, rest) = inner.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        (!fields::is_absent(value)).then_some(value)
    };
    let value = |name: &str| response.cleaner.value(child(name)?);
    Some(unquoted(ServiceError {
        code: Some(value("Code")?),
        message: response.cleaner.line(child("Message").unwrap_or_default()),
        request_id: value("RequestId"),
        http_status: response.status,
        access_denied_detail: None,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fields::Json;
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            body: body.as_bytes().to_vec().into(),
            ..Response::default()
        }
    }

    fn refusal(status: u16, body: &str) -> ServiceError {
        let error = read(response(status, body)).expect_err("a refusal");
        assert!(error.code.is_some(), "{error:?}");
        error
    }

    #[test]
    fn code_alone_decides() {
        assert!(read(response(200, r#"{"Code":"OK","Success":false}"#)).is_ok());
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
        let marked = format!("\u{feff}{xml}");
        for body in [capital, lower, xml, &marked] {
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
            let error = read(response(502, body)).expect_err(body);
            assert_eq!((error.code, error.http_status), (None, 502));
            assert!(
                !error.message.contains("s3cr3t") && error.message.starts_with("the answer"),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn what_spoils_one_text_does_not_spoil_the_answer() {
        for id in ["10\u{1b}[31m59", "10\n59", "10\u{0}59"] {
            let data = format!(r#"{{"Id":"{id}","Status":"S"}}"#);
            let text = format!(r#"{{"Code":"OK","Data":{data}}}"#);
            let success = read(response(200, &text)).expect(&text);
            let answer: Json = success.read().expect("an object");
            assert_eq!(answer.0["Data"]["Status"], "S", "{text:?}");
        }
        let broken = Response {
            body: b"{\"Code\":\"OK\",\"Data\":{\"Id\":\"\xff7\"}}"
                .to_vec()
                .into(),
            ..response(200, "")
        };
        assert!(read(broken).is_ok());
    }

    #[test]
    fn none_as_a_text_is_none_in_every_field() {
        let error = refusal(
            400,
            r#"{"Code":"X","Message":"None","RequestId":"None","AccessDeniedDetail":"None"}"#,
        );
        assert_eq!((error.message.as_str(), error.request_id), ("", None));
        assert_eq!(error.access_denied_detail, None);
    }

    #[test]
    fn a_message_about_a_signature_is_not_quoted() {
        for body in [
            r#"{"Code":"SignatureDoesNotMatch","Message":"server string to sign is s3cr3t"}"#,
            "<Error><Code>IncompleteSignature</Code><Message>s3cr3t</Message></Error>",
        ] {
            let message = refusal(400, body).message;
            assert!(message.starts_with("(not shown"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(status: u16, body: Vec<u8>, text in ".*") {
            let _ = read(Response { status, body: body.into(), ..Response::default() });
            let _ = read(response(status, &text));
        }
    }
}
