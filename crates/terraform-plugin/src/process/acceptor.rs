//! Turns a listening socket into a stream of connections whose other end is known to be Terraform.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::UnixListenerStream;
use tokio_util::either::Either;
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
pub(crate) struct Peers {
    /// The number of connections that are open now.
    pub(crate) open: usize,
    /// The number of connections opened since the start. Above zero, Terraform has connected.
    pub(crate) ever: usize,
}

/// Accepts connections until the returned stream is dropped, and counts them.
///
/// A peer that fails its TLS handshake is disconnected, and the others do not notice. Handshakes
/// run beside each other, so that a slow peer does not keep Terraform waiting.
pub(crate) fn accept(
    listener: UnixListener,
    tls: Option<TlsAcceptor>,
) -> (
    impl Stream<Item = Result<Pin<PeerConnection>, Infallible>>,
    watch::Receiver<Peers>,
) {
    let (peers, watched) = watch::channel(Peers::default());
    let permits = Arc::new(Semaphore::new(CONNECTION_LIMIT));
    let connections = UnixListenerStream::new(listener)
        .filter_map(accepted)
        .map(move |stream| connected(stream, tls.clone(), permits.clone(), peers.clone()))
        // One more than there are permits, so that a connection without one is refused at once.
        .buffer_unordered(CONNECTION_LIMIT + 1)
        .filter_map(|connection| ready(connection.map(Ok)));
    (connections, watched)
}

/// An authenticated byte stream, counted as open while it lives.
pub(crate) struct PeerConnection {
    io: Either<UnixStream, TlsStream<UnixStream>>,
    peers: watch::Sender<Peers>,
    _permit: OwnedSemaphorePermit,
}

/// The stream to a peer. If it could not be accepted, this waits a moment.
async fn accepted(stream: io::Result<UnixStream>) -> Option<UnixStream> {
    if let Err(error) = &stream {
        tracing::warn!(%error, "cannot accept a connection");
        sleep(ACCEPT_PAUSE).await;
    }
    stream.ok()
}

/// Makes the TLS handshake with one peer. `None` if the peer is refused.
async fn connected(
    stream: UnixStream,
    tls: Option<TlsAcceptor>,
    permits: Arc<Semaphore>,
    peers: watch::Sender<Peers>,
) -> Option<Pin<PeerConnection>> {
    let Ok(permit) = permits.try_acquire_owned() else {
        tracing::warn!("refused a connection: {CONNECTION_LIMIT} are open");
        return None;
    };
    let io = match tls {
        None => Either::Left(stream),
        Some(tls) => match timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
            Ok(Ok(stream)) => Either::Right(stream),
            Ok(Err(error)) => {
                tracing::warn!(%error, "refused a connection");
                return None;
            }
            Err(_) => {
                tracing::warn!("refused a connection: its handshake took too long");
                return None;
            }
        },
    };
    peers.send_modify(|peers| {
        peers.open += 1;
        peers.ever += 1;
    });
    Some(Pin::new(PeerConnection {
        io,
        peers,
        _permit: permit,
    }))
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        self.peers.send_modify(|peers| peers.open -= 1);
    }
}

/// A pinned pointer to a byte stream is one too.
impl Deref for PeerConnection {
    type Target = Either<UnixStream, TlsStream<UnixStream>>;

    fn deref(&self) -> &Self::Target {
        &self.io
    }
}

impl DerefMut for PeerConnection {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.io
    }
}

impl Connected for Pin<PeerConnection> {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_connection_counts_while_it_lives() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let (incoming, mut peers) = accept(listener, None);
        let mut incoming = pin!(incoming);

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

    #[tokio::test]
    async fn no_more_connections_than_the_limit_are_open() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let (incoming, peers) = accept(listener, None);
        let mut incoming = pin!(incoming);
        let mut hosts = Vec::new();
        let mut open = Vec::new();
        for _ in 0..CONNECTION_LIMIT {
            hosts.push(UnixStream::connect(&socket).await.unwrap());
            open.push(incoming.next().await.unwrap());
        }
        let mut refused = UnixStream::connect(&socket).await.unwrap();
        tokio::select! {
            _ = incoming.next() => panic!("one too many"),
            end = refused.read_u8() => assert!(end.is_err()),
        }
        assert_eq!(peers.borrow().open, CONNECTION_LIMIT);

        open.pop();
        hosts.push(UnixStream::connect(&socket).await.unwrap());
        assert!(incoming.next().await.is_some());
    }
}
