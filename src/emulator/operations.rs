//! The operations of CAMS that are emulated.
//!
//! Assumed, because no source tells: a number that a space lacks is answered with `PhoneNumber.NotExist`, a repeated
//! initiation (where repeats are errors) with `PhoneNumber.AlreadyMigrating`, and the initiation of a number that the
//! space has in any other state with `PhoneNumber.AlreadyExist`. The codes are this emulator's own.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::config::OnRepeat;
use super::numbers::{Initiation, Key, MIGRATING, Number, Numbers, Space};
use super::refusal::Refusal;
use super::request::Request;

/// The version of the API that all operations belong to.
pub(super) const VERSION: &str = "2020-06-06";

/// An operation by its name in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    CreateChatappMigrationInitiate,
    GetPhoneNumberVerificationStatus,
    QueryChatappBindWaba,
    QueryChatappPhoneNumbers,
}

/// What an operation answers beside the common fields, and whether it did something.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) fields: Fields,
    pub(super) committed: bool,
}

/// The fields of an answer. A long list becomes JSON only when nobody waits for the state any more.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fields {
    Numbers(Vec<Arc<Number>>),
    Ready(Map<String, Value>),
}

impl Fields {
    pub(super) fn into_map(self) -> Map<String, Value> {
        match self {
            Self::Ready(fields) => fields,
            Self::Numbers(numbers) => {
                let items = numbers.iter().map(|number| item(number)).collect();
                map([
                    ("PhoneNumbers", Value::Array(items)),
                    ("Success", true.into()),
                ])
            }
        }
    }
}

/// What the operations do where nobody knows what the real service does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behaviour {
    pub(super) on_repeat: OnRepeat,
    pub(super) list_migrating: bool,
    pub(super) business_status: u16,
}

impl Operation {
    pub(super) fn parse(action: &str) -> Option<Self> {
        Some(match action {
            "CreateChatappMigrationInitiate" => Self::CreateChatappMigrationInitiate,
            "GetPhoneNumberVerificationStatus" => Self::GetPhoneNumberVerificationStatus,
            "QueryChatappBindWaba" => Self::QueryChatappBindWaba,
            "QueryChatappPhoneNumbers" => Self::QueryChatappPhoneNumbers,
            _ => return None,
        })
    }

    /// Runs it. `stale` is what a list shows instead of the truth.
    pub(super) fn run(
        self,
        request: &Request<'_>,
        numbers: &mut Numbers,
        behaviour: Behaviour,
        stale: Option<Vec<Arc<Number>>>,
    ) -> Result<Done, Refusal> {
        let space = self.space(request, numbers)?;
        if space.as_ref().is_some_and(|space| !space.owned) {
            let message = "The specified resource does not belong to the current user.";
            return Err(Refusal::new(400, "Unknown.ResourceOwnerId", message));
        }
        match self {
            Self::CreateChatappMigrationInitiate => initiate(request, numbers, behaviour),
            Self::GetPhoneNumberVerificationStatus => {
                verification_status(request, numbers, behaviour)
            }
            Self::QueryChatappBindWaba => Ok(bound_waba(space, numbers)),
            Self::QueryChatappPhoneNumbers => {
                let shown = stale.unwrap_or_else(|| list(request, numbers));
                Ok(phone_numbers(request, shown, behaviour))
            }
        }
    }

    fn space(self, request: &Request<'_>, numbers: &Numbers) -> Result<Option<Space>, Refusal> {
        let id = match self {
            Self::CreateChatappMigrationInitiate | Self::GetPhoneNumberVerificationStatus => {
                Some(request.required("CustSpaceId")?)
            }
            Self::QueryChatappBindWaba | Self::QueryChatappPhoneNumbers => {
                request.parameter("CustSpaceId")
            }
        };
        Ok(id.map(|id| numbers.space(id)))
    }
}

/// What a list would truly show: all numbers of the space, or of the account where none is named.
pub(super) fn list(request: &Request<'_>, numbers: &Numbers) -> Vec<Arc<Number>> {
    numbers.list(request.parameter("CustSpaceId"))
}

fn initiate(
    request: &Request<'_>,
    numbers: &mut Numbers,
    behaviour: Behaviour,
) -> Result<Done, Refusal> {
    let key = Key {
        cust_space_id: request.required("CustSpaceId")?.into(),
        country_code: request.required("CountryCode")?.into(),
        mobile_number: request.required("MobileNumber")?.into(),
    };
    if !is_number(&key.country_code, 1..=3) || !is_number(&key.mobile_number, 3..=14) {
        return Err(abnormal(behaviour));
    }
    let number = match numbers.initiate(key) {
        Initiation::Started(number) => number,
        Initiation::Already(number) if behaviour.on_repeat == OnRepeat::Same => number,
        Initiation::Already(_) => {
            let message = "The phone number is being migrated already.";
            return Err(business(behaviour, "PhoneNumber.AlreadyMigrating", message));
        }
        Initiation::Exists(_) => {
            let message = "The phone number exists in the space already.";
            return Err(business(behaviour, "PhoneNumber.AlreadyExist", message));
        }
    };
    let data =
        json!({ "Id": number.id, "PhoneNumber": number.phone_number, "Status": number.status });
    Ok(Done {
        committed: true,
        ..Done::read([("Data", data)])
    })
}

fn verification_status(
    request: &Request<'_>,
    numbers: &Numbers,
    behaviour: Behaviour,
) -> Result<Done, Refusal> {
    let cust_space_id = request.required("CustSpaceId")?;
    let phone_number = request.required("PhoneNumber")?;
    if !is_number(phone_number, 4..=15) {
        return Err(abnormal(behaviour));
    }
    let Some(number) = numbers.find(cust_space_id, phone_number) else {
        let message = "The phone number does not exist in the space.";
        return Err(business(behaviour, "PhoneNumber.NotExist", message));
    };
    let data = json!({
        "CodeVerificationStatus": number.code_verification_status,
        "Id": number.id,
        "PhoneNumber": number.phone_number,
    });
    Ok(Done::read([("Data", data)]))
}

fn phone_numbers(
    request: &Request<'_>,
    mut numbers: Vec<Arc<Number>>,
    behaviour: Behaviour,
) -> Done {
    let wanted = request.parameter("Status");
    numbers.retain(|number| {
        (behaviour.list_migrating || number.status != MIGRATING)
            && wanted.is_none_or(|status| status == number.status)
    });
    Done {
        fields: Fields::Numbers(numbers),
        committed: false,
    }
}

fn item(number: &Number) -> Value {
    json!({
        "PhoneNumber": number.phone_number,
        "VerifiedName": number.verified_name,
        "Status": number.status,
        "CodeVerificationStatus": number.code_verification_status,
        "NameStatus": number.name_status,
        "NewNameStatus": number.name_status,
        "QualityRating": number.quality_rating,
        "MessagingLimitTier": number.messaging_limit_tier,
        "IsOfficial": "N",
        "StatusCallbackUrl": "https://callback.example.com/status",
        "UpCallbackUrl": "https://callback.example.com/up",
        "StatusQueue": "Alicom-Queue-0-CAMSStatus",
        "UpQueue": "Alicom-Queue-0-CAMSUp",
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

fn bound_waba(space: Option<Space>, numbers: &Numbers) -> Done {
    let space = space.unwrap_or_else(|| numbers.space("default"));
    if !space.bound {
        return Done::read([("Success", true.into())]);
    }
    let id = |kind| numbers.generated_id(&[kind, &space.cust_space_id]);
    let data = json!({
        "AccountReviewStatus": space.account_review_status,
        "AuthInternationalRateEligibility": { "start_time": "1735689600", "exception_countries": [] },
        "BusinessId": id("business"),
        "BusinessName": "Emulated Business",
        "Currency": "USD",
        "Id": id("waba"),
        "IsOnBizApp": "N",
        "MarketingMessageLiteStatus": "INELIGIBLE",
        "MessageTemplateNamespace": id("namespace"),
        "Name": "Emulated WABA",
        "PrimaryBusinessLocation": "CN",
    });
    Done::read([("Data", data), ("Success", true.into())])
}

impl Done {
    fn read<const N: usize>(fields: [(&str, Value); N]) -> Self {
        Self {
            fields: Fields::Ready(map(fields)),
            committed: false,
        }
    }
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Digits only, and as many as a number of the kind can have (a whole one has at most 15: E.164).
fn is_number(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn abnormal(behaviour: Behaviour) -> Refusal {
    let message = "The phone number is abnormal.";
    business(behaviour, "InvalidParameter.PhoneNumberError", message)
}

fn business(behaviour: Behaviour, code: &str, message: &str) -> Refusal {
    Refusal::new(behaviour.business_status, code, message)
}
