//! What every other crate uses: clock, randomness, environment, secrets, foreign text, private files
//! and what differs between platforms.
//!
//! Dates, environment and randomness are values that a program passes in, so that tests can fix
//! them. `clippy.toml` bans reading them anywhere else.

#![forbid(unsafe_code)]

pub mod clock;
pub mod environment;
pub mod file_lock;
pub mod fingerprint;
pub mod foreign_text;
pub mod platform;
pub mod private_file;
pub mod random;
pub mod secret;
pub mod state_directory;
pub mod terminal;
