//! `QueryChatappPhoneNumbers`: the numbers of a space.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Done, Fields, map};
use crate::emulator::behaviour::{Behaviour, MigratingListedAs};
use crate::emulator::numbers::{Number, Numbers};
use crate::emulator::request::Request;

/// The rows for a request at this time: those of the space, or of the account where no space is
/// named.
pub(in super::super) fn shown(
    request: &Request<'_>,
    numbers: &Numbers,
    at: Duration,
) -> Vec<Arc<Number>> {
    numbers.list(request.parameter("CustSpaceId"), at)
}

/// Leaves the rows that are listed, and of these the ones with the status that was asked for.
pub(super) fn answer(
    request: &Request<'_>,
    mut numbers: Vec<Arc<Number>>,
    behaviour: &Behaviour,
) -> Done {
    let wanted = request.parameter("Status");
    let migrating = behaviour.migrating_listed_as;
    numbers.retain(|number| {
        let listed = migrating.listed(&number.status);
        listed.is_some_and(|status| wanted.is_none_or(|wanted| wanted == status))
    });
    Done {
        fields: Fields::Numbers(numbers, migrating),
        committed: false,
    }
}

pub(super) fn fields(numbers: &[Arc<Number>], migrating: MigratingListedAs) -> Map<String, Value> {
    let rows = numbers
        .iter()
        .filter_map(|number| Some(row(number, migrating.listed(&number.status)?)))
        .collect();
    map([
        // The model has this text, and no documentation says what it holds.
        ("Data", "SUCCESS".into()),
        ("PhoneNumbers", Value::Array(rows)),
        ("Success", true.into()),
    ])
}

fn row(number: &Number, status: &str) -> Value {
    json!({
        "PhoneNumber": number.phone_number,
        "VerifiedName": number.verified_name,
        "Status": status,
        "CodeVerificationStatus": number.code_verification_status,
        "NameStatus": number.name_status,
        "NewNameStatus": number.name_status,
        "QualityRating": number.quality_rating,
        "MessagingLimitTier": number.messaging_limit_tier,
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
