//! `QueryChatappBindWaba`: the WhatsApp Business Account that is bound to a space.

use serde_json::json;

use super::operation::{Answer, EmulatedOperation, cams};
use crate::call::{ServiceState, Visit};
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("QueryChatappBindWaba", ESSENTIAL, run);

/// The fields of an answer that a client needs.
const ESSENTIAL: &[&str] = &["Data", "AccountReviewStatus", "Id"];

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
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
