//! Operations that look at numbers.

use serde::Deserialize;

use crate::openapi::Body;

use super::phone::PhoneNumber;
use super::{Call, Client, Error, Operation};

/// A number in a space's list. All fields are text whose values the service may extend at any time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedNumber {
    /// Calling code and number.
    pub phone_number: Option<String>,
    /// Such as `CONNECTED`.
    pub status: Option<String>,
}

/// What the lookup of one number says.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Verification {
    /// The number's id at Meta.
    pub id: Option<String>,
    /// Calling code and number.
    pub phone_number: Option<String>,
    /// Such as `VERIFIED`.
    pub code_verification_status: Option<String>,
}

impl Client {
    /// `QueryChatappPhoneNumbers`: all numbers of a space, in one answer.
    pub async fn query_chatapp_phone_numbers(
        &self,
        call: &Call,
        cust_space_id: &str,
    ) -> Result<Vec<ListedNumber>, Error> {
        let operation = Operation::QUERY_CHATAPP_PHONE_NUMBERS;
        let body = self
            .send(call, operation, &[("CustSpaceId", cust_space_id)], "")
            .await?;
        listed(&body).ok_or_else(|| Self::incomplete(operation, &body))
    }

    /// `GetPhoneNumberVerificationStatus`: one number. [`ErrorKind::NotFound`](super::ErrorKind::NotFound) if there is
    /// no such number in the space.
    pub async fn get_phone_number_verification_status(
        &self,
        call: &Call,
        cust_space_id: &str,
        number: &PhoneNumber,
    ) -> Result<Verification, Error> {
        let operation = Operation::GET_PHONE_NUMBER_VERIFICATION_STATUS;
        let phone_number = number.to_string();
        let parameters = [
            ("CustSpaceId", cust_space_id),
            ("PhoneNumber", phone_number.as_str()),
        ];
        let body = self
            .send(call, operation, &parameters, &number.masked())
            .await?;
        let data = body.field("Data").ok().flatten();
        data.ok_or_else(|| Self::incomplete(operation, &body))
    }
}

/// A space without numbers may be listed as an empty array, as null, or not at all.
fn listed(body: &Body) -> Option<Vec<ListedNumber>> {
    let numbers: Option<Vec<ListedNumber>> = body.field("PhoneNumbers").ok()?;
    Some(numbers.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Option<usize> {
        listed(&body.parse().expect("an object")).map(|numbers| numbers.len())
    }

    #[test]
    fn a_list_may_be_missing_but_not_of_another_type() {
        assert_eq!(
            parsed(r#"{"PhoneNumbers":[{"PhoneNumber":"861","Status":"CONNECTED","New":{}},{}]}"#),
            Some(2)
        );
        assert_eq!(parsed("{}"), Some(0));
        assert_eq!(parsed(r#"{"PhoneNumbers":null}"#), Some(0));
        assert_eq!(parsed(r#"{"PhoneNumbers":"none"}"#), None);
        assert_eq!(parsed(r#"{"PhoneNumbers":[{"Status":7}]}"#), None);
    }
}
