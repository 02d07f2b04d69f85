//! The wire: generated messages, the value codec, types, paths, diagnostics and stored state.

pub mod diagnostic;
pub mod error;
pub mod json;
pub mod msgpack;
pub mod number;
pub mod path;
#[cfg(test)]
mod testing;
pub mod ty;
pub mod value;
pub mod wire;

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
