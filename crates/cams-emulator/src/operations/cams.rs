//! The operations of CAMS. The documentation of the emulator calls
//! `QueryChatappPhoneNumbers` the list and `GetPhoneNumberVerificationStatus` the lookup.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{Answer, Rejection, ServiceState, Visit, fields};
use crate::behaviour::{ABSENT, MissingNumber, PHONE_NUMBER_ERROR, ServiceChoices};
use crate::fault::FaultKind;
use crate::numbers::{Key, MIGRATING, SpaceNumber};

/// `CreateChatappMigrationInitiate`: starts the migration of a number into a space.
pub(super) fn initiate(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let key = Key {
        cust_space_id: call.required_space(state)?.cust_space_id,
        country_code: call.request.required("CountryCode")?.into(),
        mobile_number: call.request.required("MobileNumber")?.into(),
    };
    let behaviour = &state.behaviour;
    check_number(&key.country_code, 1..=3, behaviour)?;
    check_number(&key.mobile_number, 3..=14, behaviour)?;
    let Some(number) = state.numbers.initiate(&key, call.at) else {
        call.entry.refused = true;
        let (status, code) = (behaviour.business_status, behaviour.repeat_code.as_str());
        let message = "The space has the phone number already.";
        return Err(Rejection::new(status, code, message));
    };
    call.entry.committed = true;
    let data = json!({
        "Id": number.id,
        "PhoneNumber": number.phone_number,
        "Status": number.status,
    });
    Ok(fields(json!({ "Data": data })))
}

/// `GetChatappOpenStatus`: whether the account has subscribed to the product.
pub(super) fn open_status(_: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let open = !state.behaviour.not_subscribed;
    Ok(Box::new(move |body| {
        body.insert("OpenStatus".into(), open.into());
        // This is the one operation whose model lacks `AccessDeniedDetail`, and whose documented
        // message is in lower case.
        body.remove("AccessDeniedDetail");
        body.insert("Message".into(), "success".into());
    }))
}

/// `GetPhoneNumberVerificationStatus`: the id and the verification status of one number.
pub(super) fn look_up(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let space = call.required_space(state)?.cust_space_id;
    let phone_number = call.request.required("PhoneNumber")?;
    let behaviour = &state.behaviour;
    check_number(phone_number, 4..=15, behaviour)?;
    let number = state.numbers.find(&space, phone_number, call.at);
    let data = match (number, behaviour.missing_number) {
        (Some(number), _) => json!({
            "CodeVerificationStatus": number.code_verification_status,
            "Id": number.id,
            "PhoneNumber": number.phone_number,
        }),
        (None, MissingNumber::EmptyData) => json!({}),
        (None, MissingNumber::NoData) => return Ok(fields(json!({}))),
        (None, MissingNumber::NotVerified) => json!({
            "CodeVerificationStatus": "NOT_VERIFIED",
            "Id": null,
            "PhoneNumber": phone_number,
        }),
        (None, MissingNumber::NullData) => Value::Null,
        (None, MissingNumber::Refusal) => {
            let (status, code) = (behaviour.missing_status, behaviour.missing_code.as_str());
            let message = "The space does not have the phone number.";
            return Err(Rejection::new(status, code, message));
        }
    };
    Ok(fields(json!({ "Data": data })))
}

/// Refuses a text that has other characters than digits, or too few or too many of them. A phone
/// number with its calling code has at most 15 digits (E.164).
fn check_number(
    text: &str,
    length: RangeInclusive<usize>,
    behaviour: &ServiceChoices,
) -> Result<(), Rejection> {
    if length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let message = "The phone number is abnormal.";
    let status = behaviour.business_status;
    Err(Rejection::new(status, PHONE_NUMBER_ERROR, message))
}

/// `QueryChatappBindWaba`: the WhatsApp Business Account that is bound to a space.
pub(super) fn bound_account(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let space = call.optional_space(state)?;
    let space = space.unwrap_or_else(|| state.space("default"));
    if !space.bound {
        return Ok(fields(json!({ "Success": true })));
    }
    let generated = state.generated;
    let id = |kind| generated.digits(&[kind, &space.cust_space_id]);
    let data = json!({
        "AccountReviewStatus": space.account_review_status,
        "AuthInternationalRateEligibility": {
            "start_time": 1_721_952_000,
            "exception_countries": [],
        },
        "BusinessId": id("business"),
        "BusinessName": "Emulated Business",
        "Currency": "USD",
        "Id": id("waba"),
        "IsOnBizApp": "N",
        "MarketingMessageLiteStatus": "Y",
        "MessageTemplateNamespace": generated.grouped(&["namespace", &space.cust_space_id]),
        "Name": "Emulated WABA",
        // The documented example of this field is not a country but this piece of JSON.
        "PrimaryBusinessLocation": "\"start_time\":1721952000",
    });
    Ok(fields(json!({ "Data": data, "Success": true })))
}

/// `QueryChatappPhoneNumbers`: lists the numbers of the space, or those of the whole account if the
/// request names no space. Left out are those of another status if the request asks for one.
pub(super) fn list(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let space = call.optional_space(state)?.map(|space| space.cust_space_id);
    let numbers = match call.fault == Some(FaultKind::StaleList {}) {
        true => state.lists.get(&space).cloned().unwrap_or_default(),
        false => {
            let shown = state.numbers.list(space.as_deref(), call.at);
            state.lists.insert(space, shown.clone());
            shown
        }
    };
    let wanted = call.request.parameter("Status").map(str::to_owned);
    let migrating = state.behaviour.migrating_listed_as.clone();
    Ok(Box::new(move |body| {
        let rows = numbers.iter().filter_map(|number| {
            let status = match number.status == MIGRATING {
                true => Some(&migrating).filter(|status| *status != ABSENT)?,
                false => &number.status,
            };
            let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted == status);
            is_wanted.then(|| row(number, status))
        });
        body.insert("PhoneNumbers".into(), rows.collect());
        body.insert("Success".into(), true.into());
        // The official model has this field, but nothing documents what it holds.
        body.insert("Data".into(), "SUCCESS".into());
    }))
}

/// The row of a number. An absent value is null here, which the form of the answer replaces.
fn row(number: &SpaceNumber, status: &str) -> Value {
    // Quality and limit are those of a number that sends messages.
    let sends = number.status != MIGRATING;
    json!({
        "PhoneNumber": number.phone_number,
        "VerifiedName": number.verified_name,
        "Status": status,
        "CodeVerificationStatus": number.code_verification_status,
        "NameStatus": number.name_status,
        // The status of a new name, if one was requested.
        "NewNameStatus": null,
        "QualityRating": sends.then_some(&number.quality_rating),
        "MessagingLimitTier": sends.then_some(&number.messaging_limit_tier),
        "IsOfficial": "N",
        "StatusCallbackUrl": "https://callback.example.com/status",
        "UpCallbackUrl": "https://callback.example.com/inbound",
        "StatusQueue": "Alicom-Queue-1000000000000000-ChatAppStatus",
        "UpQueue": "Alicom-Queue-1000000000000000-ChatAppInbound",
        "CallingConfigure": {
            "CallingCallbackUrl": "https://callback.example.com/calling",
            "MaxTalkTime": 600,
            "Calling": {
                "Status": "DISABLED",
                "CallHours": {
                    "Status": "DISABLED",
                    "TimezoneId": "Asia/Shanghai",
                    "CallIconVisibility": "DEFAULT",
                    "CallbackPermissionStatus": "DISABLED",
                    "HolidaySchedule": [
                        { "Date": "2026-01-01", "StartTime": "0000", "EndTime": "2359" },
                    ],
                    "WeeklyOperatingHours": [
                        { "DayOfWeek": "MONDAY", "OpenTime": "0900", "CloseTime": "1800" },
                    ],
                },
            },
        },
    })
}
