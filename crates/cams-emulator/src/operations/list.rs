//! `QueryChatappPhoneNumbers`: lists the numbers of a space.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Done, Fields, map};
use crate::behaviour::{Behaviour, MigratingListedAs};
use crate::numbers::{MIGRATING, Number, Numbers};
use crate::request::Request;

/// The numbers that a request asks for, `at` after the emulator's start: those of the space, or
/// those of the whole account if the request names no space.
pub(in super::super) fn shown(
    request: &Request<'_>,
    numbers: &Numbers,
    at: Duration,
) -> Vec<Arc<Number>> {
    numbers.list(request.parameter("CustSpaceId"), at)
}

/// The answer of a list of these numbers. Left out are those that the list does not show, and those
/// of another status if the request asks for one.
pub(super) fn answer(
    request: &Request<'_>,
    mut numbers: Vec<Arc<Number>>,
    behaviour: &Behaviour,
) -> Done {
    let wanted = request.parameter("Status");
    let migrating = behaviour.migrating_listed_as;
    numbers.retain(|number| {
        let listed = listed_status(&number.status, migrating);
        listed.is_some_and(|status| wanted.is_none_or(|wanted| wanted == status))
    });
    Done {
        fields: Fields::Numbers(numbers, migrating),
        committed: false,
    }
}

/// The fields of a list as JSON.
pub(super) fn fields(numbers: &[Arc<Number>], migrating: MigratingListedAs) -> Map<String, Value> {
    let rows = numbers
        .iter()
        .filter_map(|number| Some(row(number, listed_status(&number.status, migrating)?)))
        .collect();
    map([
        // The official model has this field, but nothing documents what it holds.
        ("Data", "SUCCESS".into()),
        ("PhoneNumbers", Value::Array(rows)),
        ("Success", true.into()),
    ])
}

/// The status in the row of a number that has this status, or `None` if the list has no such row.
fn listed_status(status: &str, migrating: MigratingListedAs) -> Option<&str> {
    if status != MIGRATING {
        return Some(status);
    }
    match migrating {
        MigratingListedAs::Absent => None,
        MigratingListedAs::Migrating => Some(status),
        MigratingListedAs::Pending => Some("PENDING"),
        MigratingListedAs::Unverified => Some("UNVERIFIED"),
    }
}

/// The row of a number. Where it has nothing there is null, in whose place the form of the answer
/// puts what the flag says.
fn row(number: &Number, status: &str) -> Value {
    // Quality and limit are those of a number that sends messages.
    let sends = number.status != MIGRATING;
    json!({
        "PhoneNumber": number.phone_number,
        "VerifiedName": number.verified_name,
        "Status": status,
        "CodeVerificationStatus": number.code_verification_status,
        "NameStatus": number.name_status,
        // The status of a new name, if there is to be one.
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
