//! Models of what CAMS shows, in which each attribute is declared once.

/// Declares a model of the texts that CAMS shows of something, each with its description. It has them
/// beside texts of its own, which come from elsewhere. `attributes` are those of the shown texts, and
/// `of` fills the model in from an answer.
macro_rules! shown {
    (
        $(#[$meta:meta])*
        struct $name:ident($answer:ty) { $($own:ident),* }
        $($field:ident: $description:literal,)*
    ) => {
        terraform_plugin::model! {
            $(#[$meta])*
            pub(crate) struct $name {
                $($own: String,)*
                $($field: String,)*
            }
        }

        impl $name {
            fn attributes() -> impl Iterator<Item = Attribute> {
                let texts = [$((stringify!($field), $description)),*];
                let texts = texts.into_iter();
                texts.map(|(name, text)| Attribute::string(name).computed().describe(text))
            }

            fn of(answer: $answer, $($own: String),*) -> Self {
                Self {
                    $($own: $own.into(),)*
                    $($field: answer.$field.into(),)*
                }
            }
        }
    };
}

/// Declares a model of a number, as the list of its space shows it.
macro_rules! shown_number {
    ($(#[$meta:meta])* struct $name:ident { $($own:ident),* }) => {
        shown! {
            $(#[$meta])*
            struct $name(ListedNumber) { $($own),* }
            status: "Status, such as `CONNECTED` or `PENDING`.",
            verified_name: "Display name.",
            code_verification_status: "Whether the number was verified with a code: `VERIFIED`, \
                `NOT_VERIFIED` or `EXPIRED`. A number that is connected stays connected when its \
                verification expires.",
            name_status: "Review of the display name, such as `Approval` or `Pending_Review`.",
            new_name_status: "Review of a display name that is to replace the current one.",
            quality_rating: "Quality: `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.",
            messaging_limit_tier: "How many customers the number may write to first in 24 hours, \
                such as `TIER_1K`.",
            is_official: "Whether the number is an official business account: `Y` or `N`.",
            up_callback_url: "URL that receives the messages of customers.",
            status_callback_url: "URL that receives the delivery statuses of messages.",
            up_queue: "Queue that receives the messages of customers.",
            status_queue: "Queue that receives the delivery statuses of messages.",
        }
    };
}
pub(crate) use {shown, shown_number};
