//! The credentials that requests are signed with: where they come from, and how they are kept
//! valid.
//!
//! - [`resolve`] finds the source: it reads the provider block, the environment and files, and
//!   connects to nothing. `chain` has the order; `key_parts`, `roles`, `lookup`, `profile_file` and
//!   `profile` read what is configured.
//! - [`Credentials`] fetches a key when it is needed (`fetch`, and a file for each kind of server or
//!   program), and again before it ends (`refresh`).
//! - [`Credentials::account`] finds the account that the credentials belong to (`account`).

mod account;
mod answer;
mod chain;
mod command;
mod context;
mod ecs;
mod error;
mod fetch;
mod files;
mod ini;
mod key_parts;
mod local;
mod lookup;
mod profile;
mod profile_file;
mod refresh;
mod roles;
mod shell_words;
mod source;
mod sts;
mod token_file;
pub mod variables;
mod web;

pub use crate::openapi::AccessKey;
pub use account::{AccountAnswer, AccountLookup};
pub use chain::resolve;
pub use context::FetchContext;
pub use error::{CredentialsError, CredentialsErrorKind};
pub use files::Files;
pub use key_parts::{EXPECTED, is_well_formed};
pub use local::Configured;
pub use refresh::Credentials;
pub use source::Source;

/// What is wrong with an answer or an output, for each kind of server or program that provides
/// credentials, for the fuzz targets. `None` where it would be used.
pub fn judge_answer(body: &[u8]) -> [Option<&'static str>; 3] {
    let readers = [answer::read, answer::read_session, answer::read_output];
    readers.map(|read| read(body, std::time::UNIX_EPOCH).err())
}

/// Whether the content of a file would be used as the token of an identity provider, for the fuzz
/// targets.
pub fn judge_token(content: &[u8]) -> bool {
    token_file::token(content).is_ok()
}
