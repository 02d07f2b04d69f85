//! The operations of the API that the provider calls, one file each.
//!
//! A file holds all that the client knows of its operation: name, whether it only reads,
//! parameters, and the model of its answer. To add one, write such a file and name it here; the
//! emulator needs its counterpart.
//!
//! The documentation calls almost every field a string and promises most of them. The models read
//! both leniently: see [`alibaba_cloud::openapi::fields`].

mod chatapp_migration_register;
mod chatapp_migration_verified;
mod chatapp_phone_number_deregister;
mod chatapp_sync_phone_number;
mod create_chatapp_migration_initiate;
mod get_chatapp_open_status;
mod get_migration_verify_code;
mod get_phone_number_verification_status;
mod list_instance;
mod migration;
mod query_chatapp_bind_waba;
mod query_chatapp_phone_numbers;
mod update_phone_webhook;

use serde::Deserialize;

pub use chatapp_migration_register::ChatappMigrationRegister;
pub use chatapp_migration_verified::ChatappMigrationVerified;
pub use chatapp_phone_number_deregister::ChatappPhoneNumberDeregister;
pub use chatapp_sync_phone_number::ChatappSyncPhoneNumber;
pub use create_chatapp_migration_initiate::CreateChatappMigrationInitiate;
pub use get_chatapp_open_status::GetChatappOpenStatus;
pub use get_migration_verify_code::{GetMigrationVerifyCode, VerifyCodeMethod};
pub use get_phone_number_verification_status::{
    GetPhoneNumberVerificationStatus, Verification, VerificationData,
};
pub use list_instance::{Instance, InstancePage, ListInstance};
pub use migration::{Migration, MigrationData};
pub use query_chatapp_bind_waba::{BoundWaba, QueryChatappBindWaba, Waba};
pub use query_chatapp_phone_numbers::{ListedNumber, PhoneNumbers, QueryChatappPhoneNumbers};
pub use update_phone_webhook::UpdatePhoneWebhook;

/// An answer of which nothing is used but that the call succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct NoData {}

/// Reads the answer of an operation, for tests.
#[cfg(test)]
fn answer<O: alibaba_cloud::client::Operation>(
    operation: &O,
    json: &str,
) -> Result<O::Answer, String> {
    use alibaba_cloud::openapi::fields;

    let cleaner = base::foreign_text::Cleaner::default();
    let answer = fields::read_json(json.as_bytes(), &cleaner);
    let mut answer = answer.map_err(|error| error.to_string())?;
    operation.check(&mut answer)?;
    Ok(answer)
}
