//! What stands between a provider and the API in a company: an authority of its own, a server that
//! speaks TLS, and a proxy. All of them are on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// An authority that nobody knows unless they are told.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let issuer = Issuer::new(parameters, key);
        Self {
            certificate,
            issuer,
        }
    }

    /// The certificate of the authority, as `SSL_CERT_FILE` wants it.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// The setting of a server with a certificate for `name`, which is valid until `last_year`.
    fn server(&self, name: &str, last_year: i32) -> ServerConfig {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(2001, 1, 1);
        parameters.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }
}

/// A server that speaks TLS and passes on what it is sent, as a load balancer does.
pub(crate) struct TlsServer {
    address: SocketAddr,
    /// Everything that clients have sent.
    heard: Arc<Mutex<Vec<u8>>>,
    _runtime: Runtime,
}

impl TlsServer {
    /// A server with a certificate for `name` by `authority`, in front of the one at the URL
    /// `behind`.
    pub(crate) fn start(authority: &Authority, name: &str, behind: &str) -> Self {
        Self::valid_until(9999, authority, name, behind)
    }

    /// The same, with a certificate that is valid until the beginning of a year.
    pub(crate) fn valid_until(
        last_year: i32,
        authority: &Authority,
        name: &str,
        behind: &str,
    ) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(authority.server(name, last_year)));
        let behind = behind.trim_start_matches("http://").to_owned();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let (address, runtime) = listen(move |stream| {
            let (acceptor, behind, heard) = (acceptor.clone(), behind.clone(), hears.clone());
            async move {
                // A client that does not trust the certificate ends the handshake.
                if let Ok(stream) = acceptor.accept(stream).await {
                    let (from, to) = split(stream);
                    let behind = TcpStream::connect(behind).await.unwrap();
                    let (answers, requests) = behind.into_split();
                    tokio::spawn(pass(answers, to, None));
                    pass(from, requests, Some(&heard)).await;
                }
            }
        });
        Self {
            address,
            heard,
            _runtime: runtime,
        }
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that clients have sent to it.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

/// A proxy that passes every connection to one address, whatever it is asked for.
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Proxy {
    /// A proxy that lets all connections pass.
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self::answering("200 Connection established", address)
    }

    /// A proxy that lets none pass, for the reason in the status.
    pub(crate) fn refusing(status: &'static str) -> Self {
        Self::answering(status, SocketAddr::from(([127, 0, 0, 1], 9)))
    }

    fn answering(status: &'static str, to: SocketAddr) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&asked);
        let (address, runtime) = listen(move |mut stream| {
            let asked = Arc::clone(&hears);
            async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else {
                        return;
                    };
                    head.push(byte);
                }
                asked.lock().unwrap().push(String::from_utf8(head).unwrap());
                let answer = format!("HTTP/1.1 {status}\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                if status.starts_with("200")
                    && let Ok(mut behind) = TcpStream::connect(to).await
                {
                    // Either side may end the connection as it likes.
                    let _ = copy_bidirectional(&mut stream, &mut behind).await;
                }
            }
        });
        Self {
            address,
            asked,
            _runtime: runtime,
        }
    }

    /// A proxy that speaks SOCKS 5 and lets all connections pass. It notes the hosts.
    pub(crate) fn socks(to: SocketAddr) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&asked);
        let (address, runtime) = listen(move |mut stream| {
            let asked = Arc::clone(&hears);
            async move {
                let [_version, methods] = read(&mut stream).await;
                stream
                    .read_exact(&mut vec![0; methods.into()])
                    .await
                    .unwrap();
                // No user name is wanted.
                stream.write_all(&[5, 0]).await.unwrap();
                let [_version, _connect, _reserved, 3, length] = read(&mut stream).await else {
                    panic!("not the name of a host");
                };
                let mut host = vec![0; length.into()];
                stream.read_exact(&mut host).await.unwrap();
                let _port: [u8; 2] = read(&mut stream).await;
                asked.lock().unwrap().push(String::from_utf8(host).unwrap());
                stream
                    .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
                    .await
                    .unwrap();
                let mut behind = TcpStream::connect(to).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut behind).await;
            }
        });
        Self {
            address,
            asked,
            _runtime: runtime,
        }
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests for a connection that it has read.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// Passes on what is read until there is no more, and notes it.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    noted: Option<&Mutex<Vec<u8>>>,
) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if let Some(noted) = noted {
            noted.lock().unwrap().extend_from_slice(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Serves every connection to a port of its own, on a thread of its own, until the runtime is
/// dropped.
fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    (address, runtime)
}
