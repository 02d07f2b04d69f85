//! One connection to a server, which cannot make this process grow.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
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

use super::RedisTimeouts;

/// How much a server may send until the next command is sent to it: 64 KiB. The script's replies
/// have less than a hundred bytes, and what a server says of itself some two thousand.
const MOST: usize = 64 << 10;

/// A connection that its clones share. It ends with the last of them, or when the server sends too
/// much.
#[derive(Clone)]
pub(crate) struct Connection {
    commands: MultiplexedConnection,
    _driver: Arc<AbortOnDropHandle<()>>,
}

impl Connection {
    /// Connects to a server, and logs in there.
    ///
    /// # Errors
    ///
    /// If that does not succeed within its time.
    pub(crate) async fn open(
        info: &ConnectionInfo,
        timeouts: RedisTimeouts,
    ) -> Result<Self, RedisError> {
        let opened = timeout(timeouts.connect, Self::connect(info, timeouts));
        let timed_out = |_| io::Error::from(io::ErrorKind::TimedOut);
        opened.await.map_err(timed_out)?
    }

    async fn connect(info: &ConnectionInfo, timeouts: RedisTimeouts) -> Result<Self, RedisError> {
        match info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let stream = connect_tcp(host, *port).await?;
                Self::log_in(info, timeouts, stream).await
            }
            ConnectionAddr::TcpTls { host, port, .. } => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(tls()?);
                let stream = connect_tcp(host, *port).await?;
                let stream = connector.connect(name, stream).await?;
                Self::log_in(info, timeouts, stream).await
            }
            ConnectionAddr::Unix(path) => {
                let stream = UnixStream::connect(path).await?;
                Self::log_in(info, timeouts, stream).await
            }
            _ => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
        }
    }

    async fn log_in<S>(
        info: &ConnectionInfo,
        timeouts: RedisTimeouts,
        stream: S,
    ) -> Result<Self, RedisError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(timeouts.command));
        let stream = Bounded { stream, left: MOST };
        let settings = info.redis_settings();
        let made = MultiplexedConnection::new_with_config(settings, stream, config).await;
        let (commands, driver) = made?;
        Ok(Self {
            commands,
            _driver: Arc::new(AbortOnDropHandle::new(tokio::spawn(driver))),
        })
    }

    /// For commands to the server, each of which has its time.
    pub(crate) fn commands(&mut self) -> &mut MultiplexedConnection {
        &mut self.commands
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// How servers prove who they are: by the certificates of the system, or of `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` in their place.
fn tls() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut found = rustls_native_certs::load_native_certs();
    if let Some(error) = found.errors.pop() {
        return Err(io::Error::other(error));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// A stream of which only so much can be read until the next time that something is written. What
/// the parser of replies keeps is bounded by that.
struct Bounded<S> {
    stream: S,
    left: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
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
            let text = format!("the server sent more than {} KiB in a reply", MOST >> 10);
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        self.left = left.ok_or_else(too_much)?;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.left = MOST;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
