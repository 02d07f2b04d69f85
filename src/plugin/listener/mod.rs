//! The socket: a unix socket in a directory of its own, or TCP on loopback where that is the custom.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use super::Error;
use super::handshake::Endpoint;
use crate::environment::Environment;

#[cfg(unix)]
mod unix;

/// A byte stream of either kind.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A socket that accepts connections already.
#[derive(Debug)]
pub(super) enum Listener {
    /// Loopback.
    Tcp(TcpListener),
    /// A file that only this user, or one group, may open.
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

/// What to remove when the plugin ends. Dropping it does.
#[derive(Debug)]
pub(super) struct Cleanup {
    #[cfg(unix)]
    _directory: Option<tempfile::TempDir>,
    /// Locked while the process lives, by which others see that the directory is in use.
    #[cfg(unix)]
    _lock: Option<std::fs::File>,
}

impl Listener {
    /// Opens the socket that go-plugin expects on this system.
    pub(super) fn open(environment: &Environment) -> Result<(Self, Endpoint, Cleanup), Error> {
        #[cfg(unix)]
        return unix::open(environment);
        #[cfg(not(unix))]
        return Self::open_tcp(environment);
    }

    /// Removes what dead plugins of this user left behind.
    pub(super) fn clear_dead(environment: &Environment) {
        #[cfg(unix)]
        unix::clear_dead(environment);
        #[cfg(not(unix))]
        let _ = environment;
    }

    /// Opens the first free port of `PLUGIN_MIN_PORT` to `PLUGIN_MAX_PORT` on loopback.
    #[cfg_attr(unix, allow(dead_code, reason = "for systems without unix sockets"))]
    pub(super) fn open_tcp(environment: &Environment) -> Result<(Self, Endpoint, Cleanup), Error> {
        let range = ports(environment)?;
        let place = format!("127.0.0.1:{} to {}", range.start(), range.end());
        let mut failure = io::Error::from(io::ErrorKind::AddrInUse);
        for port in range {
            match listen_tcp(port) {
                Ok((listener, port)) => {
                    let endpoint = Endpoint {
                        network: "tcp",
                        address: format!("127.0.0.1:{port}"),
                    };
                    let cleanup = Cleanup {
                        #[cfg(unix)]
                        _directory: None,
                        #[cfg(unix)]
                        _lock: None,
                    };
                    return Ok((Self::Tcp(listener), endpoint, cleanup));
                }
                Err(error) => failure = error,
            }
        }
        Err(Error::Listen {
            place,
            source: failure,
        })
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Io>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// The ports to try; go-plugin's own range when the host sets none.
fn ports(environment: &Environment) -> Result<std::ops::RangeInclusive<u16>, Error> {
    let min = environment.get("PLUGIN_MIN_PORT").unwrap_or("10000");
    let max = environment.get("PLUGIN_MAX_PORT").unwrap_or("25000");
    match (min.parse(), max.parse()) {
        (Ok(from), Ok(to)) if from <= to => Ok(from..=to),
        _ => Err(Error::Ports {
            min: min.to_owned(),
            max: max.to_owned(),
        }),
    }
}

fn listen_tcp(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((TcpListener::from_std(listener)?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: &str, max: &str) -> Environment {
        [("PLUGIN_MIN_PORT", min), ("PLUGIN_MAX_PORT", max)]
            .into_iter()
            .collect()
    }

    #[tokio::test]
    async fn the_next_port_is_taken_when_one_is_busy() {
        // A port with a free neighbour is found by asking the system for one until the next is free too.
        let (busy, first) = loop {
            let busy = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let first = busy.local_addr().unwrap().port();
            if first < u16::MAX
                && std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, first + 1)).is_ok()
            {
                break (busy, first);
            }
        };
        let environment = range(&first.to_string(), &(first + 1).to_string());
        let (_listener, endpoint, _cleanup) = Listener::open_tcp(&environment).unwrap();
        assert_eq!(endpoint.network, "tcp");
        assert_eq!(endpoint.address, format!("127.0.0.1:{}", first + 1));

        let only_busy = range(&first.to_string(), &first.to_string());
        let error = Listener::open_tcp(&only_busy).unwrap_err();
        assert!(error.to_string().contains(&first.to_string()), "{error}");
        drop(busy);
    }

    #[test]
    fn a_range_of_ports_is_parsed_or_refused() {
        assert_eq!(ports(&Environment::default()).unwrap(), 10_000..=25_000);
        assert_eq!(ports(&range("7", "7")).unwrap(), 7..=7);
        for (min, max) in [("8", "7"), ("x", "7"), ("1", "65536"), ("-1", "7")] {
            assert!(matches!(ports(&range(min, max)), Err(Error::Ports { .. })));
        }
    }
}
