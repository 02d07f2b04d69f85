//! How requests leave this machine: proxies, trusted certificates, and the name that they carry.

use crate::cams::Network;
use crate::environment::Environment;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};

/// The variable whose text is appended to the user agent, as in HashiCorp's providers.
const APPENDED: &str = "TF_APPEND_USER_AGENT";

/// The most characters of a part of the user agent that comes from outside. Servers refuse headers
/// of some KiB.
const LONGEST: usize = 256;

/// Reads the variables for proxies and certificates, and the warnings about them.
///
/// # Errors
///
/// One for each variable that names no proxy.
pub(super) fn configure(environment: &Environment) -> Result<(Network, Diagnostics), Diagnostics> {
    let (network, unusable) = Network::from_environment(environment).map_err(|wrong| {
        let wrong = wrong.into_iter();
        wrong
            .map(|error| Diagnostic::error("Proxy Not Usable", format!("The {error}.")))
            .collect::<Diagnostics>()
    })?;
    let warnings = unusable.into_iter().map(|place| {
        let text = format!(
            "{place}. Its certificates are not trusted, only those of the system. Correct the \
             variable or remove it."
        );
        Diagnostic::warning("Certificates Not Usable", text)
    });
    Ok((network, warnings.collect()))
}

/// The text of the header `User-Agent`: this provider, Terraform, and what the environment appends.
pub(super) fn user_agent(terraform_version: &str, environment: &Environment) -> String {
    let mut agent = format!(
        "terraform-provider-cams/{} Terraform/{}",
        env!("CARGO_PKG_VERSION"),
        plain(terraform_version)
    );
    let appended = plain(environment.get(APPENDED).unwrap_or_default());
    if !appended.is_empty() {
        agent.push(' ');
        agent.push_str(&appended);
    }
    agent
}

/// What of a text may be in a header: printable ASCII and single spaces. A line break would begin a
/// header of its own, and a client cannot be made with one.
fn plain(text: &str) -> String {
    let separated: String = text
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { ' ' })
        .collect();
    let words: Vec<&str> = separated.split_whitespace().collect();
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
            let own = concat!("terraform-provider-cams/", env!("CARGO_PKG_VERSION"));
            let rest = agent.strip_prefix(own).expect("this provider first");
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
    fn a_variable_that_names_no_proxy_is_an_error_for_each() {
        let environment = [
            ("HTTPS_PROXY", "http://u:s3cr3t@p:port"),
            ("all_proxy", "ftp://s3cr3t"),
        ];
        let errors = configure(&environment.into_iter().collect()).expect_err("two errors");
        let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
        assert_eq!(details.len(), 2);
        for (detail, variable) in details.iter().zip(["HTTPS_PROXY", "all_proxy"]) {
            assert!(
                detail.contains(variable) && !detail.contains("s3cr3t"),
                "{detail}"
            );
        }
    }

    #[test]
    fn a_place_for_certificates_that_cannot_be_used_is_a_warning() {
        let environment = [("SSL_CERT_FILE", "/nowhere/ca.pem")].into_iter().collect();
        let (_, warnings) = configure(&environment).expect("a network");
        let warning = warnings.iter().next().expect("a warning");
        assert!(
            warning
                .detail
                .starts_with("SSL_CERT_FILE names /nowhere/ca.pem, which cannot")
        );
    }
}
