//! What the resource tells the user. No text shows a URL, whose query may have a secret.

use cams::Error;
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;

use crate::errors;
use crate::numbers::Target;
use crate::resources::number::messages::{SHOWN_ONCE, error, warning};

use super::schema::Model;

/// A webhook that delivers nothing.
pub(crate) fn no_delivery() -> Diagnostic {
    let text = "Neither http_flag nor queue_flag is true, so CAMS would deliver nothing, and \
                messages from customers would be lost. Set http_flag or queue_flag to true. To \
                turn deliveries off, remove the resource.";
    Diagnostic::error("Webhook Without Delivery", text).at(Path::root().attribute("http_flag"))
}

/// HTTP requests without a URL.
pub(crate) fn no_url() -> Diagnostic {
    let text = "http_flag is true, and neither up_callback_url nor status_callback_url is set. Set \
                up_callback_url, which receives messages from customers, or status_callback_url, \
                or both.";
    Diagnostic::error("Webhook Without URL", text).at(Path::root().attribute("up_callback_url"))
}

/// What destroying the resource does.
pub(crate) fn stops_delivery() -> Diagnostic {
    let text = format!(
        "Destroying the resource sets HttpFlag and QueueFlag to N: CAMS then stops delivering \
         messages that customers send to the number. CAMS keeps the URLs. {SHOWN_ONCE}"
    );
    Diagnostic::warning("Deliveries Will Stop", text)
}

/// CAMS refused the webhook.
pub(crate) fn refused(target: &Target, refusal: &Error) -> Diagnostic {
    let text = format!(
        "CAMS refused the webhook of {target}, and nothing was changed. Check that the number is \
         in the space, that CAMS can reach the URLs, and that the account has the queues if \
         queue_flag is true.\n{}",
        errors::particulars(refusal)
    );
    error::<Model>("Webhook Refused", text)
}

/// CAMS refused to turn off the deliveries of a number that the list does not show.
pub(crate) fn not_turned_off(target: &Target, refusal: &Error) -> Diagnostic {
    let text = format!(
        "CAMS refused to turn off the deliveries of {target}, which the list of the space does not \
         show. The resource was removed from the state. If the number is still in the space, turn \
         its deliveries off in the CAMS console.\n{}",
        errors::particulars(refusal)
    );
    warning::<Model>("Deliveries Not Turned Off", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use cams::ErrorKind;

    use crate::resources::number::messages::tests::target;
    use crate::tests::error;

    use super::super::schema::invalid_url;
    use super::*;

    /// The diagnostics of this resource alone.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let refusal = Error {
            action: "UpdatePhoneWebhook",
            message: "the message of the service".to_owned(),
            ..error(ErrorKind::InvalidParameter, "InvalidParameter")
        };
        vec![
            invalid_url(&Path::root().attribute("up_callback_url")),
            no_delivery(),
            no_url(),
            stops_delivery(),
            refused(&target("86", "13900001234"), &refusal),
            not_turned_off(&target("86", "13900001234"), &refusal),
        ]
    }
}
