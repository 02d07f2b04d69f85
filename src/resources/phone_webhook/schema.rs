//! The attributes of the resource, with the model that holds their values.

use base::secret::Secret;
use cams::Operation;
use cams::operations::{
    GetPhoneNumberVerificationStatus, QueryChatappPhoneNumbers, UpdatePhoneWebhook,
};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{TimeLimit, Timed};
use terraform_plugin::framework::value::Value;
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, Timeouts, whole_number};
use crate::resources::permissions;

/// The operations that the resource calls.
pub(crate) const OPERATIONS: &[&str] = &[
    UpdatePhoneWebhook::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

model! {
    /// Configuration, plan and state.
    pub struct Model {
        /// The space of the number.
        pub cust_space_id: String,
        /// Country calling code and number.
        pub phone_number: String,
        /// The URL for messages from customers.
        pub up_callback_url: Secret,
        /// The URL for the statuses of messages.
        pub status_callback_url: Secret,
        /// Whether CAMS sends HTTP requests to the URLs.
        pub http_flag: bool,
        /// Whether CAMS writes to the queues of the account.
        pub queue_flag: bool,
        /// How long the operations may take.
        pub timeouts: Timeouts,
    }
}

impl NumberModel for Model {
    const TYPE: &'static str = "cams_phone_webhook";
    const AGAIN: &'static str = "sets its webhook again";
    const TIME: &'static str = "20m";

    whole_number!();

    fn description() -> String {
        format!(
            "Sets where CAMS delivers the messages that customers send to a number, and the \
             statuses of the messages that it sends (`UpdatePhoneWebhook`). While a number is \
             `CONNECTED` without a webhook, messages from customers are lost.\n\nBoth URLs and \
             both flags are sent each time. If the configuration does not set a URL, a create \
             sends the one that the list of the space shows, and an update the one in the state; \
             without one, the parameter is omitted. No operation of the API removes a URL.\n\nA refresh reads the URLs where \
             the list of the space shows them. What it does not show, such as the flags, stays in \
             the state. Therefore, the first apply after an import sets the webhook as \
             configured.\n\nDestroying this resource turns off both kinds of delivery (it sets \
             `HttpFlag` and `QueueFlag` to `N`) and leaves the URLs stored. So does a change of the \
             space or of the number, for the old number. If an interrupted or targeted apply has \
             left two resources for one number in the state, such as after a rename, remove the \
             old one with `terraform state rm` before you apply again: Terraform destroys it \
             otherwise, and a later run of the provider does not know of the other \
             one.\n\nThe query of a URL \
             may contain a secret: the provider never shows it in a log or an error. Terraform \
             stores the URL in the state, and shows it in a plan unless its value is marked as \
             `sensitive`.\n\nA refresh removes the number from the state under the same conditions \
             as for `cams_number_migration`.\n\nThe RAM user or role needs {} on resource `*`. A \
             create whose configuration omits a URL needs `cams:QueryChatappPhoneNumbers`. \
             Otherwise, without one of the last two the resource shows a warning and continues.",
            permissions(OPERATIONS)
        )
    }

    fn attributes() -> Vec<Attribute> {
        let url = |name| {
            Attribute::string(name)
                .optional()
                .computed()
                .use_state_for_unknown()
                .validate(https)
        };
        let flag = |name| Attribute::bool(name).optional().default(false);
        vec![
            number::cust_space_id("Space of the number."),
            number::phone_number(),
            url("up_callback_url").describe(
                "`https` URL to which CAMS sends the messages of customers. If it is not set, CAMS \
                 keeps its current URL.",
            ),
            url("status_callback_url").describe(
                "`https` URL to which CAMS sends the statuses of messages, such as delivered or \
                 read. If it is not set, CAMS keeps its current URL.",
            ),
            flag("http_flag").describe(
                "Whether CAMS sends HTTP requests to the URLs. If `true`, at least one URL must be \
                 set. Default value is `false`. At least one of `http_flag` and `queue_flag` must \
                 be `true`.",
            ),
            flag("queue_flag").describe(
                "Whether CAMS writes to the queues of the account. Default value is `false`.",
            ),
            number::timeouts_block::<Self>(
                "How long operations may take in total, including the wait for the account's call \
                 quota.",
                "Setting the webhook.",
                "Changing it, and turning it off.",
            ),
        ]
    }
}

/// Checks that the text is an `https` URL with a host.
fn https(value: &Value, path: &Path, invalid: &mut Diagnostics) {
    let Some(text) = value.as_str() else { return };
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let has_host = rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    if !has_host || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        invalid.push(invalid_url(path));
    }
}

/// A URL that CAMS cannot deliver to safely.
pub(crate) fn invalid_url(path: &Path) -> Diagnostic {
    let text = format!(
        "{path} is not an https URL. Expected a URL that begins with https:// and contains no \
         spaces, such as \"https://hooks.example.com/cams\". Messages from customers must not be \
         sent unencrypted."
    );
    Diagnostic::error("Invalid URL", text).at(path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_urls_with_a_host_are_accepted() {
        for (url, accepted) in [
            ("https://hooks.example.com/cams?token=s3cr3t", true),
            ("https://[2001:db8::1]:8443/", true),
            ("http://hooks.example.com/", false),
            ("HTTPS://hooks.example.com/", false),
            ("https://", false),
            ("https:///path", false),
            ("https://?token=s3cr3t", false),
            ("https://hooks.example.com/a b?s3cr3t", false),
            ("", false),
        ] {
            let mut invalid = Diagnostics::default();
            let value = Value::from(url);
            https(
                &value,
                &Path::root().attribute("up_callback_url"),
                &mut invalid,
            );
            let errors: Vec<_> = invalid.iter().collect();
            assert_eq!(errors.is_empty(), accepted, "{url}");
            assert!(errors.iter().all(|error| !error.detail.contains("s3cr3t")));
        }
    }
}
