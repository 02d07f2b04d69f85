//! The wire format of the plugin protocol, and the framework's own types for what is in it.
//!
//! - `value`, `ty`, `path`, `diagnostic`: values, their types, the places in them, and messages to
//!   the user, without their wire format.
//! - `msgpack`, `json`: the two encodings of values, both directed by a type.
//! - `convert`: conversions between these types and the generated messages.
//! - `tfplugin6`, `go_plugin`: the generated messages and services.

pub mod convert;
pub mod diagnostic;
pub mod json;
pub mod msgpack;
pub mod path;
#[cfg(test)]
mod tests;
pub mod ty;
pub mod value;

/// The largest message that is read from Terraform, in bytes, and the largest that is written with
/// diagnostics. No object of an ordinary provider comes near: the schema, which is the largest
/// message, has some ten KiB. While it is read, a message needs up to three times its size.
pub const MESSAGE_LIMIT: usize = 40 << 20;

/// The messages and the service of the plugin protocol, generated from `proto/tfplugin6.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// go-plugin's own three services, generated from `proto/go_plugin_*.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod go_plugin {
    tonic::include_proto!("plugin");
}
