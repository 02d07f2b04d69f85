//! The operations as data.

use std::time::Duration;

use crate::openapi::List;
use crate::throttle::Limit;

/// The version of the API.
pub(super) const VERSION: &str = "2020-06-06";

/// What an operation's description on its documentation page says: ten calls a second for each account, RAM users
/// included.
const TEN_A_SECOND: Limit = Limit {
    calls: 10,
    window: Duration::from_secs(1),
};

/// One operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name on the wire, in RAM policies and in quotas.
    pub action: &'static str,
    /// Whether it only reads, so that asking twice does no harm.
    pub reads: bool,
    /// Its documented limit.
    pub limit: Limit,
    /// The list in its answer, if that has one.
    pub list: Option<List>,
}

impl Operation {
    /// Starts the migration of a number.
    pub const CREATE_CHATAPP_MIGRATION_INITIATE: Self =
        Self::writing("CreateChatappMigrationInitiate");
    /// Looks up one number.
    pub const GET_PHONE_NUMBER_VERIFICATION_STATUS: Self =
        Self::reading("GetPhoneNumberVerificationStatus");
    /// Lists a space's numbers.
    pub const QUERY_CHATAPP_PHONE_NUMBERS: Self = Self {
        list: Some(List {
            field: "PhoneNumbers",
            columns: ["PhoneNumber", "Status"],
        }),
        ..Self::reading("QueryChatappPhoneNumbers")
    };

    const fn reading(action: &'static str) -> Self {
        Self {
            action,
            reads: true,
            limit: TEN_A_SECOND,
            list: None,
        }
    }

    const fn writing(action: &'static str) -> Self {
        Self {
            action,
            reads: false,
            limit: TEN_A_SECOND,
            list: None,
        }
    }
}
