//! Starts a provider as Terraform does, and connects to it.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use crate::{Result, raw};

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The certificate of this Terraform, on P-521 as Terraform's own, and its key.
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// A provider that runs, with a connection.
pub(crate) struct Provider {
    process: Process,
    pub(crate) channel: Channel,
    /// When the process was started.
    started: Instant,
    /// The time from then to the handshake line.
    pub(crate) handshake: Duration,
}

impl Identity {
    pub(crate) fn generate() -> Result<Self> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
        Ok(Self { certificate, key })
    }
}

impl Provider {
    /// Starts `program`, with its socket in the directory `sockets`.
    pub(crate) async fn start(
        mut program: Command,
        sockets: &Path,
        identity: &Identity,
    ) -> Result<Self> {
        program
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env("PLUGIN_CLIENT_CERT", identity.certificate.pem())
            .env("PLUGIN_UNIX_SOCKET_DIR", sockets)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let started = Instant::now();
        let mut process = Process(program.spawn()?);
        let mut line = String::new();
        let stdout = process.0.stdout.take().ok_or("no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let handshake = started.elapsed();
        let channel = connect(line.trim(), identity).await;
        let channel = channel.map_err(|error| format!("no connection after {line:?}: {error:?}"));
        Ok(Self {
            process,
            channel: channel?,
            started,
            handshake,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// The time since the process was started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends the process as Terraform does, and returns the time from its start to its end.
    pub(crate) async fn shut_down(self) -> Result<Duration> {
        let Self {
            mut process,
            channel,
            started,
            ..
        } = self;
        // The process may end before it answers.
        let _ = raw::call(&channel, "/plugin.GRPCController/Shutdown", Vec::new()).await;
        drop(channel);
        // The connection is closed meanwhile.
        let ended =
            tokio::task::spawn_blocking(move || process.0.wait().map(|_| started.elapsed()));
        Ok(ended.await??)
    }
}

/// A process that is killed when this value is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Connects to the address of a handshake line.
async fn connect(line: &str, identity: &Identity) -> Result<Channel> {
    let fields: Vec<&str> = line.split('|').collect();
    let [_, _, network, address, _, _, ..] = fields.as_slice() else {
        return Err("not a handshake".into());
    };
    let key = PrivatePkcs8KeyDer::from(identity.key.serialize_der());
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Announced(STANDARD_NO_PAD.decode(fields[5])?)))
        .with_client_auth_cert(vec![identity.certificate.der().clone()], key.into())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tls = TlsConnector::from(Arc::new(config));
    let (unix, address) = (*network == "unix", (*address).to_owned());
    let connector = tower::service_fn(move |_| {
        let (tls, address) = (tls.clone(), address.clone());
        async move {
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let stream: Box<dyn Stream> = match unix {
                true => Box::new(
                    tls.connect(name, UnixStream::connect(address).await?)
                        .await?,
                ),
                false => {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    Box::new(tls.connect(name, stream).await?)
                }
            };
            Ok::<_, io::Error>(TokioIo::new(stream))
        }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    Ok(endpoint.connect_with_connector(connector).await?)
}

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

/// Accepts the certificate of the handshake line. The signatures are not checked, because nothing
/// here is secret.
#[derive(Debug)]
struct Announced(Vec<u8>);

impl ServerCertVerifier for Announced {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        match end_entity.as_ref() == self.0 {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(rustls::Error::General("another certificate".to_owned())),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
