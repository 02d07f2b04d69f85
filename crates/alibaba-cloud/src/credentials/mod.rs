//! The credentials that requests are signed with: where they come from, and how they are kept
//! valid.
//!
//! - [`resolve`] finds out where they come from: it reads the provider block, the environment and
//!   files, and connects to nothing.
//! - [`Credentials`] fetches them when a key is needed, and again before they end.

mod account;
mod answer;
mod chain;
mod cli_profile;
mod command;
mod configured;
mod context;
mod current;
mod ecs;
mod error;
mod expiry;
mod fetch;
mod files;
mod ini;
mod ini_profile;
mod keys;
mod lookup;
mod pair;
mod passed_over;
mod problem;
mod profile;
mod refresh;
mod roles;
mod source;
mod sts;
mod surroundings;
mod token_file;
mod untrusted;
pub mod variables;
mod web;
mod words;

pub use crate::openapi::AccessKey;
pub use account::{Found, Owner};
pub use chain::resolve;
pub use configured::{AssumeRole, AssumeRoleWithOidc, Configured};
pub use context::Context;
pub use current::Credentials;
pub use error::{Error, ErrorKind};
pub use files::Files;
pub use pair::{EXPECTED, is_well_formed};
pub use problem::{Problem, ProblemKind};
pub use source::Source;
pub use untrusted::{judge_answer, judge_token};
