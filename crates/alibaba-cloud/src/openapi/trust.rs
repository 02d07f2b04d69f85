//! Which certificates are trusted: those of the system, and those that the environment names.
//!
//! The variables are those of OpenSSL and of Terraform itself: `SSL_CERT_FILE` names a file with
//! certificates in PEM, and `SSL_CERT_DIR` directories of such files, separated by `:`. What they
//! name is trusted in addition to the system's certificates, so that a company's own authority is
//! enough: the API and a proxy that reads along are then trusted alike.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::load_certs_from_paths;

use base::environment::Environment;
use base::foreign_text;

/// The variable that names a file.
const FILE: &str = "SSL_CERT_FILE";

/// The variable that names directories.
const DIRECTORIES: &str = "SSL_CERT_DIR";

/// Which certificates are trusted. The default is those of the system.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Those that the environment names. `None` if it names no place.
    added: Option<Vec<Certificate>>,
}

impl Trust {
    /// Reads what the variables name. Returns an error text for each place that cannot be used,
    /// which names the variable and the place: its certificates are not trusted.
    pub fn from_environment(environment: &Environment) -> (Self, Vec<String>) {
        let file = environment.get(FILE).map(|file| (FILE, file));
        let directories = environment.get(DIRECTORIES).unwrap_or_default().split(':');
        let directories = directories.filter(|directory| !directory.is_empty());
        let places = directories.map(|directory| (DIRECTORIES, directory));
        let (mut added, mut unusable) = (None, Vec::new());
        for (variable, place) in file.into_iter().chain(places) {
            let added: &mut Vec<_> = added.get_or_insert_default();
            match certificates_in(variable, Path::new(place)) {
                Ok(certificates) => added.extend(certificates),
                Err(problem) => {
                    let place = foreign_text::line(place);
                    unusable.push(format!("{variable} names {place}, which {problem}"));
                }
            }
        }
        (Self { added }, unusable)
    }

    /// Sets a client to this trust.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        let Some(added) = &self.added else {
            return builder;
        };
        if cfg!(target_os = "macos") {
            // The system's own verifier decides there, and takes further certificates.
            return builder.tls_certs_merge(added.iter().cloned());
        }
        builder.tls_certs_only(system().into_iter().chain(added.iter().cloned()))
    }
}

/// The certificates of the system, from the places where distributions have them.
fn system() -> Vec<Certificate> {
    let places = openssl_probe::probe();
    let mut certificates = load_certs_from_paths(places.cert_file.as_deref(), None).certs;
    for directory in places.cert_dir {
        certificates.extend(load_certs_from_paths(None, Some(&directory)).certs);
    }
    certificates.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    certificates.dedup();
    usable(certificates)
}

/// The certificates in a file or a directory, or what is wrong with it. A directory may have none.
fn certificates_in(variable: &str, place: &Path) -> Result<Vec<Certificate>, String> {
    let unreadable = |error| format!("cannot be read: {error}");
    if variable == DIRECTORIES {
        std::fs::read_dir(place).map_err(unreadable)?;
        return Ok(usable(load_certs_from_paths(None, Some(place)).certs));
    }
    std::fs::File::open(place).map_err(unreadable)?;
    let certificates = usable(load_certs_from_paths(Some(place), None).certs);
    match certificates.is_empty() {
        true => Err("has no certificate in PEM".to_owned()),
        false => Ok(certificates),
    }
}

/// The certificates that can be trusted at all: a client with one that is malformed cannot be made.
fn usable(certificates: Vec<CertificateDer<'static>>) -> Vec<Certificate> {
    let mut store = RootCertStore::empty();
    let usable = |der: CertificateDer<'static>| {
        store.add(der.clone()).ok()?;
        Certificate::from_der(&der).ok()
    };
    certificates.into_iter().filter_map(usable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> (Option<usize>, String) {
        let (trust, unusable) = Trust::from_environment(&variables.iter().copied().collect());
        (trust.added.map(|added| added.len()), unusable.join("\n"))
    }

    fn pem() -> String {
        let names = vec!["example.com".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        made.cert.pem()
    }

    #[test]
    fn both_variables_add_what_they_name() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().display().to_string();
        let file = format!("{path}/ca.pem");
        std::fs::write(&file, format!("# ours\n{}{}", pem(), pem())).expect("a file");
        assert_eq!(of(&[]), (None, String::new()));
        assert_eq!(of(&[(FILE, &file)]), (Some(2), String::new()));
        assert_eq!(of(&[(DIRECTORIES, &path)]), (Some(2), String::new()));
        let twice = format!("{path}::{path}");
        assert_eq!(of(&[(DIRECTORIES, &twice)]), (Some(4), String::new()));
    }

    /// A client trusts either these or what its own verifier finds, which has to be the same.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_certificates_of_the_system_are_those_that_are_trusted_by_default() {
        let by_default = usable(rustls_native_certs::load_native_certs().certs);
        assert_eq!(system().len(), by_default.len());
    }

    #[test]
    fn the_name_of_a_place_is_cleaned_and_cut() {
        let place = format!("/\u{1b}[31m{}", "x".repeat(100_000));
        let environment = [(FILE, place)].into_iter().collect();
        let (_, unusable) = Trust::from_environment(&environment);
        let text = &unusable[0];
        assert!(text.starts_with("SSL_CERT_FILE names / [31mxxx"), "{text}");
        assert!(text.len() < 2000, "{} bytes", text.len());
    }

    #[test]
    fn a_place_that_cannot_be_used_is_named_and_adds_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().display().to_string();
        let (text, none) = (format!("{path}/text"), format!("{path}/none"));
        std::fs::write(&text, "-----BEGIN CERTIFICATE-----\ns3cr3t").expect("a file");
        for (variable, place) in [
            (FILE, &text),
            (FILE, &none),
            (FILE, &path),
            (DIRECTORIES, &none),
        ] {
            let (added, told) = of(&[(variable, place)]);
            assert_eq!(added, Some(0), "{told}");
            let named = told.starts_with(&format!("{variable} names {place}, which "));
            assert!(named && !told.contains("s3cr3t"), "{told}");
        }
    }
}
