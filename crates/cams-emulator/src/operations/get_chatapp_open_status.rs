//! `GetChatappOpenStatus`: whether the account has subscribed to the product.

use super::{Call, Fields, Operation, Refusal, State};

pub(super) const OPERATION: Operation = Operation {
    name: "GetChatappOpenStatus",
    needs_subscription: false,
    essential: &["OpenStatus"],
    run,
    ..Operation::CAMS
};

fn run(_: &mut Call<'_>, state: &mut State) -> Result<Fields, Refusal> {
    let open = !state.behaviour.not_subscribed;
    Ok(Box::new(move |body| {
        body.insert("OpenStatus".into(), open.into());
        // This is the one operation whose model lacks `AccessDeniedDetail`, and whose documented
        // message is in lower case.
        body.remove("AccessDeniedDetail");
        body.insert("Message".into(), "success".into());
    }))
}
