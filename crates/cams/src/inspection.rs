//! Answers of reading operations together with the way in which the service writes them.
//!
//! The documentation leaves open how many fields an answer has, whether ids are texts or numbers,
//! and how a missing number is reported. The other operations of this client are right either way
//! and hide the difference. Here it is what is asked for, to tell people how the service behaves.
//! Every operation of this file only reads.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use serde_json::Value;

use alibaba_cloud::client::{Api, Bounds, Error, ErrorKind, Operation, Raw};
use alibaba_cloud::openapi::fields::{Json, is_absent};

use crate::client::Client;
use crate::operations::{
    GetChatappOpenStatus, GetPhoneNumberVerificationStatus, QueryChatappBindWaba,
    QueryChatappPhoneNumbers,
};
use crate::phone::PhoneNumber;

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

/// The lookup of any text, which need not be a phone number.
struct LookupOf {
    cust_space_id: String,
    phone_number: String,
}

impl Operation for LookupOf {
    const API: &'static Api = GetPhoneNumberVerificationStatus::API;
    const ACTION: &'static str = GetPhoneNumberVerificationStatus::ACTION;
    const READS: bool = true;
    const CALLS_PER_SECOND: NonZeroU32 = GetPhoneNumberVerificationStatus::CALLS_PER_SECOND;

    type Answer = Json;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CustSpaceId", self.cust_space_id.clone()),
            ("PhoneNumber", self.phone_number.clone()),
        ]
    }

    fn subject(&self) -> String {
        let number = PhoneNumber::parse_international(&self.phone_number);
        number.map(|number| number.masked()).unwrap_or_default()
    }
}

impl Client {
    /// `GetChatappOpenStatus`: whether the account has activated the product; `None` if the answer
    /// does not say.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached.
    pub async fn inspect_open_status(
        &self,
        bounds: &Bounds,
    ) -> Result<Inspected<Option<bool>>, Error> {
        let answer = self.call(bounds, &Raw(GetChatappOpenStatus)).await?;
        Ok(inspected(&answer, open_status(&answer)))
    }

    /// `QueryChatappBindWaba`: what is bound to a space.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached.
    pub async fn inspect_waba(
        &self,
        bounds: &Bounds,
        cust_space_id: &str,
    ) -> Result<Inspected<Waba>, Error> {
        let cust_space_id = cust_space_id.to_owned();
        let operation = Raw(QueryChatappBindWaba { cust_space_id });
        let answer = self.call(bounds, &operation).await?;
        Ok(inspected(&answer, waba(&answer)))
    }

    /// `QueryChatappPhoneNumbers`: the numbers of a space.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached, or answers with something else than a list.
    pub async fn inspect_numbers(
        &self,
        bounds: &Bounds,
        cust_space_id: &str,
    ) -> Result<Inspected<NumberList>, Error> {
        let cust_space_id = cust_space_id.to_owned();
        let operation = Raw(QueryChatappPhoneNumbers { cust_space_id });
        let answer = self.call(bounds, &operation).await?;
        let list = list(&answer).ok_or_else(|| {
            Error::unanswered(
                ErrorKind::Incomplete,
                QueryChatappPhoneNumbers::ACTION,
                "the service reported success without the data it documents",
            )
        })?;
        Ok(inspected(&answer, list))
    }

    /// `GetPhoneNumberVerificationStatus`: one number, calling code first. It may be anything: how
    /// the service refuses what is no phone number can be of interest too.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached.
    pub async fn inspect_lookup(
        &self,
        bounds: &Bounds,
        cust_space_id: &str,
        phone_number: &str,
    ) -> Result<Inspected<LookupData>, Error> {
        let operation = LookupOf {
            cust_space_id: cust_space_id.to_owned(),
            phone_number: phone_number.to_owned(),
        };
        let answer = self.call(bounds, &operation).await?;
        Ok(inspected(&answer, lookup_data(&answer)))
    }
}

fn inspected<T>(answer: &Json, value: T) -> Inspected<T> {
    let mut form = Form {
        has_message: text(&answer.0["Message"]).is_some(),
        absent: match &answer.0["AccessDeniedDetail"] {
            Value::String(text) if text.is_empty() => Some(Absent::Empty),
            Value::String(text) if text == "None" => Some(Absent::None),
            Value::Null if answer.0.get("AccessDeniedDetail").is_some() => Some(Absent::Null),
            _ => None,
        },
        ..Form::default()
    };
    form.count(&answer.0["Data"]);
    form.count(&answer.0["PhoneNumbers"]);
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
                            self.text_ids += usize::from(!is_absent(text));
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

fn open_status(answer: &Json) -> Option<bool> {
    match &answer.0["OpenStatus"] {
        Value::Bool(open) => Some(*open),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn waba(answer: &Json) -> Waba {
    let data = &answer.0["Data"];
    Waba {
        bound: data.as_object().is_some_and(|data| !data.is_empty()),
        review_status: text(&data["AccountReviewStatus"]),
    }
}

/// The rows, also of a list that is null or left out. `None` if it is anything else than a list.
fn list(answer: &Json) -> Option<NumberList> {
    let rows = match &answer.0["PhoneNumbers"] {
        Value::Array(rows) => rows,
        Value::Null => return Some(NumberList::default()),
        Value::String(text) if is_absent(text) => return Some(NumberList::default()),
        _ => return None,
    };
    let mut list = NumberList::default();
    for row in rows {
        let Value::Object(fields) = row else {
            list.unreadable += 1;
            continue;
        };
        let phone_number = text(&row["PhoneNumber"]);
        list.rows.push(NumberRow {
            phone_number: phone_number.map(|number| number.trim_start_matches('+').to_owned()),
            status: text(&row["Status"]),
        });
        list.columns.extend(fields.keys().cloned());
    }
    Some(list)
}

fn lookup_data(answer: &Json) -> LookupData {
    match answer.0.get("Data") {
        None => LookupData::Missing,
        Some(Value::Null) => LookupData::Null,
        Some(Value::Object(data)) if data.is_empty() => LookupData::Empty,
        Some(data @ Value::Object(_)) => match text(&data["Id"]) {
            Some(_) => LookupData::WithId,
            None => LookupData::WithoutId,
        },
        Some(_) => LookupData::Odd,
    }
}

/// A text that stands for something, or a number as the text of its digits.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !is_absent(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
