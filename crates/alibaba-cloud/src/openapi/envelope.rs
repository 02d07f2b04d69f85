//! The envelope that all answers of the API share, which tells success from refusal.
//!
//! This file is longer than 300 lines because the tests of every form of an answer stand beside the
//! code.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use base::foreign_text::Cleaner;

use super::http::Response;
use super::{Rows, lenient};

/// A description of a denied access is read up to this size, in bytes: objects need more memory
/// than their text.
const MAX_DETAIL: usize = 16 << 10;

/// The fields that are read of an answer, in the service's spelling and the gateway's other one.
/// The rest is skipped.
const FIELDS: [&str; 11] = [
    "AccessDeniedDetail",
    "Code",
    "Data",
    "Message",
    "OpenStatus",
    "PhoneNumbers",
    "RequestId",
    "accessDeniedDetail",
    "code",
    "message",
    "requestId",
];

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

/// The fields of an object that are read of it, each as it was written. No field is parsed before
/// it is asked for. Every text that is read of it is cleaned.
#[derive(Clone, Debug, Default)]
pub struct Body {
    fields: Fields,
    rows: Rows,
    cleaner: Cleaner,
}

pub(super) type Fields = BTreeMap<&'static str, Box<RawValue>>;

impl Body {
    /// The value of a field. `None` if it is missing or null.
    ///
    /// # Errors
    ///
    /// If the value is of another type.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        match self.fields.get(name) {
            Some(written) => serde_json::from_str(written.get()),
            None => Ok(None),
        }
    }

    /// These fields of a field that is an object; `None` if it is missing or something else.
    pub fn object(&self, name: &str, fields: &[&'static str]) -> Option<Self> {
        let written = self.fields.get(name)?.get().as_bytes();
        Some(Self {
            fields: pick(written, fields).ok()?,
            rows: Rows::default(),
            cleaner: self.cleaner.clone(),
        })
    }

    /// A field as it was written, null included. `None` if it is missing, or not one of the fields
    /// that are read of an answer. The text is not cleaned: it is for finding out how the service
    /// writes its answers, and not to be kept or shown.
    pub fn written(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|written| written.get())
    }

    /// The first of these fields that holds a text or a number which is not empty, as
    /// [`Cleaner::value`] leaves it.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        let mut texts = names.iter().filter_map(|name| self.written_text(name));
        texts.find_map(|text| self.cleaner.value(&text))
    }

    /// A field that holds digits alone, and not only zeros. What is left of another text when it
    /// was cleaned would be the id of something else.
    pub fn digits(&self, name: &str) -> Option<String> {
        let text = self.written_text(name)?;
        let id = text.trim();
        let is_id = id.bytes().all(|byte| byte.is_ascii_digit()) && id.bytes().any(|b| b != b'0');
        let cleaned = self.cleaner.value(id).filter(|_| is_id)?;
        (cleaned == id).then_some(cleaned)
    }

    /// Whether a field is missing, null, or a text that stands for nothing.
    pub fn is_absent(&self, name: &str) -> bool {
        match self.fields.get(name).map(|written| written.get()) {
            None | Some("null") => true,
            Some(written) => {
                let text: Result<String, _> = serde_json::from_str(written);
                text.is_ok_and(|text| lenient::is_absent(&text))
            }
        }
    }

    /// The first of these fields that holds text, as [`Cleaner::line`] leaves it.
    pub fn message(&self, names: &[&str]) -> Option<String> {
        let mut texts = names.iter().filter_map(|name| self.written_text(name));
        texts.find_map(|text| Some(self.cleaner.line(&text)).filter(|line| !line.is_empty()))
    }

    /// What `judge` says of a text as the service wrote it. That text is for comparing only, not to
    /// be kept or shown.
    pub fn judge<T>(&self, name: &str, judge: impl FnOnce(&str) -> T) -> Option<T> {
        self.written_text(name).map(|text| judge(&text))
    }

    /// What cleans the texts of the answer, for a caller that reads a field as it was written.
    pub fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }

    /// The rows of the list that was asked for.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    fn written_text(&self, name: &str) -> Option<String> {
        lenient::text(self.fields.get(name)?)
    }
}

#[doc(hidden)]
impl Body {
    /// The body of an answer with this list, as it is read when it arrives.
    pub fn with_list(text: &str, list: super::List) -> Option<Self> {
        let (cleaner, budget) = (Cleaner::default(), super::budget::Budget::new());
        let mut reader = super::list::Reader::new(list, &cleaner, &budget);
        reader.feed(text.as_bytes()).ok()?;
        let (rest, rows) = reader.finish();
        let body = std::str::from_utf8(&rest).ok()?.parse().ok()?;
        Some(Self { rows, ..body })
    }
}

impl std::str::FromStr for Body {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self {
            fields: pick(text.as_bytes(), &FIELDS)?,
            rows: Rows::default(),
            cleaner: Cleaner::default(),
        })
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
    let json = pick(&response.body, &FIELDS).ok();
    let mended = || pick(&lenient::mended(&response.body), &FIELDS).ok();
    let fields = match json.or_else(|| xml(&response.body)).or_else(mended) {
        Some(fields) => fields,
        None if serde_json::from_slice::<IgnoredAny>(&response.body).is_ok() => {
            return unreadable(response, "is JSON, but no object");
        }
        None => return unreadable(response, "is not JSON"),
    };
    let body = Body {
        fields,
        rows: response.rows.clone(),
        cleaner: response.cleaner.clone(),
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
        message: body.message(&["Message", "message"]).unwrap_or_default(),
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
        message: response
            .cleaner
            .line(&format!("the answer {what} ({kind}, {size} bytes)")),
        request_id: response
            .request_id
            .as_deref()
            .and_then(|id| response.cleaner.value(id)),
        http_status: response.status,
        ..ServiceError::default()
    })
}

/// The detail of a denied access. It is a string in answers of CAMS and an object in those of the
/// gateway. The texts "null", "无" and "{}" mean that there is none, too.
fn detail(body: &Body) -> Option<String> {
    let mut written = ["AccessDeniedDetail", "accessDeniedDetail"]
        .iter()
        .filter_map(|name| body.fields.get(name));
    let written = written.next()?;
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
    let said = !matches!(detail.trim(), "null" | "无" | "{}") && !lenient::is_absent(&detail);
    said.then(|| body.cleaner.line(&detail))
}

/// These fields of a JSON object, of several with one name the last. Whatever else it holds is
/// checked and skipped, so that an answer needs no more memory than its text, whoever wrote it.
pub(super) fn pick(json: &[u8], names: &[&'static str]) -> Result<Fields, serde_json::Error> {
    struct Pick<'a>(&'a [&'static str]);

    impl<'de> Visitor<'de> for Pick<'_> {
        type Value = Fields;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
            let mut fields = Fields::new();
            while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                match self.0.iter().find(|name| **name == key) {
                    Some(name) => {
                        fields.insert(name, map.next_value()?);
                    }
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(fields)
        }
    }

    let mut reader = serde_json::Deserializer::from_slice(json);
    let fields = reader.deserialize_map(Pick(names))?;
    reader.end()?;
    Ok(fields)
}

/// Reads the form in which the gateway answers requests that it could not read: an XML element
/// `<Error>` with flat children.
fn xml(body: &[u8]) -> Option<Fields> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, inner) = text.split_once("<Error>")?;
    let names = ["Code", "Message", "RequestId"];
    let found = names.iter().filter_map(|name| {
        let (_, rest) = inner.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        Some((*name, to_raw_value(value).ok()?))
    });
    Some(found.collect())
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

    #[test]
    fn what_spoils_one_text_does_not_spoil_the_answer() {
        for id in ["10\u{1b}[31m59", "10\n59", "10\u{0}59"] {
            let data = format!(r#"{{"Id":"{id}","Status":"S"}}"#);
            let text = format!(r#"{{"Code":"OK","Data":{data}}}"#);
            let Answer::Success(body) = read(&response(200, &text)) else {
                panic!("{text:?}")
            };
            let data = body.object("Data", &["Id", "Status"]).expect("an object");
            assert_eq!(data.digits("Id"), None, "{text:?}");
            assert_eq!(data.text(&["Status"]).as_deref(), Some("S"), "{text:?}");
        }
        let broken = Response {
            body: b"{\"Code\":\"OK\",\"Data\":{\"Id\":\"\xff7\"}}".to_vec(),
            ..response(200, "")
        };
        assert!(matches!(read(&broken), Answer::Success(_)));
    }

    #[test]
    fn an_id_is_one_only_as_it_was_written() {
        for (written, id) in [
            (r#"" 7 ""#, Some("7")),
            ("7", Some("7")),
            (r#""1\u00000""#, None),
            (r#""1\u200b0""#, None),
            (r#""None""#, None),
            (r#""""#, None),
            ("0", None),
            ("-1", None),
            ("1.5", None),
        ] {
            let body: Body = format!(r#"{{"Data":{written}}}"#)
                .parse()
                .expect("an object");
            assert_eq!(body.digits("Data").as_deref(), id, "{written}");
        }
    }

    #[test]
    fn none_as_a_text_is_none_in_every_field() {
        let error = refusal(
            400,
            r#"{"Code":"X","Message":"None","RequestId":"None","AccessDeniedDetail":"None"}"#,
        );
        assert_eq!((error.message.as_str(), error.request_id), ("", None));
        assert_eq!(error.access_denied_detail, None);
        let body: Body = r#"{"Data":"None","PhoneNumbers":"","Message":null,"Code":"X"}"#
            .parse()
            .expect("an object");
        for name in ["Data", "PhoneNumbers", "Message", "RequestId"] {
            assert!(body.is_absent(name), "{name}");
        }
        assert!(!body.is_absent("Code"));
    }

    proptest! {
        #[test]
        fn no_body_panics(status: u16, body: Vec<u8>, text in ".*") {
            let _ = read(&Response { status, body, ..Response::default() });
            let _ = read(&response(status, &text));
        }
    }
}
