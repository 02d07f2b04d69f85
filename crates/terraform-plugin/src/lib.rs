#![doc = include_str!("../README.md")]
//!
//! # The map
//!
//! In reading order; each module uses the ones before it:
//!
//! - [`wire`]: the protocol's messages; values, types, paths and diagnostics; the two encodings.
//! - [`framework`]: the API for authors of providers (one trait for each kind, schemas, models),
//!   and what Terraform requires of every provider (plan rules, checks, state safety).
//! - [`process`]: how Terraform starts, authenticates, logs and stops a plugin process.
//!
//! # The journey of a call
//!
//! `terraform apply` starts the binary. [`process::main`] reads the arguments and starts the log,
//! [`process::serve`] checks the cookie, opens a socket, makes a certificate, and prints the
//! handshake line. From then on each call of Terraform takes these steps, here
//! `ApplyResourceChange` for a new object:
//!
//! 1. `process/acceptor` accepts the connection, `process/tls` checks that it is Terraform's.
//! 2. `framework/server/mod` has the list of all RPCs. `framework/server/run` makes a task of the
//!    call, with a record (`framework/session`) outside of that task, and a span in the log.
//! 3. `framework/server/apply` reads the values by the schema's type (`wire/msgpack`).
//! 4. `framework/erased` reads them into the author's model, and calls
//!    [`Resource::create`](framework::resource::Resource::create).
//! 5. The author's code calls [`Context::save`](framework::context::Context::save) as soon as the
//!    object exists. After an error, a panic or `StopProvider`,
//!    `framework/server/apply` puts the saved state into the response in place of the result.
//! 6. `framework/server/response` cleans the diagnostics, and the response takes the same path
//!    back.
//!
//! # What is not supported
//!
//! These parts of protocol 6.11 have no user yet: ephemeral resources; state stores; deferral;
//! provider metadata; repeated blocks and computed blocks; nested attributes other than computed
//! lists of objects; numbers, sets, tuples and dynamic types; deprecation messages; functions with a
//! variadic parameter, or with arguments that are no strings or may be null or unknown; conversions
//! of state from an earlier schema version; plans of an action; an import of several objects by one
//! id; refinements of unknown values; the planned private state of an earlier plan. Terraform uses
//! none of them with a provider whose schema does not declare them.

#![forbid(unsafe_code)]

pub mod framework;
pub mod process;
pub mod wire;
