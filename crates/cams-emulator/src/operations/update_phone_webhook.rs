//! `UpdatePhoneWebhook`: where the messages of a number and their statuses go. A parameter that is
//! left out changes nothing.

use serde_json::json;

use super::operation::{Answer, EmulatedOperation, cams, step};
use crate::behaviour::EmptyUrl;
use crate::call::{ServiceState, Visit};
use crate::numbers::SpaceNumber;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("UpdatePhoneWebhook", &[], run);

/// A field of a number.
type NumberField = fn(&mut SpaceNumber) -> &mut String;

/// The parameters, and the field that each of them sets.
const WEBHOOK: [(&str, NumberField); 4] = [
    ("HttpFlag", |number| &mut number.http_flag),
    ("QueueFlag", |number| &mut number.queue_flag),
    ("StatusCallbackUrl", |number| {
        &mut number.status_callback_url
    }),
    ("UpCallbackUrl", |number| &mut number.up_callback_url),
];

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let behaviour = &state.numbers.behaviour;
    let mut changes = Vec::new();
    for (name, field) in WEBHOOK {
        let Some(text) = call.request.given(name) else {
            continue;
        };
        let is_flag = name.ends_with("Flag");
        let code = format!("InvalidParameter.{name}");
        let is_wrong = is_flag && !["Y", "N"].contains(&text);
        behaviour.refuse_if(is_wrong, &code, "A flag is neither Y nor N.")?;
        let is_empty_url = !is_flag && text.is_empty();
        let is_refused = is_empty_url && behaviour.empty_url == EmptyUrl::Refused;
        behaviour.refuse_if(is_refused, &code, "A URL is empty.")?;
        if !is_empty_url || behaviour.empty_url == EmptyUrl::Cleared {
            changes.push((field, text.to_owned()));
        }
    }
    step(call, state, |number| {
        for (field, text) in changes {
            number.set(move |number| field(number).clone_from(&text));
        }
        Ok(())
    })?;
    Ok(fields(json!({})))
}
