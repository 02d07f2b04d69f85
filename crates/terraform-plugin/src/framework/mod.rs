//! A framework for providers, which knows Terraform and no particular provider.
//!
//! The author of a resource writes a schema, a model and the operations create, read, update,
//! delete and import, without the plugin protocol; the other kinds have fewer operations. What
//! Terraform demands of all of them alike is done here: reading and writing values, the checks of a
//! configuration that Terraform leaves to providers, the rules of planning, identities, upgrades of
//! stored state, and storing what is known of an object however its operation ends.
//!
//! In reading order:
//!
//! - `provider`: the trait of a provider, and the list of what it offers.
//! - `resource`, `data_source`, `action`, `list_resource`, `function`: a trait for each kind.
//! - `context`: what an operation works with besides its arguments; private state.
//! - `schema`, `identity`, `model`: the attributes, and typed structs for their values.
//! - `timeouts`: the block that limits how long operations may take.
//! - `plan`, `validate`: the rules of planning, and the checks of a configuration.
//! - `session`, `operations`: the record of one operation, and all operations under way.
//! - `erased`: what the server knows of each offer, and its code with values in place of models.
//! - `server`: the RPCs of the plugin protocol.

pub mod action;
pub mod context;
pub mod data_source;
mod erased;
pub mod function;
mod identity;
pub mod list_resource;
pub mod model;
pub mod operations;
mod plan;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod server;
mod session;
pub mod timeouts;
mod validate;

// An author works with these too, and need not know that the wire format has them as well.
pub use crate::wire::{diagnostic, path, ty, value};
