//! The attributes of the resource, with the model that holds their values.

use base::secret::Secret;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{TimeLimit, Timed};
use terraform_plugin::framework::value::Value;
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, Timeouts, whole_number};
use crate::resources::permissions;

use super::{OPERATIONS, messages};

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
            "Sets where CAMS delivers what customers write to a number, and the statuses of its \
             messages (`UpdatePhoneWebhook`). A number that is `CONNECTED` without a webhook loses \
             what customers write.\n\nBoth URLs and both flags are sent each time. A URL that is \
             not set in the configuration is the one that CAMS has, if its list shows it, and is \
             left out otherwise. No operation of the API removes a URL.\n\nA refresh reads the \
             URLs where the list of the space shows them. What it does not show, such as the \
             flags, stays in the state. So after an import the first apply sets the webhook as \
             configured.\n\nDestroying this resource turns off what it had turned on (`HttpFlag` \
             and `QueueFlag` are `N`), and leaves the URLs stored.\n\nThe query of a URL may \
             contain a secret: the provider shows it in no log and in no error. Terraform stores \
             the URL in the state, and shows it in a plan unless its value is marked as \
             `sensitive`.\n\nThe number is removed from the state by the rules of \
             `cams_number_migration`.\n\nThe RAM user or role needs {} on resource `*`. Without \
             one of the last two the resource shows a warning and continues.",
            permissions(&OPERATIONS)
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
                "`https` URL to which CAMS sends the messages of customers. If it is not set, the \
                 URL that CAMS has stays.",
            ),
            url("status_callback_url").describe(
                "`https` URL to which CAMS sends the statuses of messages, such as delivered or \
                 read. If it is not set, the URL that CAMS has stays.",
            ),
            flag("http_flag").describe(
                "Whether CAMS sends HTTP requests to the URLs, of which at least one must be set \
                 then. Default value is `false`. At least one of `http_flag` and `queue_flag` must \
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
        invalid.push(messages::invalid_url(path));
    }
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
