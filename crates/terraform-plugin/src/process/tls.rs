//! Mutual TLS with certificates that live as long as the process.
//!
//! Terraform makes a certificate for each plugin that it starts, and passes it in the environment.
//! The plugin makes one too, and passes it in the handshake line. Each side then accepts only that
//! certificate of the other. No certificate authority is involved,
//! which is why the usual verifiers do not fit: Terraform's certificate is marked as an authority,
//! and rustls refuses such a certificate as a client's own.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ParsedCertificate};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use tokio_rustls::TlsAcceptor;

use super::ServeError;
use base::clock::Clock;
use base::foreign_text;

/// What fails if the certificate or the TLS settings cannot be made.
const CERTIFICATE: &str = "make the server certificate";

/// The host name that Terraform expects in the server's certificate.
const SERVER_NAME: &str = "localhost";

/// How long before now the certificate becomes valid. It allows for a host whose clock is set back
/// between the making of the certificate and Terraform's check.
const VALID_BEFORE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long from now the certificate is valid: as long as go-plugin's own, and far longer than the
/// process lives.
const VALID_AFTER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Reads the certificate that Terraform passes in `PLUGIN_CLIENT_CERT`.
pub(crate) fn client_certificate(pem: &str) -> Result<CertificateDer<'static>, ServeError> {
    let refused = |error: &dyn Display| {
        let error = foreign_text::line(&error.to_string());
        ServeError::Start(format!(
            "PLUGIN_CLIENT_CERT is not a certificate in PEM form: {error}"
        ))
    };
    let certificate =
        CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| refused(&error))?;
    ParsedCertificate::try_from(&certificate).map_err(|error| refused(&error))?;
    Ok(certificate)
}

/// Makes a server certificate, and an acceptor that presents it and accepts only a client that
/// holds the key of the certificate `client`.
///
/// Fails if the certificate or the TLS settings cannot be made, for lack of random bytes for
/// example.
pub(crate) fn acceptor(
    client: CertificateDer<'static>,
    clock: &Clock,
) -> Result<(TlsAcceptor, CertificateDer<'static>), ServeError> {
    let (certificate, key) = server_certificate(clock).map_err(ServeError::cannot(CERTIFICATE))?;
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(PinnedClient {
        certificate: client,
        algorithms: crypto.signature_verification_algorithms,
    });
    let mut config = ServerConfig::builder_with_provider(crypto)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .and_then(|builder| {
            builder
                .with_client_cert_verifier(verifier)
                .with_single_cert(vec![certificate.clone()], key.into())
        })
        .map_err(ServeError::cannot(CERTIFICATE))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // Terraform connects once. Without resumption every connection shows its certificate.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}

fn server_certificate(
    clock: &Clock,
) -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut parameters = CertificateParams::new([SERVER_NAME.to_owned()])?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, SERVER_NAME);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let now = clock.now();
    parameters.not_before = now.checked_sub(VALID_BEFORE).unwrap_or(now).into();
    parameters.not_after = now.checked_add(VALID_AFTER).unwrap_or(now).into();
    let certificate = parameters.self_signed(&key)?.der().clone();
    Ok((certificate, PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// A verifier that accepts one certificate, which must be the same in every byte, from a client
/// that proves by the handshake's signature that it holds the key.
#[derive(Debug)]
struct PinnedClient {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity != self.certificate {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only TLS 1.3 is served".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_certificate_is_refused() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in ["", "nonsense", broken] {
            let error = client_certificate(pem).unwrap_err();
            let text = error.in_place_of_handshake().expect("Terraform shows it");
            assert!(text.starts_with("PLUGIN_CLIENT_CERT is not"), "{text}");
        }
    }

    #[test]
    fn each_process_has_a_certificate_of_its_own() {
        let clock = Clock::system();
        let (one, _) = server_certificate(&clock).unwrap();
        let (two, _) = server_certificate(&clock).unwrap();
        assert_ne!(one, two);
        ParsedCertificate::try_from(&one).unwrap();
    }
}
