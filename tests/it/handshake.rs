//! The handshake before the first call, and which clients the provider accepts.

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{ServerName, UnixTime};
use tonic::Code;

use crate::core::tfplugin6::{DynamicValue, validate_provider_config};
use crate::core::{COOKIE, Client, Core, Identity, Process, Stderr};
use crate::support::names_in;

const NOTICE: &str = "\
This program is a plugin, which Terraform and OpenTofu start.
Name it in required_providers of a configuration and run terraform init, or see --help.
";

/// Waits for the end of a provider that refuses to start, and returns what it printed on stderr.
async fn refusal(mut process: Process) -> String {
    let stdout = process.rest_of_stdout().await;
    assert_eq!(process.ended().await.code(), Some(1));
    let stderr = process.stderr();
    // Terraform shows the first line of stdout, if it is no handshake. A person reads stderr.
    match stderr == NOTICE {
        true => assert_eq!(stdout, ""),
        false => assert_eq!(stdout, stderr),
    }
    stderr
}

#[tokio::test]
async fn without_the_cookie_it_explains_itself() {
    let directory = tempfile::tempdir().unwrap();
    let bare = Process::spawn(&[], &[], directory.path(), Stderr::Read);
    assert_eq!(refusal(bare).await, NOTICE);
    let wrong = Core::start().env(COOKIE.0, "d602").spawn(directory.path());
    assert_eq!(refusal(wrong).await, NOTICE);
    assert!(names_in(directory.path()).is_empty());
}

#[tokio::test]
async fn a_setting_it_cannot_use_is_one_line_on_stderr() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let settings = [
        ("PLUGIN_CLIENT_CERT", "nonsense"),
        ("PLUGIN_UNIX_SOCKET_DIR", "/does/not/exist"),
        ("PLUGIN_UNIX_SOCKET_DIR", deep.to_str().unwrap()),
    ];
    for (name, value) in settings {
        let stderr = refusal(Core::start().env(name, value).spawn(directory.path())).await;
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(name) || stderr.contains(value), "{stderr}");
    }
    assert_eq!(names_in(directory.path()), ["d".repeat(120)]);
}

#[tokio::test]
async fn the_line_has_the_six_fields_terraform_reads() {
    let core = Core::start().await;
    let handshake = core.handshake().clone();
    assert_eq!(handshake.core_protocol, "1");
    assert_eq!(handshake.protocol, "6");
    assert_eq!(handshake.network, "unix");
    assert_eq!(handshake.kind, "grpc");
    assert_eq!(handshake.multiplex, None);
    assert!(core.socket().starts_with(core.directory()));
}

#[tokio::test]
async fn a_host_that_asks_about_multiplexing_is_told_no() {
    let core = Core::start().env("PLUGIN_MULTIPLEX_GRPC", "true").await;
    assert_eq!(core.handshake().multiplex.as_deref(), Some("false"));
}

#[tokio::test]
async fn a_host_of_another_version_still_gets_an_answer() {
    let core = Core::start().env("PLUGIN_PROTOCOL_VERSIONS", "4,5").await;
    assert_eq!(core.handshake().protocol, "6");
}

#[tokio::test]
async fn the_certificate_is_for_localhost_and_valid_on_a_clock_that_is_off() {
    let core = Core::start().await;
    let certificate = core.handshake().certificate.clone().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), crypto)
        .build()
        .unwrap();
    let now = Duration::from_secs(UnixTime::now().as_secs());
    let accepted = |name: &'static str, at| {
        use rustls::client::danger::ServerCertVerifier;

        let (name, at) = (
            ServerName::try_from(name).unwrap(),
            UnixTime::since_unix_epoch(at),
        );
        verifier
            .verify_server_cert(&certificate, &[], &name, &[], at)
            .is_ok()
    };
    let hour = Duration::from_secs(3600);
    assert!(accepted("localhost", now));
    assert!(accepted("localhost", now - hour));
    assert!(accepted("localhost", now + hour));
    assert!(!accepted("localhost", now - 48 * hour));
    assert!(!accepted("example.com", now));
}

#[tokio::test]
async fn only_the_terraform_that_started_it_is_let_in() {
    let core = Core::start().env("TF_LOG", "WARN").await;
    let other = Identity::generate();
    let strangers = [
        Client::Anonymous,
        Client::Impostor(core.identity(), &other),
        Client::Outdated(core.identity()),
        Client::Plaintext,
        Client::Tls(&other),
    ];
    for stranger in strangers {
        assert!(core.connect(stranger).await.is_err(), "{stranger:?} got in");
    }
    // The connection that was open before still works, and so does a new one of the right client.
    core.schema().await;
    core.connect(Client::Tls(core.identity())).await.unwrap();
}

#[tokio::test]
async fn a_terraform_without_plugin_tls_is_served_in_plaintext() {
    let core = Core::start().without_tls().await;
    assert_eq!(core.handshake().certificate, None);
    core.schema().await;
}

#[tokio::test]
async fn messages_far_over_the_usual_four_mebibytes_are_read() {
    let core = Core::start().await;
    let request = validate_provider_config::Request {
        config: Some(DynamicValue {
            msgpack: vec![0xc0; 32 << 20],
            json: Vec::new(),
        }),
    };
    // The provider may refuse the content, but not the size of the message.
    if let Err(status) = core.provider().validate_provider_config(request).await {
        let refused = matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted);
        assert!(!refused, "{status}");
    }
}
