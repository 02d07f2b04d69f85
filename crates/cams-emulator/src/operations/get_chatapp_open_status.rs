//! `GetChatappOpenStatus`: whether the account has subscribed to the product.

use super::operation::{Answer, EmulatedOperation, cams};
use crate::call::{ServiceState, Visit};

pub(crate) const OPERATION: EmulatedOperation = EmulatedOperation {
    needs_subscription: false,
    ..cams("GetChatappOpenStatus", &["OpenStatus"], run)
};

fn run(_: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let open = !state.numbers.behaviour.not_subscribed;
    Ok(Box::new(move |body, _| {
        body.insert("OpenStatus".into(), open.into());
        // This is the one operation whose model lacks `AccessDeniedDetail`, and whose documented
        // message is in lower case.
        body.remove("AccessDeniedDetail");
        body.insert("Message".into(), "success".into());
    }))
}
