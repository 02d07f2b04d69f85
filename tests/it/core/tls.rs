//! The client side of go-plugin's mutual TLS, and clients that get it wrong.

use std::fmt;
use std::io;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use super::Handshake;

/// A certificate like the one Terraform makes for each plugin it starts, and its key.
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    /// Makes a self-signed certificate on P-521 that is marked as an authority.
    pub(crate) fn generate() -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters
            .distinguished_name
            .push(DnType::CommonName, "localhost");
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, "HashiCorp");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        parameters.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        let certificate = parameters.self_signed(&key).unwrap();
        Self { certificate, key }
    }

    /// The value of `PLUGIN_CLIENT_CERT`.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }
}

/// Writes only the name of the type, which is enough for the message of a failed test.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// Who connects, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client<'a> {
    /// TLS 1.3 without a certificate of its own.
    Anonymous,
    /// TLS 1.3 with the first one's certificate, which is public, but the second one's key.
    Impostor(&'a Identity, &'a Identity),
    /// TLS 1.2 at most.
    Outdated(&'a Identity),
    /// A client that does not use TLS.
    Plaintext,
    /// TLS 1.3 with this certificate, as Terraform does.
    Tls(&'a Identity),
}

/// Connects to the socket of the handshake, trusting the certificate of the handshake only.
pub(crate) async fn connect(
    handshake: &Handshake,
    client: Client<'_>,
) -> Result<Channel, tonic::transport::Error> {
    let tls = client
        .config(handshake)
        .map(Arc::new)
        .map(TlsConnector::from);
    let path = handshake.address.clone();
    let connector = tower::service_fn(move |_| {
        let (tls, path) = (tls.clone(), path.clone());
        async move {
            let socket = UnixStream::connect(path).await?;
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(socket),
                Some(tls) => {
                    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
                    Box::new(tls.connect(name, socket).await?)
                }
            };
            Ok::<_, io::Error>(TokioIo::new(stream))
        }
    });
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
}

/// A byte stream to the plugin, with or without TLS.
trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

impl Client<'_> {
    fn config(self, handshake: &Handshake) -> Option<ClientConfig> {
        let latest = &rustls::version::TLS13;
        match self {
            Self::Anonymous => Some(config(handshake, latest, None)),
            Self::Impostor(certificate, key) => {
                Some(config(handshake, latest, Some((certificate, key))))
            }
            Self::Outdated(own) => {
                let outdated = &rustls::version::TLS12;
                Some(config(handshake, outdated, Some((own, own))))
            }
            Self::Plaintext => None,
            Self::Tls(own) => Some(config(handshake, latest, Some((own, own)))),
        }
    }
}

fn config(
    handshake: &Handshake,
    version: &'static SupportedProtocolVersion,
    own: Option<(&Identity, &Identity)>,
) -> ClientConfig {
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(
            handshake
                .certificate
                .clone()
                .expect("the plugin serves TLS"),
        )
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&crypto))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            builder.with_client_cert_resolver(Arc::new(Presented::new(&crypto, certificate, key)))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Presents a certificate, whatever the server asks for, with a key that may be that of another.
#[derive(Debug)]
struct Presented(Arc<CertifiedKey>);

impl Presented {
    fn new(crypto: &CryptoProvider, certificate: &Identity, key: &Identity) -> Self {
        let chain: Vec<CertificateDer<'static>> = vec![certificate.certificate.der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.key.serialize_der());
        let key = crypto.key_provider.load_private_key(key.into()).unwrap();
        Self(Arc::new(CertifiedKey::new(chain, key)))
    }
}

impl ResolvesClientCert for Presented {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
