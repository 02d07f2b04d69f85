//! Why the plugin could not be served.

use std::fmt::Display;
use std::io;

use crate::framework::server::InvalidProvider;

/// Why the plugin could not be served. Each error is one line for stderr, except [`ServeError::Cookie`],
/// which explains to a person what the program is for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The cookie is missing from the environment: a person started the binary, not Terraform.
    #[error(
        "This program is a plugin, which Terraform and OpenTofu start.\n\
         Name it in required_providers of a configuration and run terraform init, or see --help."
    )]
    Cookie,
    /// Something failed before the handshake line was written, such as listening on the socket. The
    /// text says what, and what to do.
    #[error("{0}")]
    Start(String),
    /// The handshake line could not be written, most likely because stdout is closed.
    #[error("cannot write the handshake to stdout: {0}")]
    Stdout(#[source] io::Error),
    /// The server of the provider could not be made.
    #[error(transparent)]
    Provider(#[from] InvalidProvider),
    /// The gRPC server ended by itself.
    #[error("the gRPC server failed: {0}")]
    Serve(#[from] tonic::transport::Error),
}

impl ServeError {
    /// The error for what could not be done before the handshake line was written.
    pub(crate) fn cannot<E: Display>(what: &str) -> impl Fn(E) -> Self {
        move |error| Self::Start(format!("cannot {what}: {error}"))
    }

    /// The line to print on stdout in place of the handshake. Terraform hides stderr, but shows the
    /// first line of stdout if it has fewer than four fields (go-plugin: "Unrecognized remote plugin
    /// message"). `None` if Terraform does not read that line, or has read the handshake.
    pub(crate) fn in_place_of_handshake(&self) -> Option<String> {
        match self {
            // The separator of fields may be in a path.
            Self::Start(text) => Some(text.replace('|', "/")),
            Self::Cookie | Self::Stdout(_) | Self::Provider(_) | Self::Serve(_) => None,
        }
    }
}
