//! What all other crates use.
//!
//! # Map, in reading order
//!
//! - [`clock`], [`environment`], [`random`]: dates, variables and randomness as values that a
//!   program passes in, so that tests can set them. `clippy.toml` bans reading them anywhere else.
//! - [`secret`], [`foreign_text`]: strings that are never printed, and text from outside, cleaned
//!   before it is shown, logged or stored.
//! - [`fingerprint`], [`private_file`], [`file_lock`], [`state_directory`]: files that the
//!   processes of one user share.
//! - [`platform`], [`dns`], [`terminal`]: differences between Linux and macOS, the addresses of hosts,
//!   and output to the terminal.
//! - [`sync`]: locks that a panic leaves usable.

#![forbid(unsafe_code)]

/// The version of this release, without a leading `v`: the variable `RELEASE_VERSION` of the build, or
/// that of the package.
pub const VERSION: &str = match option_env!("RELEASE_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

pub mod clock;
pub mod dns;
pub mod environment;
pub mod file_lock;
pub mod fingerprint;
pub mod foreign_text;
pub mod platform;
pub mod private_file;
pub mod random;
pub mod secret;
pub mod state_directory;
pub mod sync;
pub mod terminal;
