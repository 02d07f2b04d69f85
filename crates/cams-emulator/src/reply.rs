//! What the service, its gateway or a source of credentials replies, before a fault changes how it
//! travels.

use std::time::SystemTime;

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use crate::behaviour::{AbsentValue, AnswerFields, Ids, ServiceChoices};
use crate::refusal::{Header, Rejection, retry_header};
use crate::request::Addressee;
use crate::response::{JSON, OutgoingResponse};

/// Puts the fields of an answer into the body. It is called when the lock on the state is released,
/// because a long list takes a while.
pub(crate) type FieldWriter = Box<dyn FnOnce(&mut Map<String, Value>) + Send>;

/// A reply, whose body is not written yet.
pub(crate) struct LazyReply {
    pub(crate) status: u16,
    /// The `Code` in the body. Successes of STS and of the metadata service's texts have none.
    pub(crate) code: Option<String>,
    content_type: &'static str,
    header: Option<Header>,
    write: Box<dyn FnOnce() -> String + Send>,
}

/// The fields that hold ids or phone numbers.
const IDS: [&str; 3] = ["BusinessId", "Id", "PhoneNumber"];

/// The form in which the service behind the gateway writes an answer.
#[derive(Clone, Debug)]
pub(crate) struct AnswerForm {
    pub(crate) choices: ServiceChoices,
    /// The fields that a client needs, in the body, in its objects and in its rows.
    pub(crate) essential: &'static [&'static str],
    /// What decides which odd row sparse lists have.
    pub(crate) seed: u64,
}

/// These fields of an object.
pub(crate) fn fields(object: Value) -> FieldWriter {
    Box::new(|body| body.extend(into_map(object)))
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
                fields(&mut body);
                form.shape(&mut body);
                Value::Object(body).to_string()
            }),
            ..Self::text(200, JSON, "")
        }
    }

    /// A JSON object without an envelope, as sources of credentials answer.
    pub(crate) fn bare(status: u16, object: &Value) -> Self {
        let code = ["Code", "ErrorCode"]
            .into_iter()
            .find_map(|name| object[name].as_str());
        Self {
            code: code.map(str::to_owned),
            ..Self::text(status, JSON, object.to_string())
        }
    }

    /// A text, as the metadata service answers.
    pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            status,
            code: None,
            content_type,
            header: None,
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
        let mut body = match refusal.status {
            200 => envelope(request_id, &refusal.code, &refusal.message),
            _ => gateway_error(target, request_id, &refusal.code, &refusal.message),
        };
        if let Some(detail) = refusal.access_denied_detail {
            body["AccessDeniedDetail"] = detail;
        }
        if let (Some(form), Value::Object(body)) = (form, &mut body) {
            form.shape(body);
        }
        Self {
            header: refusal.retry_after.map(retry_header),
            code: Some(refusal.code),
            ..Self::text(refusal.status, JSON, body.to_string())
        }
    }

    /// Writes the reply, and returns the text of its body too. A long list takes a while.
    pub(crate) fn into_response(self, date: SystemTime) -> (OutgoingResponse, Bytes) {
        let text = Bytes::from((self.write)());
        let response = OutgoingResponse {
            header: self.header,
            ..OutgoingResponse::new(self.status, date, self.content_type, text.clone())
        };
        (response, text)
    }
}

/// The body of an error that the gateway in front of this API reports.
pub(crate) fn gateway_error(
    target: Addressee,
    request_id: &str,
    code: &str,
    message: &str,
) -> Value {
    let (_, host, product) = target.api();
    let mut body = envelope(request_id, code, message);
    body["HostId"] = host.into();
    body["Recommend"] = format!(
        "https://api.alibabacloud.com/troubleshoot\
         ?q={code}&product={product}&requestId={request_id}"
    )
    .into();
    body
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
            Value::Null => {
                *value = match self.choices.absent {
                    AbsentValue::Empty => "".into(),
                    AbsentValue::None => "None".into(),
                    AbsentValue::Null => Value::Null,
                };
            }
            Value::String(text) if self.choices.ids == Ids::Number && IDS.contains(&name) => {
                match text.parse::<u64>() {
                    Ok(number) if number.to_string() == *text => *value = number.into(),
                    _ => {}
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

    /// Leaves only the essential fields, and adds an odd row to lists.
    fn thin(&self, body: &mut Map<String, Value>) {
        let is_essential = |name: &str| self.essential.contains(&name);
        body.retain(|name, _| ["Code", "RequestId"].contains(&&**name) || is_essential(name));
        for value in body.values_mut() {
            match value {
                Value::Object(fields) => fields.retain(|name, _| is_essential(name)),
                Value::Array(rows) => {
                    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                        row.retain(|name, _| is_essential(name));
                    }
                    rows.insert(0, self.odd_row());
                }
                _ => {}
            }
        }
    }

    /// A row of a type that no client expects: a text instead of an object, or an object with a
    /// number instead of a text. A client may fail at one of the two, so that a list has only one
    /// of them, and the seed decides which.
    fn odd_row(&self) -> Value {
        match self.seed.is_multiple_of(2) {
            true => json!("odd"),
            false => json!({ "Status": 7 }),
        }
    }
}
