//! The attributes of a number, as the list of its space shows it.

use terraform_plugin::framework::schema::Attribute;

/// Declares a model that has the attributes of a number beside its own, and `of`, which fills it in
/// from a row of the list.
macro_rules! number_model {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($own:ident),* }) => {
        terraform_plugin::model! {
            $(#[$meta])*
            $visibility struct $name {
                $($own: String,)*
                phone_number: String,
                status: String,
                verified_name: String,
                code_verification_status: String,
                name_status: String,
                new_name_status: String,
                quality_rating: String,
                messaging_limit_tier: String,
                is_official: String,
                up_callback_url: String,
                status_callback_url: String,
                up_queue: String,
                status_queue: String,
            }
        }

        impl $name {
            fn of(phone_number: String, row: cams::operations::ListedNumber, $($own: String),*) -> Self {
                Self {
                    $($own: $own.into(),)*
                    phone_number: phone_number.into(),
                    status: row.status.into(),
                    verified_name: row.verified_name.into(),
                    code_verification_status: row.code_verification_status.into(),
                    name_status: row.name_status.into(),
                    new_name_status: row.new_name_status.into(),
                    quality_rating: row.quality_rating.into(),
                    messaging_limit_tier: row.messaging_limit_tier.into(),
                    is_official: row.is_official.into(),
                    up_callback_url: row.up_callback_url.into(),
                    status_callback_url: row.status_callback_url.into(),
                    up_queue: row.up_queue.into(),
                    status_queue: row.status_queue.into(),
                }
            }
        }
    };
}
pub(super) use number_model;

/// The attributes of the model, but for the number itself.
pub(super) fn attributes() -> Vec<Attribute> {
    let read_only = |name, description| Attribute::string(name).computed().describe(description);
    vec![
        read_only("status", "Status, such as `CONNECTED` or `PENDING`."),
        read_only("verified_name", "Display name."),
        read_only(
            "code_verification_status",
            "Whether the number was verified with a code: `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`. A \
             number that is connected stays connected when its verification expires.",
        ),
        read_only(
            "name_status",
            "Review of the display name, such as `Approval` or `Pending_Review`.",
        ),
        read_only(
            "new_name_status",
            "Review of a display name that is to replace the current one.",
        ),
        read_only(
            "quality_rating",
            "Quality: `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.",
        ),
        read_only(
            "messaging_limit_tier",
            "How many customers the number may write to first in 24 hours, such as `TIER_1K`.",
        ),
        read_only(
            "is_official",
            "Whether the number is an official business account: `Y` or `N`.",
        ),
        read_only(
            "up_callback_url",
            "URL that receives the messages of customers.",
        ),
        read_only(
            "status_callback_url",
            "URL that receives the delivery statuses of messages.",
        ),
        read_only("up_queue", "Queue that receives the messages of customers."),
        read_only(
            "status_queue",
            "Queue that receives the delivery statuses of messages.",
        ),
    ]
}
