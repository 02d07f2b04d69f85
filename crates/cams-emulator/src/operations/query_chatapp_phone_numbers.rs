//! `QueryChatappPhoneNumbers`, the list: the numbers of a space, or those of the whole account if the
//! request names no space. Left out are those of another status if the request asks for one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::operation::{Answer, EmulatedOperation, cams};
use crate::behaviour::{ABSENT, ServiceChoices, WebhookListed};
use crate::call::{ServiceState, Visit};
use crate::fault::FaultKind;
use crate::numbers::{MIGRATING, SpaceNumber, VERIFIED};

pub(crate) const OPERATION: EmulatedOperation = cams("QueryChatappPhoneNumbers", ESSENTIAL, run);

/// The fields of a list that a client needs.
pub(crate) const ESSENTIAL: &[&str] = &["PhoneNumbers", "PhoneNumber", "Status"];

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
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
    Ok(Box::new(move |body, choices| {
        let rows = rows(&numbers, wanted.as_deref(), choices);
        body.insert("PhoneNumbers".into(), rows);
        body.insert("Success".into(), true.into());
        // The official model has this field, but nothing documents what it holds.
        body.insert("Data".into(), "SUCCESS".into());
    }))
}

/// The rows of these numbers, or of those whose status is the wanted one.
pub(crate) fn rows(
    numbers: &[Arc<SpaceNumber>],
    wanted: Option<&str>,
    choices: &ServiceChoices,
) -> Value {
    let with_webhook = choices.webhook_listed == WebhookListed::Shown;
    let rows = numbers.iter().filter_map(|number| {
        let status = match (&*number.status, &*number.code_verification_status) {
            (MIGRATING, VERIFIED) => &choices.verified_listed_as,
            (MIGRATING, _) => &choices.migrating_listed_as,
            _ => &number.status,
        };
        let is_wanted = wanted.is_none_or(|wanted| wanted == status);
        (is_wanted && status != ABSENT).then(|| row(number, status, with_webhook))
    });
    rows.collect()
}

/// The row of a number. An absent value is null here, which the form of the answer replaces.
fn row(number: &SpaceNumber, status: &str, with_webhook: bool) -> Value {
    // Quality and limit are those of a number that sends messages.
    let sends = number.registered;
    let url = |url: &str| (with_webhook && !url.is_empty()).then(|| url.to_owned());
    let has_queue = with_webhook && number.queue_flag == "Y";
    let queue = |of: &str| has_queue.then(|| format!("Alicom-Queue-1000000000000000-ChatApp{of}"));
    let new_name = &number.new_name_status;
    json!({
        "PhoneNumber": number.phone_number,
        "VerifiedName": number.verified_name,
        "Status": status,
        "CodeVerificationStatus": number.code_verification_status,
        "NameStatus": number.name_status,
        // The status of a new name, if one was requested.
        "NewNameStatus": (!new_name.is_empty()).then_some(new_name),
        "QualityRating": sends.then_some(&number.quality_rating),
        "MessagingLimitTier": sends.then_some(&number.messaging_limit_tier),
        "IsOfficial": number.is_official,
        "StatusCallbackUrl": url(&number.status_callback_url),
        "UpCallbackUrl": url(&number.up_callback_url),
        "StatusQueue": queue("Status"),
        "UpQueue": queue("Inbound"),
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
