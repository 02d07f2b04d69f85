//! What the service, its gateway or a source of credentials replies, and what the client receives of
//! it: a whole response, a part of one, or none at all. It is decided without I/O, and the server
//! carries it out.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use crate::behaviour::{AbsentValue, AnswerFields, Ids, ServiceChoices};
use crate::refusal::Rejection;
use crate::request::Addressee;

/// The content type of answers in JSON.
pub(crate) const JSON: &str = "application/json;charset=utf-8";

/// What the server does to answer a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Delivery {
    /// It sends nothing, and leaves the connection open.
    Never,
    /// It ends the connection with a TCP reset, and sends nothing before.
    Reset,
    /// It sends this response, which may end early.
    Respond(OutgoingResponse),
}

/// An HTTP response, whose body may be sent in steps.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OutgoingResponse {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// How long the client should wait before it tries again.
    pub(crate) retry_after: Option<Duration>,
    /// The length of the body that the header announces, in bytes.
    pub(crate) length: u64,
    pub(crate) body: Vec<BodyStep>,
}

/// One step of sending a body: a pause, and the bytes that are sent after it. Where there are none
/// the connection is ended by a TCP reset.
pub(crate) type BodyStep = (Duration, Option<Bytes>);

impl OutgoingResponse {
    /// Sends this body and no other, and announces its length.
    pub(crate) fn set_body(&mut self, body: impl Into<Bytes>) {
        let body = body.into();
        self.length = body.len() as u64;
        self.body = vec![(Duration::ZERO, Some(body))];
    }
}

/// Puts the fields of an answer into the body. It is called when the lock on the state is released,
/// because a long list takes a while.
pub(crate) type FieldWriter = Box<dyn FnOnce(&mut Map<String, Value>, &ServiceChoices) + Send>;

/// A reply, before a fault changes how it travels.
pub(crate) struct LazyReply {
    /// The `Code` in the body. Successes of STS and of the metadata service's texts have none.
    pub(crate) code: Option<String>,
    /// The response, whose body is not written yet.
    pub(crate) response: OutgoingResponse,
    write: Box<dyn FnOnce() -> String + Send>,
}

/// The fields that hold ids or phone numbers.
const IDS: [&str; 3] = ["BusinessId", "Id", "PhoneNumber"];

/// The form in which the service behind the gateway writes an answer.
#[derive(Clone)]
pub(crate) struct AnswerForm {
    pub(crate) choices: ServiceChoices,
    /// The fields that a client needs, in the body, in its objects and in its rows.
    pub(crate) essential: &'static [&'static str],
    /// What decides which odd row sparse lists have.
    pub(crate) seed: u64,
}

/// These fields of an object.
pub(crate) fn fields(object: Value) -> FieldWriter {
    Box::new(|body, _| body.extend(into_map(object)))
}

impl LazyReply {
    /// The reply to a request that CAMS or STS executed. That of STS has neither `Code` nor
    /// `Message`.
    pub(crate) fn success(
        target: Addressee,
        request_id: &str,
        fields: FieldWriter,
        form: AnswerForm,
    ) -> Self {
        let mut envelope = json!({ "RequestId": request_id });
        if target == Addressee::Cams {
            envelope = self::envelope(request_id, "OK", "SUCCESS");
            envelope["AccessDeniedDetail"] = Value::Null;
        }
        let mut body = into_map(envelope);
        Self {
            code: (target == Addressee::Cams).then(|| "OK".into()),
            write: Box::new(move || {
                fields(&mut body, &form.choices);
                form.shape(&mut body);
                Value::Object(body).to_string()
            }),
            ..Self::text(200, JSON, "")
        }
    }

    /// A JSON object without an envelope, as sources of credentials answer.
    pub(crate) fn bare(status: u16, object: &Value) -> Self {
        let code = object.get("Code").or_else(|| object.get("ErrorCode"));
        Self {
            code: code.and_then(Value::as_str).map(str::to_owned),
            ..Self::text(status, JSON, object.to_string())
        }
    }

    /// A text, as the metadata service answers.
    pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            code: None,
            response: OutgoingResponse {
                status,
                content_type,
                ..OutgoingResponse::default()
            },
            write: Box::new(|| text),
        }
    }

    /// The reply to a request that is refused, in the envelope of the gateway. A business error
    /// with the HTTP status 200 is in the envelope of a success. The form is that of the service
    /// behind the gateway, if it refuses.
    pub(crate) fn refusal(
        target: Addressee,
        request_id: &str,
        refusal: Rejection,
        form: Option<AnswerForm>,
    ) -> Self {
        let code = &refusal.code;
        let mut body = envelope(request_id, code, &refusal.message);
        if refusal.status != 200 {
            let (_, host, product) = target.api();
            body["HostId"] = host.into();
            body["Recommend"] = format!(
                "https://api.alibabacloud.com/troubleshoot\
                 ?q={code}&product={product}&requestId={request_id}"
            )
            .into();
        }
        if let Some(detail) = refusal.access_denied_detail {
            body["AccessDeniedDetail"] = detail;
        }
        if let (Some(form), Value::Object(body)) = (form, &mut body) {
            form.shape(body);
        }
        let mut reply = Self::text(refusal.status, JSON, body.to_string());
        reply.response.retry_after = refusal.retry_after;
        reply.code = Some(refusal.code);
        reply
    }

    /// Writes the reply, and returns the text of its body too. A long list takes a while.
    pub(crate) fn into_response(mut self) -> (OutgoingResponse, Bytes) {
        let text = Bytes::from((self.write)());
        self.response.set_body(text.clone());
        (self.response, text)
    }
}

/// The fields that every reply of CAMS has.
fn envelope(request_id: &str, code: &str, message: &str) -> Value {
    json!({ "RequestId": request_id, "Code": code, "Message": message })
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

impl AnswerForm {
    /// Changes the body of a full answer into this form.
    fn shape(&self, body: &mut Map<String, Value>) {
        if self.choices.answers == AnswerFields::Sparse {
            self.thin(body);
        }
        for (name, value) in body.iter_mut() {
            // A whole object that is missing has a flag of its own.
            if name != "Data" || !value.is_null() {
                self.rewrite(name, value);
            }
        }
    }

    /// Replaces absent values and ids, wherever they are in the value of this field. An id that is
    /// not the text of a number stays a text.
    fn rewrite(&self, name: &str, value: &mut Value) {
        match value {
            Value::Null => match self.choices.absent {
                AbsentValue::Empty => *value = "".into(),
                AbsentValue::None => *value = "None".into(),
                AbsentValue::Null => {}
            },
            Value::String(text) if self.choices.ids == Ids::Number && IDS.contains(&name) => {
                let number = text.parse::<u64>().ok();
                if let Some(number) = number.filter(|number| number.to_string() == *text) {
                    *value = number.into();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.rewrite("", value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.rewrite(name, value);
                }
            }
            _ => {}
        }
    }

    /// Leaves only the essential fields, and adds an odd row to lists: a row of a type that no
    /// client expects. It is a text instead of an object, or an object with a number instead of a
    /// text. A client may fail at one of the two, so that a list has only one of them, and the seed
    /// decides which.
    fn thin(&self, body: &mut Map<String, Value>) {
        let is_essential = |name: &str| self.essential.contains(&name);
        let thin = |fields: &mut Map<String, Value>| fields.retain(|name, _| is_essential(name));
        body.retain(|name, _| ["Code", "RequestId"].contains(&&**name) || is_essential(name));
        for value in body.values_mut() {
            match value {
                Value::Object(fields) => thin(fields),
                Value::Array(rows) => {
                    let objects = rows.iter_mut().filter_map(Value::as_object_mut);
                    objects.for_each(thin);
                    let odd_row = match self.seed.is_multiple_of(2) {
                        true => json!("odd"),
                        false => json!({ "Status": 7 }),
                    };
                    rows.insert(0, odd_row);
                }
                _ => {}
            }
        }
    }
}
