//! A framework for Terraform and OpenTofu providers.
//!
//! - [`wire`]: the plugin protocol's messages, the value codec, types, paths and diagnostics.
//! - [`process`]: how Terraform starts, authenticates, logs and stops a plugin process.
//! - [`framework`]: what a provider is written against: schemas, models, resources, plan rules.

#![forbid(unsafe_code)]

pub mod framework;
pub mod process;
pub mod wire;
