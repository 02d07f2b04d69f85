//! One connection to a server, with a bound for its memory.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, RedisError};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use base::dns;

use super::timeouts::RedisTimeouts;

/// The most bytes that a server may send after a command: 64 KiB. The script's replies have less
/// than a hundred bytes, and the reply to `INFO` about two thousand.
const MAX_BYTES: usize = 64 << 10;

/// A connection that its clones share. It ends with the last clone, or when the server sends too
/// much.
#[derive(Clone)]
pub(crate) struct Connection {
    /// For commands to the server, each with a time limit.
    pub(crate) commands: MultiplexedConnection,
    _driver: Arc<AbortOnDropHandle<()>>,
}

impl Connection {
    /// Connects to a server and authenticates.
    ///
    /// # Errors
    ///
    /// If that does not succeed within the time limit.
    pub(crate) async fn open(
        info: &ConnectionInfo,
        timeouts: RedisTimeouts,
    ) -> Result<Self, RedisError> {
        let opened = timeout(timeouts.connect, Self::connect(info, timeouts));
        let timed_out = |_| io::Error::from(io::ErrorKind::TimedOut);
        opened.await.map_err(timed_out)?
    }

    async fn connect(info: &ConnectionInfo, timeouts: RedisTimeouts) -> Result<Self, RedisError> {
        let stream: Box<dyn Stream> = match info.addr() {
            ConnectionAddr::Tcp(host, port) => Box::new(connect_tcp(host, *port).await?),
            ConnectionAddr::TcpTls { host, port, .. } => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = connect_tcp(host, *port).await?;
                let connector = TlsConnector::from(Arc::new(tls()?));
                Box::new(connector.connect(name, stream).await?)
            }
            ConnectionAddr::Unix(path) => Box::new(UnixStream::connect(path).await?),
            _ => return Err(io::Error::from(io::ErrorKind::Unsupported).into()),
        };
        let stream = Bounded {
            stream,
            left: MAX_BYTES,
        };
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(timeouts.command));
        let settings = info.redis_settings();
        let made = MultiplexedConnection::new_with_config(settings, stream, config).await;
        let (commands, driver) = made?;
        Ok(Self {
            commands,
            _driver: Arc::new(AbortOnDropHandle::new(tokio::spawn(driver))),
        })
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = dns::addresses(host).await?;
    let addresses: Vec<_> = addresses.iter().map(|it| (*it, port).into()).collect();
    let stream = TcpStream::connect::<&[SocketAddr]>(&addresses).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The configuration of TLS. The trusted certificates are those of the system, or of `SSL_CERT_FILE`
/// and `SSL_CERT_DIR`.
fn tls() -> io::Result<ClientConfig> {
    let mut found = rustls_native_certs::load_native_certs();
    if let Some(error) = found.errors.pop() {
        return Err(io::Error::other(error));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A stream to a server.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream from which at most [`MAX_BYTES`] bytes can be read between two writes. This bounds the
/// memory of the reply parser.
struct Bounded {
    stream: Box<dyn Stream>,
    left: usize,
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        let left = self.left.checked_sub(read);
        let too_much = || {
            let text = format!(
                "the server sent more than {} KiB in a reply",
                MAX_BYTES >> 10
            );
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        self.left = left.ok_or_else(too_much)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.left = MAX_BYTES;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
