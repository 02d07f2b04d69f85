//! `CreateChatappMigrationInitiate`: starts the migration of a number.

use std::time::Duration;

use serde_json::json;

use super::{Account, Done, abnormal, is_number};
use crate::numbers::{Initiation, Key};
use crate::refusal::Refusal;
use crate::request::Request;

pub(super) fn initiate(
    request: &Request<'_>,
    account: &mut Account,
    at: Duration,
) -> Result<Done, Refusal> {
    let key = Key {
        cust_space_id: request.required("CustSpaceId")?.into(),
        country_code: request.required("CountryCode")?.into(),
        mobile_number: request.required("MobileNumber")?.into(),
    };
    let behaviour = &account.behaviour;
    if !is_number(&key.country_code, 1..=3) || !is_number(&key.mobile_number, 3..=14) {
        return Err(abnormal(behaviour));
    }
    let number = match account.numbers.initiate(&key, at) {
        Initiation::Already(number) | Initiation::Started(number) => number,
        Initiation::Refused => {
            let status = behaviour.business_status.as_u16();
            let message = "The space has the phone number already.";
            return Err(Refusal {
                number_is_there: true,
                ..Refusal::new(status, behaviour.repeat_code.as_str(), message)
            });
        }
    };
    let data = json!({
        "Id": number.id,
        "PhoneNumber": number.phone_number,
        "Status": number.status,
    });
    Ok(Done {
        committed: true,
        ..Done::read([("Data", data)])
    })
}
