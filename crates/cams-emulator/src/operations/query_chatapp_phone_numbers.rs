//! `QueryChatappPhoneNumbers`, the list: the numbers of a space, or those of the whole account if the
//! request names no space. Left out are those of another status if the request asks for one.

use serde_json::{Value, json};

use super::{Answer, EmulatedOperation, ServiceState, Visit};
use crate::behaviour::ABSENT;
use crate::fault::FaultKind;
use crate::numbers::{MIGRATING, SpaceNumber};

pub(super) const OPERATION: EmulatedOperation = EmulatedOperation::cams(
    "QueryChatappPhoneNumbers",
    &["PhoneNumbers", "PhoneNumber", "Status"],
    run,
);

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
