//! The messages and clients of the plugin protocol, as Terraform has them.

#![forbid(unsafe_code)]

/// The plugin protocol.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// go-plugin's own three services.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod go_plugin {
    tonic::include_proto!("plugin");
}
