//! The form in which answers are written: with ids as texts or numbers, with every field or only
//! the indispensable ones, and with what stands where there is nothing.

use serde_json::{Map, Value, json};

use super::behaviour::{Absent, Answers, Behaviour, Ids};
use super::operation::Operation;

/// The fields that hold ids or phone numbers.
const IDS: [&str; 3] = ["BusinessId", "Id", "PhoneNumber"];

/// The form of one answer of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    absent: Absent,
    ids: Ids,
    answers: Answers,
    operation: Operation,
    /// What decides which odd row sparse lists have.
    seed: u64,
}

impl Form {
    pub(super) fn new(behaviour: &Behaviour, operation: Operation, seed: u64) -> Self {
        Self {
            absent: behaviour.absent,
            ids: behaviour.ids,
            answers: behaviour.answers,
            operation,
            seed,
        }
    }

    /// Changes the body of a full answer into this form.
    pub(super) fn shape(self, body: &mut Map<String, Value>) {
        if self.operation == Operation::GetChatappOpenStatus && body.contains_key("OpenStatus") {
            // This is the one operation whose model lacks this field, and whose documented message
            // is in lower case.
            body.remove("AccessDeniedDetail");
            body.insert("Message".into(), "success".into());
        }
        if self.answers == Answers::Sparse {
            self.thin(body);
        }
        let nothing: Value = match self.absent {
            Absent::Empty => "".into(),
            Absent::None => "None".into(),
            Absent::Null => Value::Null,
        };
        for (name, value) in body.iter_mut() {
            // A whole object that is missing has a flag of its own.
            if name != "Data" || !value.is_null() {
                fill(value, &nothing);
            }
        }
        if self.ids == Ids::Number {
            body.values_mut().for_each(number_ids);
        }
    }

    /// Leaves only the fields that a client cannot do without, and adds the odd row to lists.
    fn thin(self, body: &mut Map<String, Value>) {
        let field = match self.operation {
            Operation::CreateChatappMigrationInitiate => None,
            Operation::GetChatappOpenStatus => Some("OpenStatus"),
            Operation::GetPhoneNumberVerificationStatus | Operation::QueryChatappBindWaba => {
                Some("Data")
            }
            Operation::QueryChatappPhoneNumbers => Some("PhoneNumbers"),
        };
        body.retain(|name, _| ["Code", "RequestId"].contains(&&**name) || Some(&**name) == field);
        match (field, field.and_then(|field| body.get_mut(field))) {
            (Some("Data"), Some(Value::Object(data))) if data.contains_key("Id") => {
                data.retain(|name, _| ["AccountReviewStatus", "Id"].contains(&&**name));
            }
            (Some("PhoneNumbers"), Some(Value::Array(rows))) => {
                for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                    row.retain(|name, _| ["PhoneNumber", "Status"].contains(&&**name));
                }
                rows.insert(0, self.odd_row());
            }
            _ => {}
        }
    }

    /// A row of a type that no client expects: a text instead of an object, or an object with a
    /// number instead of a text. A client may fail at one of the two, so that a list has only one
    /// of them, and a test knows which.
    fn odd_row(self) -> Value {
        if self.seed.is_multiple_of(2) {
            json!("odd")
        } else {
            json!({ "Status": 7 })
        }
    }
}

/// Puts `nothing` in the place of each null in the value.
fn fill(value: &mut Value, nothing: &Value) {
    match value {
        Value::Null => *value = nothing.clone(),
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, nothing)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, nothing)),
        _ => {}
    }
}

/// Turns ids into JSON numbers, wherever they are in the value. An id that is not the text of a
/// number stays a text.
fn number_ids(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(number_ids),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().map(|text| (text, text.parse::<u64>())) {
                    Some((text, Ok(number)))
                        if IDS.contains(&&**name) && number.to_string() == text =>
                    {
                        *value = number.into();
                    }
                    _ => number_ids(value),
                }
            }
        }
        _ => {}
    }
}
