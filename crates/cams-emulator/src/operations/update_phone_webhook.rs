//! `UpdatePhoneWebhook`: where the messages of a number and their statuses go. A parameter that is
//! left out changes nothing.

use serde_json::json;

use super::{Answer, EmulatedOperation, Rejection, ServiceState, Visit, fields, step};
use crate::behaviour::EmptyUrl;
use crate::numbers::Patch;

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("UpdatePhoneWebhook", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let request = call.request;
    let behaviour = &state.numbers.behaviour;
    let (status, empty_url) = (behaviour.business_status, behaviour.empty_url);
    let refused = |name: &str, message| {
        let code = format!("InvalidParameter.{name}");
        Err(Rejection::new(status, code, message))
    };
    let flags: [(&str, Patch); 2] = [
        ("HttpFlag", |number, flag| number.http_flag = flag.into()),
        ("QueueFlag", |number, flag| number.queue_flag = flag.into()),
    ];
    let urls: [(&str, Patch); 2] = [
        ("StatusCallbackUrl", |number, url| {
            number.status_callback_url = url.into();
        }),
        ("UpCallbackUrl", |number, url| {
            number.up_callback_url = url.into();
        }),
    ];
    let mut changes = Vec::new();
    for (name, patch) in flags {
        match request.given(name) {
            Some(flag @ ("Y" | "N")) => changes.push((patch, flag)),
            Some(_) => return refused(name, "A flag is neither Y nor N."),
            None => {}
        }
    }
    for (name, patch) in urls {
        match request.given(name) {
            Some("") if empty_url == EmptyUrl::Refused => return refused(name, "A URL is empty."),
            Some("") if empty_url == EmptyUrl::Kept => {}
            Some(url) => changes.push((patch, url)),
            None => {}
        }
    }
    step(call, state, |number| {
        changes
            .iter()
            .for_each(|(patch, text)| number.set(*patch, text));
        Ok(())
    })?;
    Ok(fields(json!({})))
}
