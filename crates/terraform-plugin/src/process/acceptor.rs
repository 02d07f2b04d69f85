//! Turns a listening socket into a stream of connections whose other end is known to be Terraform.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// How long a peer may take over its TLS handshake. It is on the same host, so ten seconds are
/// enough, and a peer that never sends anything does not hold a file descriptor.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait after `accept` itself has failed, most often for a lack of file descriptors. It
/// fails again at once until one is closed, so a retry without a pause would only use a processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections may be open, handshakes included. Terraform makes one for each
/// configuration of the provider that it attaches to, and otherwise one alone.
const CONNECTION_LIMIT: usize = 64;

/// How many connections there are and have been, counted from the end of their TLS handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Peers {
    /// The number of connections that are open now.
    pub(super) open: usize,
    /// The number of connections opened since the start. Above zero, Terraform has connected.
    pub(super) ever: usize,
}

/// Accepts connections until the returned stream is dropped, and counts them.
///
/// A peer that fails its TLS handshake is disconnected, and the others do not notice. Handshakes
/// run beside each other, so that a slow peer does not keep Terraform waiting.
pub(super) fn accept(
    listener: UnixListener,
    tls: Option<TlsAcceptor>,
) -> (
    ReceiverStream<Result<PeerConnection, Infallible>>,
    watch::Receiver<Peers>,
) {
    let (ready, connections) = mpsc::channel(1);
    let (peers, watched) = watch::channel(Peers::default());
    let acceptor = Acceptor {
        tls,
        ready,
        peers: Arc::new(peers),
    };
    tokio::spawn(acceptor.run(listener));
    (ReceiverStream::new(connections), watched)
}

/// An authenticated byte stream, counted as open while it lives.
pub(super) struct PeerConnection {
    io: Box<dyn Io>,
    peers: Arc<watch::Sender<Peers>>,
}

/// A byte stream to a peer, with or without TLS.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What the accepting task and the tasks of the handshakes share.
#[derive(Clone)]
struct Acceptor {
    tls: Option<TlsAcceptor>,
    ready: mpsc::Sender<Result<PeerConnection, Infallible>>,
    peers: Arc<watch::Sender<Peers>>,
}

impl Acceptor {
    /// Accepts connections and starts a handshake for each, until the stream of connections is dropped.
    async fn run(self, listener: UnixListener) {
        let mut handshakes = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(_) if handshakes.len() + self.peers.borrow().open >= CONNECTION_LIMIT => {
                        tracing::warn!("refused a connection: {CONNECTION_LIMIT} are open");
                    }
                    Ok((stream, _)) => {
                        handshakes.spawn(self.clone().handshake(stream));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                // Frees what is kept of a handshake that has ended.
                Some(_) = handshakes.join_next() => {}
                () = self.ready.closed() => return,
            }
        }
    }

    /// Makes the TLS handshake with one peer, and hands the connection on when it succeeds.
    async fn handshake(self, stream: UnixStream) {
        let io: Box<dyn Io> = match self.tls {
            None => Box::new(stream),
            Some(tls) => match tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
                Ok(Ok(stream)) => Box::new(stream),
                Ok(Err(error)) => return tracing::warn!(%error, "refused a connection"),
                Err(_) => {
                    return tracing::warn!("refused a connection: its handshake took too long");
                }
            },
        };
        self.peers.send_modify(|peers| {
            peers.open += 1;
            peers.ever += 1;
        });
        let connection = PeerConnection {
            io,
            peers: self.peers,
        };
        // This fails only when the server has ended. The connection is then dropped, and so closed.
        let _ = self.ready.send(Ok(connection)).await;
    }
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        self.peers.send_modify(|peers| peers.open -= 1);
    }
}

impl Connected for PeerConnection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for PeerConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for PeerConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
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
    use tokio_stream::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_connection_counts_while_it_lives() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let (mut incoming, mut peers) = accept(listener, None);

        let mut host = UnixStream::connect(&socket).await.unwrap();
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
