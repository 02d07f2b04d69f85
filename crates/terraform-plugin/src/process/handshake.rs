//! The handshake before the first gRPC call: Terraform puts a cookie into the environment, and the
//! plugin answers with one line on stdout.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde_json::json;

use super::{Plugin, ServeError};
use base::environment::Environment;

/// The major version of the plugin protocol. Minor versions are not negotiated.
pub(crate) const PROTOCOL: u32 = 6;

/// The version of go-plugin's own protocol: the handshake, the controller and the transport around
/// the plugin protocol.
const CORE_PROTOCOL: u32 = 1;

const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Checks that Terraform has started the process.
///
/// This is a courtesy to people who start the binary by hand. It protects nothing, since the cookie
/// is the same for every plugin and public.
pub(crate) fn check_cookie(environment: &Environment) -> Result<(), ServeError> {
    match environment.get(COOKIE_NAME) {
        Some(COOKIE) => Ok(()),
        _ => Err(ServeError::Cookie),
    }
}

/// Whether the host offers the version of the protocol that this plugin speaks, or offers none.
///
/// When it offers only others, the handshake still has this plugin's version. The
/// host then explains the mismatch to its user, and knows better than the plugin what to do about
/// it.
pub(crate) fn is_offered(environment: &Environment) -> bool {
    environment
        .get("PLUGIN_PROTOCOL_VERSIONS")
        .is_none_or(|offered| {
            offered
                .split(',')
                .any(|version| version.trim().parse() == Ok(PROTOCOL))
        })
}

/// The handshake line, without its newline.
pub(crate) fn line(
    environment: &Environment,
    socket: &str,
    certificate: Option<&CertificateDer<'_>>,
) -> String {
    let certificate = certificate.map_or_else(String::new, |der| STANDARD_NO_PAD.encode(der));
    // The seventh field tells a host that asks for multiplexed broker connections that there are
    // none. A host that does not ask expects six fields.
    let multiplex = match environment.get("PLUGIN_MULTIPLEX_GRPC") {
        Some(_) => "|false",
        None => "",
    };
    format!("{CORE_PROTOCOL}|{PROTOCOL}|unix|{socket}|grpc|{certificate}{multiplex}")
}

/// The command that a person pastes into a shell, so that Terraform or OpenTofu attaches to this
/// process instead of starting one of its own.
///
/// The key is the address without its host: each of the two then puts its own registry there, as it
/// does for the `source` in a configuration. With a host in it, only the one whose registry that is
/// would attach.
pub(crate) fn reattach(plugin: &Plugin, socket: &str, process: u32) -> String {
    let source = match plugin.address.splitn(3, '/').collect::<Vec<_>>()[..] {
        [_host, namespace, name] => format!("{namespace}/{name}"),
        _ => plugin.address.to_owned(),
    };
    let settings = json!({
        source: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": process,
            // Makes Terraform leave the process alone when it is done.
            "Test": true,
            "Addr": { "Network": "unix", "String": socket },
        }
    });
    let quoted = settings.to_string().replace('\'', "\\u0027");
    format!("export TF_REATTACH_PROVIDERS='{quoted}'")
}

#[cfg(test)]
mod tests {
    use super::super::plugin::testing::TOY;
    use super::*;

    fn environment<const N: usize>(variables: [(&str, &str); N]) -> Environment {
        variables.into_iter().collect()
    }

    #[test]
    fn only_the_right_cookie_passes() {
        assert!(check_cookie(&environment([(COOKIE_NAME, COOKIE)])).is_ok());
        assert!(check_cookie(&environment([(COOKIE_NAME, "d602")])).is_err());
        assert!(check_cookie(&environment([])).is_err());
    }

    #[test]
    fn our_version_is_found_anywhere_in_the_offer() {
        let offered = |versions| is_offered(&environment([("PLUGIN_PROTOCOL_VERSIONS", versions)]));
        assert!(offered("5,6"));
        assert!(offered("6, 5"));
        assert!(!offered("5"));
        assert!(!offered("66,x"));
        assert!(is_offered(&environment([])));
    }

    #[test]
    fn the_line_has_six_fields_and_a_seventh_when_asked() {
        let der = CertificateDer::from(vec![0xfb, 0xff, 0x01, 0x02]);
        assert_eq!(
            line(&environment([]), "/tmp/p/plugin", Some(&der)),
            "1|6|unix|/tmp/p/plugin|grpc|+/8BAg"
        );
        assert_eq!(
            line(
                &environment([("PLUGIN_MULTIPLEX_GRPC", "true")]),
                "/s",
                None
            ),
            "1|6|unix|/s|grpc||false"
        );
    }

    #[test]
    fn the_reattach_line_survives_a_shell() {
        assert_eq!(
            reattach(&TOY, "/tmp/it's/plugin", 42),
            concat!(
                r#"export TF_REATTACH_PROVIDERS='{"test/toy":"#,
                r#"{"Addr":{"Network":"unix","String":"/tmp/it\u0027s/plugin"},"#,
                r#""Pid":42,"Protocol":"grpc","ProtocolVersion":6,"Test":true}}'"#
            )
        );
    }
}
