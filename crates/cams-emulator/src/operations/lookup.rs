//! `GetPhoneNumberVerificationStatus`: tells id and verification status of one number.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Account, Done, abnormal, is_number};
use crate::behaviour::{Behaviour, MissingNumber};
use crate::refusal::Refusal;
use crate::request::Request;

pub(super) fn look_up(
    request: &Request<'_>,
    account: &Account,
    at: Duration,
) -> Result<Done, Refusal> {
    let cust_space_id = request.required("CustSpaceId")?;
    let phone_number = request.required("PhoneNumber")?;
    if !is_number(phone_number, 4..=15) {
        return Err(abnormal(&account.behaviour));
    }
    let Some(number) = account.numbers.find(cust_space_id, phone_number, at) else {
        return missing(phone_number, &account.behaviour);
    };
    let data = json!({
        "CodeVerificationStatus": number.code_verification_status,
        "Id": number.id,
        "PhoneNumber": number.phone_number,
    });
    Ok(Done::read([("Data", data)]))
}

fn missing(phone_number: &str, behaviour: &Behaviour) -> Result<Done, Refusal> {
    let data = match behaviour.missing_number {
        MissingNumber::EmptyData => json!({}),
        MissingNumber::NoData => return Ok(Done::read([])),
        MissingNumber::NotVerified => json!({
            "CodeVerificationStatus": "NOT_VERIFIED",
            "Id": null,
            "PhoneNumber": phone_number,
        }),
        MissingNumber::NullData => Value::Null,
        MissingNumber::Refusal => {
            let status = behaviour.missing_status.as_u16();
            let message = "The space does not have the phone number.";
            return Err(Refusal::new(
                status,
                behaviour.missing_code.as_str(),
                message,
            ));
        }
    };
    Ok(Done::read([("Data", data)]))
}
