//! A framework for providers, which knows Terraform and no particular provider.
//!
//! The author of a resource writes a schema, a model and the operations create, read, update,
//! delete and import, in the words of the domain and without the plugin protocol. What Terraform
//! demands of every resource alike is done here: decoding and encoding of values, the checks of a
//! configuration that Terraform leaves to providers, the rules of planning, identities, upgrades of
//! stored state, and storing what is known of an object however its operation ends.
//!
//! In reading order:
//!
//! - `provider`, `resource`: the traits that an author implements.
//! - `schema`, `model`: the attributes, and typed structs for their values.
//! - `timeouts`, `duration`: the attribute that limits how long operations may take.
//! - `private`: private state, which Terraform stores beside the attributes.
//! - `plan`, `validate`: the rules of planning, and the checks of a configuration.
//! - `session`, `operations`: one operation's record, and all operations under way.
//! - `erased`: resources behind an object-safe trait, with values in place of models.
//! - `server`: the RPCs of the plugin protocol.

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

// An author works with these too, and need not know that the wire format has them as well.
pub use crate::wire::{diagnostic, number, path, ty, value};
