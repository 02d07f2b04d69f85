//! Why the plugin could not be served.

use std::io;

/// Why the plugin could not be served. Each error is one line for stderr, except [`ServeError::Cookie`],
/// which explains to a person what the program is for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The server's certificate or TLS settings could not be made.
    #[error("cannot make the server certificate: {0}")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// `PLUGIN_CLIENT_CERT` is set, but holds no certificate.
    #[error("PLUGIN_CLIENT_CERT is not a certificate in PEM form: {0}")]
    ClientCertificate(String),
    /// The cookie is missing from the environment: a person started the binary, not Terraform.
    #[error(
        "This program is a plugin, which Terraform and OpenTofu start.\n\
         Name it in required_providers of a configuration and run terraform init, or see --help."
    )]
    Cookie,
    /// The socket could not be opened.
    #[error(
        "cannot listen on {place}: {source}; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR to a directory that \
         exists and that this user can write to"
    )]
    Listen {
        /// The directory or socket tried.
        place: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The gRPC server ended by itself.
    #[error("the gRPC server failed: {0}")]
    Serve(#[from] tonic::transport::Error),
    /// The server of the provider could not be made. The text is that of the error.
    #[error("{0}")]
    Provider(String),
    /// A signal handler could not be installed.
    #[error("cannot handle signals: {0}")]
    Signals(#[source] io::Error),
    /// The socket's path cannot be announced or bound: too long for a socket, or not plain text.
    #[error(
        "cannot use `{path}` as a unix socket: {reason}; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR to \
         another directory"
    )]
    SocketPath {
        /// The path, as far as it can be shown.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The handshake line could not be written, most likely because stdout is closed.
    #[error("cannot write the handshake to stdout: {0}")]
    Stdout(#[source] io::Error),
    /// The operating system refused what the runtime needs, such as a file descriptor.
    #[error("cannot wait for input and output: {0}")]
    Runtime(#[source] io::Error),
}

impl ServeError {
    /// The line to print on stdout in place of the handshake. Terraform hides stderr, but shows the
    /// first line of stdout if it has fewer than four fields (go-plugin: "Unrecognized remote plugin
    /// message"). `None` if Terraform does not read that line, or has read the handshake.
    pub(super) fn in_place_of_handshake(&self) -> Option<String> {
        match self {
            Self::Cookie | Self::Provider(_) | Self::Serve(_) | Self::Stdout(_) => None,
            // The separator of fields may be in a path.
            _ => Some(self.to_string().replace('|', "/")),
        }
    }
}
