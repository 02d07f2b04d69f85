//! From a listening socket to connections whose other end is known to be Terraform.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::listener::{Io, Listener};

/// How long a peer may take over its TLS handshake. The peer is on the same host.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait after a failure of `accept` itself, which is most often a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections may be open, handshakes included. Terraform makes one for each
/// configuration of the provider that it attaches to, and otherwise one alone.
const CONNECTION_LIMIT: usize = 64;

/// How many connections there are and have been, counted from the end of their TLS handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Peers {
    /// Open now.
    pub(super) open: usize,
    /// Ever opened.
    pub(super) ever: usize,
}

/// Accepts connections until the stream is dropped. A peer that fails its handshake is dropped alone.
pub(super) fn accept(
    listener: Listener,
    tls: Option<TlsAcceptor>,
) -> (
    ReceiverStream<Result<Connection, Infallible>>,
    watch::Receiver<Peers>,
) {
    let (ready, connections) = mpsc::channel(1);
    let (peers, watched) = watch::channel(Peers::default());
    let door = Door {
        tls,
        ready,
        peers: Arc::new(peers),
    };
    tokio::spawn(door.keep(listener));
    (ReceiverStream::new(connections), watched)
}

/// An authenticated byte stream, counted as open while it lives.
pub(super) struct Connection {
    io: Box<dyn Io>,
    _counted: Counted,
}

#[derive(Clone)]
struct Door {
    tls: Option<TlsAcceptor>,
    ready: mpsc::Sender<Result<Connection, Infallible>>,
    peers: Arc<watch::Sender<Peers>>,
}

impl Door {
    async fn keep(self, listener: Listener) {
        let mut handshakes = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(_) if handshakes.len() + self.peers.borrow().open >= CONNECTION_LIMIT => {
                        tracing::warn!("refused a connection: {CONNECTION_LIMIT} are open");
                    }
                    Ok(io) => {
                        handshakes.spawn(self.clone().admit(io));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = handshakes.join_next() => {}
                () = self.ready.closed() => return,
            }
        }
    }

    async fn admit(self, io: Box<dyn Io>) {
        let io = match self.tls {
            None => io,
            Some(tls) => match tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(io)).await {
                Ok(Ok(stream)) => Box::new(stream),
                Ok(Err(error)) => return tracing::warn!(%error, "refused a connection"),
                Err(_) => {
                    return tracing::warn!("refused a connection: its handshake took too long");
                }
            },
        };
        let connection = Connection {
            io,
            _counted: Counted::new(self.peers),
        };
        // Fails only when the server has ended, and the connection with it.
        let _ = self.ready.send(Ok(connection)).await;
    }
}

struct Counted(Arc<watch::Sender<Peers>>);

impl Counted {
    fn new(peers: Arc<watch::Sender<Peers>>) -> Self {
        peers.send_modify(|peers| {
            peers.open += 1;
            peers.ever += 1;
        });
        Self(peers)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|peers| peers.open -= 1);
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio_stream::StreamExt;

    use super::*;
    use crate::environment::Environment;

    #[tokio::test]
    async fn a_connection_over_tcp_counts_while_it_lives() {
        let any_port = [("PLUGIN_MIN_PORT", "0"), ("PLUGIN_MAX_PORT", "0")];
        let environment: Environment = any_port.into_iter().collect();
        let (listener, endpoint, _cleanup) = Listener::open_tcp(&environment).unwrap();
        let (mut incoming, mut peers) = accept(listener, None);

        let mut host = TcpStream::connect(endpoint.address).await.unwrap();
        let Ok(mut connection) = incoming.next().await.unwrap();
        assert_eq!(*peers.borrow_and_update(), Peers { open: 1, ever: 1 });
        host.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        connection.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");

        drop(connection);
        assert_eq!(*peers.borrow_and_update(), Peers { open: 0, ever: 1 });
    }
}
