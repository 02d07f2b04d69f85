//! How requests leave this machine: proxies, trusted certificates, and the name that they carry.

use base::VERSION;
use base::environment::Environment;
use cams::{Endpoint, Network};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};

/// The variable whose text is appended to the user agent, as in HashiCorp's providers.
const APPENDED: &str = "TF_APPEND_USER_AGENT";

/// The most characters of a part of the user agent that comes from outside. Servers refuse headers
/// of some KiB.
const LONGEST: usize = 256;

/// Reads the variables for proxies and certificates, and the warnings about them.
pub(crate) fn configure(environment: &Environment) -> (Network, Diagnostics) {
    let (network, unusable) = Network::from_environment(environment);
    let warnings = unusable.into_iter().map(|place| {
        let text = format!(
            "{place}. Its certificates are not trusted, only those of the system. Correct the \
             variable or remove it."
        );
        Diagnostic::warning("Certificates Not Usable", text)
    });
    (network, warnings.collect())
}

/// Whether requests to the API can leave.
///
/// # Errors
///
/// If they would go by a proxy, and the variable for it names none.
pub(crate) fn check(network: &Network, api: &Endpoint) -> Result<(), Diagnostic> {
    let checked = network.proxies.check(api);
    checked.map_err(|error| Diagnostic::error("Proxy Not Usable", format!("The {error}.")))
}

/// The text of the header `User-Agent`: this provider, Terraform, and what the environment appends.
pub(crate) fn user_agent(terraform_version: &str, environment: &Environment) -> String {
    let terraform = plain(terraform_version);
    let agent = format!("terraform-provider-cams/{VERSION} Terraform/{terraform}");
    match plain(environment.get(APPENDED).unwrap_or_default()).as_str() {
        "" => agent,
        appended => format!("{agent} {appended}"),
    }
}

/// What of a text may be in a header: printable ASCII and single spaces. A line break would begin a
/// header of its own, and a client cannot be made with one.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_graphic());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut plain = words.join(" ");
    plain.truncate(LONGEST);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_stays_within_the_header() {
        let agent = |appended: &str| {
            let environment = [(APPENDED, appended)].into_iter().collect();
            let agent = user_agent("1.11.4", &environment);
            let rest = agent.strip_prefix("terraform-provider-cams/");
            let rest = rest.and_then(|it| it.strip_prefix(VERSION));
            let rest = rest.expect("this provider first");
            rest.to_owned()
        };
        assert_eq!(agent(""), " Terraform/1.11.4");
        assert_eq!(agent("ci/7 (x)"), " Terraform/1.11.4 ci/7 (x)");
        assert_eq!(agent(" \r\n "), " Terraform/1.11.4");
        assert_eq!(
            agent("a\r\nx-evil: 1\0é b"),
            " Terraform/1.11.4 a x-evil: 1 b"
        );
        assert_eq!(
            agent(&"x".repeat(9999)).len(),
            " Terraform/1.11.4 ".len() + 256
        );
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_an_error_where_it_would_be_used() {
        let environment = [
            ("HTTPS_PROXY", "http://u:s3cr3t@p:port"),
            ("all_proxy", "ftp://s3cr3t"),
        ];
        let (network, _) = configure(&environment.into_iter().collect());
        let check = |api: &str| check(&network, &api.parse().expect("an endpoint"));
        let error = check("https://cams.example.com").expect_err("an error");
        let detail = error.detail;
        assert!(
            detail.contains("HTTPS_PROXY") && !detail.contains("s3cr3t"),
            "{detail}"
        );
        assert!(check("http://127.0.0.1:1").is_ok());
    }

    #[test]
    fn a_place_for_certificates_that_cannot_be_used_is_a_warning() {
        let environment = [("SSL_CERT_FILE", "/nowhere/ca.pem")].into_iter().collect();
        let (_, warnings) = configure(&environment);
        let warning = warnings.first().expect("a warning");
        assert!(
            warning
                .detail
                .starts_with("SSL_CERT_FILE names /nowhere/ca.pem, which cannot")
        );
    }
}
