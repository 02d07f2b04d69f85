//! A Terraform and OpenTofu provider that moves WhatsApp phone numbers into Alibaba Cloud CAMS.
//!
//! # Layout
//!
//! In reading order; each layer speaks only its own words, and may use only those below it that
//! `DESIGN.md` lists.
//!
//! - [`plugin`]: how Terraform starts, authenticates, logs and stops a plugin process.
//! - [`protocol`]: the wire: generated messages, the value codec, types, paths, diagnostics.
//! - [`framework`]: what a resource author writes against: schema, model, traits, plan rules,
//!   dispatch.
//! - [`provider`]: this provider: its configuration and resources, in domain words.
//! - [`cams`]: the CAMS API: operations, models, errors and the client with its retry loop.
//! - [`credentials`]: where access keys come from, and how they are kept valid.
//! - [`openapi`]: Alibaba Cloud's RPC wire: encoding, signatures, error envelope, endpoints, HTTP.
//! - [`throttle`]: the slot algorithm that keeps the account's quota.
//! - `emulator`: a CAMS that runs on your machine (feature `emulator`).
//! - [`clock`], [`environment`], [`fingerprint`], [`foreign_text`], [`platform`], [`private_file`],
//!   [`random`], [`secret`], [`state_directory`], [`terminal`]: small modules that use no layer and
//!   that anyone may use.

#![forbid(unsafe_code)]

pub mod cams;
pub mod clock;
pub mod credentials;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod environment;
pub mod fingerprint;
pub mod foreign_text;
pub mod framework;
pub mod openapi;
pub mod platform;
pub mod plugin;
pub mod private_file;
pub mod protocol;
pub mod provider;
pub mod random;
pub mod secret;
pub mod state_directory;
pub mod terminal;
pub mod throttle;
