//! The operations of CAMS that are emulated, by name. What they do is in `operations`.

use clap::ValueEnum;

/// The version of the API that all operations belong to.
pub(super) const VERSION: &str = "2020-06-06";

/// An operation, by its name in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum Operation {
    /// Starts the migration of a number into a space.
    CreateChatappMigrationInitiate,
    /// Tells whether the account has subscribed to the product.
    GetChatappOpenStatus,
    /// Tells id and verification status of one number: the lookup.
    GetPhoneNumberVerificationStatus,
    /// Tells which WhatsApp Business Account is bound to a space.
    QueryChatappBindWaba,
    /// Lists the numbers of a space: the list.
    QueryChatappPhoneNumbers,
}

impl Operation {
    /// The operation with this name in the API, if it is emulated.
    pub(super) fn parse(action: &str) -> Option<Self> {
        Self::from_str(action, false).ok()
    }

    /// The name in the API, which is the action in RAM too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreateChatappMigrationInitiate => "CreateChatappMigrationInitiate",
            Self::GetChatappOpenStatus => "GetChatappOpenStatus",
            Self::GetPhoneNumberVerificationStatus => "GetPhoneNumberVerificationStatus",
            Self::QueryChatappBindWaba => "QueryChatappBindWaba",
            Self::QueryChatappPhoneNumbers => "QueryChatappPhoneNumbers",
        }
    }
}
