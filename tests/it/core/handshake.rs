//! The handshake line that a plugin prints on stdout.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;

/// The parts of the handshake line.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    pub(crate) core_protocol: String,
    pub(crate) protocol: String,
    pub(crate) network: String,
    pub(crate) address: String,
    pub(crate) kind: String,
    /// The certificate of the server; `None` when the plugin serves without TLS.
    pub(crate) certificate: Option<CertificateDer<'static>>,
    /// Whether the plugin multiplexes, when it was asked.
    pub(crate) multiplex: Option<String>,
}

impl Handshake {
    pub(crate) fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.split('|').map(str::to_owned).collect();
        let [
            core_protocol,
            protocol,
            network,
            address,
            kind,
            certificate,
            rest @ ..,
        ] = fields.as_slice()
        else {
            panic!("not a handshake: `{line}`");
        };
        assert!(rest.len() <= 1, "not a handshake: `{line}`");
        let certificate = (!certificate.is_empty())
            .then(|| CertificateDer::from(STANDARD_NO_PAD.decode(certificate).unwrap()));
        Self {
            core_protocol: core_protocol.clone(),
            protocol: protocol.clone(),
            network: network.clone(),
            address: address.clone(),
            kind: kind.clone(),
            certificate,
            multiplex: rest.first().cloned(),
        }
    }
}
