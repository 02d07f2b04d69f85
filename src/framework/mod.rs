//! What a resource author writes against: schema, model, traits, the plan engine and the RPC dispatcher.
//!
//! An author writes a schema, a model and create, read, update, delete and import in domain words, and nothing of
//! the wire. Everything Terraform demands of every resource alike is done here: decoding and encoding, the checks
//! Terraform leaves to providers, the order of planning, identities, upgrades, and keeping what is known of an
//! object however its operation ends.

pub mod duration;
mod erased;
pub mod model;
pub mod operations;
mod plan;
pub mod private;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod server;
pub mod session;
pub mod timeouts;
mod validate;

// Values, types, paths and diagnostics are the same words on the wire and in a resource.
pub use crate::protocol::{diagnostic, number, path, ty, value};
