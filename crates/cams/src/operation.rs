//! The operations of the API that the provider calls, as data.
//!
//! The client takes an operation's quota and its rule for repeats from here, and the errors for a
//! denied access take its RAM action.

use std::num::NonZeroU32;
use std::time::Duration;

use alibaba_cloud::openapi::{List, Reading};
use call_quota::Limit;

/// The version of the API.
pub(super) const VERSION: &str = "2020-06-06";

/// The limit in the documentation of each of these operations: ten calls a second for an account,
/// with all its RAM users.
const TEN_A_SECOND: Limit = Limit {
    calls: NonZeroU32::new(10).expect("ten is not zero"),
    window: Duration::from_secs(1),
};

/// The list of a space's numbers, with the columns that are read of it.
pub(super) const NUMBERS: List = List {
    field: "PhoneNumbers",
    columns: ["PhoneNumber", "Status"],
};

/// One operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name on the wire, in RAM policies and in quotas.
    pub action: &'static str,
    /// Whether it only reads, so that asking twice does no harm.
    pub reads: bool,
    /// The limit in its documentation.
    pub limit: Limit,
    /// How its answer is read.
    pub reading: Reading,
}

impl Operation {
    /// Starts the migration of a number.
    pub const CREATE_CHATAPP_MIGRATION_INITIATE: Self =
        Self::writing("CreateChatappMigrationInitiate");
    /// Tells whether the account has activated the product.
    pub const GET_CHATAPP_OPEN_STATUS: Self = Self::reading("GetChatappOpenStatus");
    /// Looks up one number.
    pub const GET_PHONE_NUMBER_VERIFICATION_STATUS: Self =
        Self::reading("GetPhoneNumberVerificationStatus");
    /// Tells which WhatsApp Business Account is bound to a space.
    pub const QUERY_CHATAPP_BIND_WABA: Self = Self::reading("QueryChatappBindWaba");
    /// Lists a space's numbers.
    pub const QUERY_CHATAPP_PHONE_NUMBERS: Self = Self {
        reading: Reading::Rows(NUMBERS),
        ..Self::reading("QueryChatappPhoneNumbers")
    };

    const fn reading(action: &'static str) -> Self {
        Self {
            action,
            reads: true,
            limit: TEN_A_SECOND,
            reading: Reading::Whole,
        }
    }

    const fn writing(action: &'static str) -> Self {
        Self {
            action,
            reads: false,
            limit: TEN_A_SECOND,
            reading: Reading::Whole,
        }
    }
}
