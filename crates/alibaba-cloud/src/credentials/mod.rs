//! The credentials that requests are signed with: where they come from, and how they are kept
//! valid.
//!
//! # Map, in reading order
//!
//! - `source`: what a source of credentials is. `error`: why there is none.
//! - `chain`, with [`resolve`]: finds the source and connects to nothing. It reads the provider block
//!   and the environment (`local`, with the names of [`variables`]), and small files (`files`).
//!   `key_parts` reads an access key in parts, and `roles` a role that is to be assumed.
//! - `lookup` finds a profile in the files, whose two forms `profile_file` and `ini` parse. `profile`
//!   says what each mode of a profile means, and `shell_words` splits the command of one.
//! - `fetch`: gets a key from its source, as `context` says. `sts`, `ecs` (the metadata service),
//!   `web` (other servers) and `command` (a program) ask one kind of source each; `token_file` has
//!   the token for `sts`, and `answer` reads what they return.
//! - `refresh`, with [`Credentials`]: fetches a key when it is needed, and again before it ends.
//! - `account`, with [`Credentials::account`]: the account that the credentials belong to.

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
