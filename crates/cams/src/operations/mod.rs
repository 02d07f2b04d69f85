//! The operations of the API that the provider calls, one file each.
//!
//! A file holds all that the client knows of its operation: name, limit, whether it only reads,
//! parameters, and the model of its answer. To add one, write such a file and name it here; the
//! emulator needs its counterpart.
//!
//! The documentation calls almost every field a string and promises most of them. The models read
//! both leniently: see [`alibaba_cloud::openapi::fields`].

mod create_chatapp_migration_initiate;
mod get_chatapp_open_status;
mod get_phone_number_verification_status;
mod query_chatapp_bind_waba;
mod query_chatapp_phone_numbers;

pub use create_chatapp_migration_initiate::{CreateChatappMigrationInitiate, Migration, Started};
pub use get_chatapp_open_status::{GetChatappOpenStatus, OpenStatus};
pub use get_phone_number_verification_status::{
    GetPhoneNumberVerificationStatus, Verification, VerificationData,
};
pub use query_chatapp_bind_waba::{BoundWaba, QueryChatappBindWaba, Waba};
pub use query_chatapp_phone_numbers::{ListedNumber, PhoneNumbers, QueryChatappPhoneNumbers};

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
