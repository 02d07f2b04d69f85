//! `GetChatappOpenStatus` and `QueryChatappBindWaba`: whether the account has subscribed, and which
//! WhatsApp Business Account is bound to a space.

use serde_json::json;

use super::{Account, Done, Space};
use crate::behaviour::Behaviour;

pub(super) fn open_status(behaviour: &Behaviour) -> Done {
    Done::read([("OpenStatus", (!behaviour.not_subscribed).into())])
}

pub(super) fn bound_waba(space: Option<Space>, account: &Account) -> Done {
    let space = space.unwrap_or_else(|| account.spaces.of("default"));
    if !space.bound {
        return Done::read([("Success", true.into())]);
    }
    let generated = account.generated;
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
    Done::read([("Data", data), ("Success", true.into())])
}
