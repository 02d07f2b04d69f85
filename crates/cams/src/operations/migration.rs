//! The answer that three steps of a migration have in common.

use serde::Deserialize;

use alibaba_cloud::openapi::fields;

use crate::phone::PhoneNumber;

/// The answer to `CreateChatappMigrationInitiate`, `GetMigrationVerifyCode` or
/// `ChatappMigrationVerified`.
///
/// The documentation promises all fields of `Data`. The step has succeeded without them too:
/// `Code: OK` says so, and nothing else does. A `Data` that is about another number is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Migration {
    /// The number, as far as the answer describes it.
    #[serde(deserialize_with = "fields::object")]
    pub data: MigrationData,
    /// The id of the request.
    #[serde(deserialize_with = "fields::text")]
    pub request_id: Option<String>,
    /// Whether `Data` was about another number.
    #[serde(skip)]
    pub names_another: bool,
}

/// `Data` of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MigrationData {
    /// The number's id at Meta.
    #[serde(deserialize_with = "fields::digits")]
    pub id: Option<String>,
    /// The status, for which only `MIGRATING` is documented. Only the start of a migration has it.
    #[serde(deserialize_with = "fields::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "fields::raw_text")]
    phone_number: Option<String>,
}

impl Migration {
    /// Leaves `Data` out if it is about another number than this one.
    pub(super) fn compare(&mut self, number: &PhoneNumber) {
        let named = self.data.phone_number.take();
        if named.is_some_and(|named| !number.can_be_named(&named)) {
            self.data = MigrationData::default();
            self.names_another = true;
        }
    }
}
