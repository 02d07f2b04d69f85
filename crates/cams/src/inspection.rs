//! Answers of reading operations together with the way in which the service writes them.
//!
//! The documentation leaves open how many fields an answer has, whether ids are texts or numbers,
//! and how a missing number is reported. The other operations of this client are right either way
//! and hide the difference. Here it is what is asked for, to tell people how the service behaves.
//! Every operation of this file only reads.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use alibaba_cloud::openapi::{Body, Reading, lenient};

use super::phone::PhoneNumber;
use super::{Call, Client, Error, Operation};

/// The fields that hold ids and phone numbers.
const IDS: [&str; 3] = ["BusinessId", "Id", "PhoneNumber"];

/// What an answer means, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected<T> {
    /// What the value means.
    pub value: T,
    /// How it is written.
    pub form: Form,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Whether it has a `Message`, which every documented answer has.
    pub has_message: bool,
    /// How many of its ids and phone numbers are JSON texts.
    pub text_ids: usize,
    /// How many of its ids and phone numbers are JSON numbers.
    pub number_ids: usize,
    /// What stands in the place of a detail about access that it does not have.
    pub absent: Option<Absent>,
}

/// What stands where an answer has nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// An empty text stands there.
    Empty,
    /// The text `None` stands there.
    None,
    /// The JSON value null.
    Null,
}

/// What `QueryChatappBindWaba` tells of the WhatsApp Business Account of a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waba {
    /// Whether one is bound to the space: the answer then has data of it.
    pub bound: bool,
    /// `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`, if the answer says.
    pub review_status: Option<String>,
}

/// What `QueryChatappPhoneNumbers` shows of a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberList {
    /// The rows that are objects, in order.
    pub rows: Vec<NumberRow>,
    /// The names of all fields in these rows.
    pub columns: BTreeSet<String>,
    /// How many rows are no objects.
    pub unreadable: usize,
}

/// A row of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberRow {
    /// Country code and number, digits only, if the row has them.
    pub phone_number: Option<String>,
    /// Such as `CONNECTED`, if the row has one.
    pub status: Option<String>,
}

/// What `Data` is in a successful answer of `GetPhoneNumberVerificationStatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupData {
    /// An object without fields.
    Empty,
    /// There is no `Data`.
    Missing,
    /// The JSON value `null`.
    Null,
    /// None of the others, such as a text.
    Odd,
    /// An object with the number's id.
    WithId,
    /// An object with fields, but no id.
    WithoutId,
}

impl Client {
    /// By how many seconds the service's clock is ahead of this machine's, as the last answer
    /// showed. `None` as long as no answer had a date.
    pub fn service_clock_ahead(&self) -> Option<i64> {
        self.service_clock().ahead()
    }

    /// `GetChatappOpenStatus`: whether the account has activated the product; `None` if the answer
    /// does not say.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached.
    pub async fn inspect_open_status(&self, call: &Call) -> Result<Inspected<Option<bool>>, Error> {
        let operation = Operation::GET_CHATAPP_OPEN_STATUS;
        let body = self.send(call, operation, &[], "").await?;
        Ok(inspected(&body, open_status(&body)))
    }

    /// `QueryChatappBindWaba`: what is bound to a space.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached.
    pub async fn inspect_waba(
        &self,
        call: &Call,
        cust_space_id: &str,
    ) -> Result<Inspected<Waba>, Error> {
        let operation = Operation::QUERY_CHATAPP_BIND_WABA;
        let parameters = [("CustSpaceId", cust_space_id)];
        let body = self.send(call, operation, &parameters, "").await?;
        Ok(inspected(&body, waba(&body)))
    }

    /// `QueryChatappPhoneNumbers`: the numbers of a space.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached, or answers with something else than a list.
    pub async fn inspect_numbers(
        &self,
        call: &Call,
        cust_space_id: &str,
    ) -> Result<Inspected<NumberList>, Error> {
        // Everything of the list is wanted here, and not only what the resource needs of it.
        let operation = Operation {
            reading: Reading::WholeList,
            ..Operation::QUERY_CHATAPP_PHONE_NUMBERS
        };
        let parameters = [("CustSpaceId", cust_space_id)];
        let body = self.send(call, operation, &parameters, "").await?;
        let list = list(&body).ok_or_else(|| Self::incomplete(operation, &body))?;
        Ok(inspected(&body, list))
    }

    /// `GetPhoneNumberVerificationStatus`: one number, calling code first. It may be anything: how
    /// the service refuses what is no phone number can be of interest too.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached.
    pub async fn inspect_lookup(
        &self,
        call: &Call,
        cust_space_id: &str,
        phone_number: &str,
    ) -> Result<Inspected<LookupData>, Error> {
        let operation = Operation::GET_PHONE_NUMBER_VERIFICATION_STATUS;
        let parameters = [
            ("CustSpaceId", cust_space_id),
            ("PhoneNumber", phone_number),
        ];
        let masked = PhoneNumber::parse_international(phone_number).map(|number| number.masked());
        let about = masked.unwrap_or_default();
        let body = self.send(call, operation, &parameters, &about).await?;
        Ok(inspected(&body, lookup_data(&body)))
    }
}

fn inspected<T>(body: &Body, value: T) -> Inspected<T> {
    let mut form = Form {
        has_message: body.message(&["Message"]).is_some(),
        absent: match body.written("AccessDeniedDetail") {
            Some(r#""""#) => Some(Absent::Empty),
            Some(r#""None""#) => Some(Absent::None),
            Some("null") => Some(Absent::Null),
            _ => None,
        },
        ..Form::default()
    };
    for name in ["Data", "PhoneNumbers"] {
        if let Some(written) = written(body, name) {
            form.count(&written);
        }
    }
    Inspected { value, form }
}

impl Form {
    /// Counts the ids in a value by their types.
    fn count(&mut self, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.count(value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if IDS.contains(&&**name) => {
                            self.text_ids += usize::from(!lenient::is_absent(text));
                        }
                        Value::Number(_) if IDS.contains(&&**name) => self.number_ids += 1,
                        _ => self.count(value),
                    }
                }
            }
            _ => {}
        }
    }
}

fn open_status(body: &Body) -> Option<bool> {
    match written(body, "OpenStatus")? {
        Value::Bool(open) => Some(open),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn waba(body: &Body) -> Waba {
    match written(body, "Data") {
        Some(Value::Object(data)) => Waba {
            bound: !data.is_empty(),
            review_status: text(body, &data, "AccountReviewStatus"),
        },
        _ => Waba::default(),
    }
}

/// The rows, also of a list that is null or left out. `None` if it is anything else than a list.
fn list(body: &Body) -> Option<NumberList> {
    let rows = match written(body, "PhoneNumbers") {
        _ if body.is_absent("PhoneNumbers") => return Some(NumberList::default()),
        Some(Value::Array(rows)) => rows,
        _ => return None,
    };
    let mut list = NumberList::default();
    for row in rows {
        let Value::Object(row) = row else {
            list.unreadable += 1;
            continue;
        };
        list.rows.push(NumberRow {
            phone_number: text(body, &row, "PhoneNumber")
                .map(|number| number.trim_start_matches('+').to_owned()),
            status: text(body, &row, "Status"),
        });
        let names = row.keys().filter_map(|name| body.cleaner().value(name));
        list.columns.extend(names);
    }
    Some(list)
}

fn lookup_data(body: &Body) -> LookupData {
    match written(body, "Data") {
        None => LookupData::Missing,
        Some(Value::Null) => LookupData::Null,
        Some(Value::Object(data)) if data.is_empty() => LookupData::Empty,
        Some(Value::Object(data)) if text(body, &data, "Id").is_some() => LookupData::WithId,
        Some(Value::Object(_)) => LookupData::WithoutId,
        Some(_) => LookupData::Odd,
    }
}

fn written(body: &Body, name: &str) -> Option<Value> {
    serde_json::from_str(body.written(name)?).ok()
}

/// A text that stands for something, or a number as the text of its digits, cleaned.
fn text(body: &Body, fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) if lenient::is_absent(text) => None,
        Value::String(text) => body.cleaner().value(text),
        Value::Number(number) => body.cleaner().value(&number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
