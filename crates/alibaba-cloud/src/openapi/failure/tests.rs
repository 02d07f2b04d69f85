//! The errors for certificates that are refused, by handshakes with a server on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::openapi::{
    AccessKey, Http, MAX_ANSWER, Network, Request, Settings, SignatureMethod, SigningKey,
};
use base::clock::Clock;
use base::random::Random;
use base::secret::Secret;

use super::*;

/// What becomes of a request to a server with a certificate that it signed itself.
async fn failure_with(parameters: CertificateParams) -> Failure {
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.self_signed(&key).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        // The client ends the handshake.
        let _ = acceptor.accept(stream).await;
    });
    let settings = Settings {
        endpoint: format!("https://localhost:{port}")
            .parse()
            .expect("an endpoint"),
        signature_method: SignatureMethod::default(),
        network: Network {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            user_agent: "test".into(),
            ..Network::default()
        },
    };
    let http = Http::new(settings, Clock::fixed(UNIX_EPOCH), Random::seeded(1));
    let key = SigningKey::new(AccessKey {
        id: "key-id-1234".into(),
        secret: Secret::new("s3cr3t"),
        security_token: None,
    });
    let request = Request {
        action: "Act",
        version: "2020-06-06",
        parameters: &BTreeMap::new(),
        secrets: &[],
        max_answer: MAX_ANSWER,
    };
    let answer = http.expect("a client").attempt(&key, request, || {}).await;
    answer.expect_err("a certificate that is not trusted")
}

#[tokio::test]
async fn an_authority_that_is_used_as_a_server_is_described() {
    let mut parameters = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let failure = failure_with(parameters).await;
    let Failure::Unsent { obstacle, text } = failure else {
        panic!("{failure}");
    };
    assert_eq!(obstacle, Obstacle::Certificate(Untrusted::Other));
    assert!(
        text.contains("is not trusted: it is an authority's own certificate (CA:TRUE)"),
        "{text}"
    );
    assert!(
        text.ends_with("with basicConstraints CA:FALSE, and name its issuer in SSL_CERT_FILE"),
        "{text}"
    );
}

#[tokio::test]
async fn the_issuer_of_a_self_signed_certificate_is_not_known() {
    let parameters = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
    let failure = failure_with(parameters).await;
    let obstacle = Obstacle::Certificate(Untrusted::Issuer);
    assert!(
        matches!(failure, Failure::Unsent { obstacle: found, .. } if found == obstacle),
        "{failure}"
    );
}

#[test]
fn no_certificate_is_described_by_its_debug_output() {
    for error in [
        CertificateError::BadSignature,
        CertificateError::InvalidPurpose,
        CertificateError::UnhandledCriticalExtension,
        CertificateError::ApplicationVerificationFailure,
        CertificateError::Other(rustls::OtherError(Arc::new(io::Error::other("MadeUp")))),
    ] {
        let (kind, text) = untrusted(&error);
        assert_eq!(kind, Untrusted::Other);
        assert!(text.starts_with("it"), "{text}");
        assert!(!text.contains(&format!("{error:?}")), "{text}");
    }
}
