//! What a person reads when the API cannot be reached or is not trusted, and that proxies and
//! authorities of a company work.

use std::net::{SocketAddr, TcpListener};

use super::output::{APPLY, PLAN, assert_prints, numbers};
use super::{ONE, Workspace};
use crate::emulator::Emulator;
use crate::network::{Authority, Proxy, TlsServer};

/// A host that has no address, so that only a proxy reaches it.
const HOST: &str = "cams.example.test";

/// A provider block, without which Terraform adds an error of its own to those of the provider.
const BLOCK: &str = "provider \"cams\" {}\n";

/// A port at which no program listens: it is for a service that is not used any more.
const CLOSED_PORT: &str = "127.0.0.1:9";

/// A workspace with one number, for the API at `endpoint`, with a file for the authority.
fn workspace(endpoint: &str, authority: &Authority) -> Workspace {
    let workspace = Workspace::new(&numbers(1))
        .env("CAMS_ENDPOINT", endpoint)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret")
        // Otherwise STS is asked for it, by the same proxy.
        .env("ALICLOUD_ACCOUNT_ID", "1234567890123456")
        .env("CAMS_CUST_SPACE_ID", "cams-test");
    std::fs::create_dir(workspace.path().join("authorities")).unwrap();
    workspace.write("authorities/ours.pem", &authority.pem());
    workspace
}

/// The same workspace, in which the authority is trusted.
fn trusting(workspace: Workspace) -> Workspace {
    let file = workspace.path().join("authorities/ours.pem");
    workspace.env("SSL_CERT_FILE", &file.display().to_string())
}

fn on_localhost(server: &TlsServer) -> String {
    format!("https://localhost:{}", server.address().port())
}

#[test]
fn an_authority_of_a_company_is_trusted_once_it_is_named() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    let server = TlsServer::start(&authority, "localhost", emulator.url());
    let untrusting = workspace(&on_localhost(&server), &authority);
    assert_prints(&untrusting, &untrusting.fails(&APPLY), "untrusted-issuer");
    assert_eq!(emulator.requests().len(), 0);

    trusting(workspace(&on_localhost(&server), &authority))
        .apply()
        .assert_says(&["1 added"]);
    let by_directory = workspace(&on_localhost(&server), &authority);
    let directory = by_directory.path().join("authorities");
    by_directory
        .env("SSL_CERT_DIR", &directory.display().to_string())
        .apply()
        .assert_says(&["1 added"]);
}

#[test]
fn a_certificate_that_is_old_or_of_another_host_says_so() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    let old = TlsServer::valid_until(2020, &authority, "localhost", emulator.url());
    let workspace_of = |server| trusting(workspace(&on_localhost(server), &authority));
    let run = workspace_of(&old).fails(&APPLY);
    assert_prints(&workspace_of(&old), &run, "untrusted-date");
    let other = TlsServer::start(&authority, "intranet.example.com", emulator.url());
    let run = workspace_of(&other).fails(&APPLY);
    assert_prints(&workspace_of(&other), &run, "untrusted-name");
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn a_file_of_certificates_that_is_not_there_is_a_warning() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &format!("{BLOCK}{}", numbers(1)));
    let workspace = workspace.env("SSL_CERT_FILE", "/nowhere/ca.pem");
    assert_prints(&workspace, &workspace.ok(&PLAN), "certificates-not-usable");
}

#[test]
fn a_proxy_is_used_and_its_password_is_never_shown() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    let server = TlsServer::start(&authority, HOST, emulator.url());
    let proxy = Proxy::to(server.address());
    for (variable, user_agent) in [
        ("HTTPS_PROXY", ""),
        ("https_proxy", "ci/7"),
        ("ALL_PROXY", "a\r\nx-evil: 1"),
    ] {
        let asked_before = proxy.asked().len();
        let workspace = trusting(workspace(&format!("https://{HOST}"), &authority))
            .env(
                variable,
                &format!("http://user:s3cr3t%40@{}", proxy.address()),
            )
            .env("TF_APPEND_USER_AGENT", user_agent)
            .env("TF_LOG_PROVIDER", "TRACE");
        let run = workspace.apply();
        run.assert_says(&["1 added"]);
        assert!(!run.all().contains("s3cr3t"), "{}", run.all());
        let asked = proxy.asked();
        assert!(asked.len() > asked_before, "{variable}");
        for request in asked {
            let line = format!("CONNECT {HOST}:443 HTTP/1.1\r\n");
            assert!(request.starts_with(&line), "{request}");
            // This is "user:s3cr3t@" in base64.
            let known = request
                .to_lowercase()
                .contains("proxy-authorization: basic");
            assert!(known && request.contains("dXNlcjpzM2NyM3RA"), "{request}");
        }
    }
    // GNOME writes it without a version and with a slash behind it.
    for scheme in ["socks5h", "socks"] {
        let socks = Proxy::socks(server.address());
        trusting(workspace(&format!("https://{HOST}"), &authority))
            .env("all_proxy", &format!("{scheme}://{}/", socks.address()))
            .apply()
            .assert_says(&["1 added"]);
        assert!(socks.asked().iter().all(|host| host == HOST) && !socks.asked().is_empty());
    }

    let heard = server.heard();
    let own = concat!(
        "user-agent: terraform-provider-cams/",
        env!("CARGO_PKG_VERSION")
    );
    assert!(heard.contains(own), "{heard}");
    assert!(heard.contains(" ci/7\r\n"), "{heard}");
    assert!(heard.contains(" a x-evil: 1\r\n") && !heard.contains("\nx-evil"));
}

#[test]
fn this_machine_and_exceptions_are_reached_without_the_proxy() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    let dead = format!("http://{CLOSED_PORT}");
    let local = Workspace::on(&emulator, ONE)
        .env("HTTPS_PROXY", &dead)
        .env("HTTP_PROXY", &dead)
        .env("ALL_PROXY", &dead);
    local.apply().assert_says(&["1 added"]);

    // The system takes this address for this machine, and the provider does not.
    let server = TlsServer::start(&authority, "0.0.0.0", emulator.url());
    let endpoint = format!("https://0.0.0.0:{}", server.address().port());
    let proxied = trusting(workspace(&endpoint, &authority)).env("HTTPS_PROXY", &dead);
    proxied
        .fails(&APPLY)
        .assert_says(&["no connection to the proxy"]);
    proxied
        .env("NO_PROXY", "example.com, 0.0.0.0/8")
        .apply()
        .assert_says(&["1 added"]);
}

#[test]
fn a_proxy_in_the_way_is_named_without_its_password() {
    let authority = Authority::new();
    let refused = format!("http://user:s3cr3t@{CLOSED_PORT}");
    let behind = |proxy: &str| {
        let workspace = workspace(&format!("https://{HOST}"), &authority);
        workspace.env("HTTPS_PROXY", proxy)
    };
    let workspace = behind(&refused);
    assert_prints(&workspace, &workspace.fails(&APPLY), "proxy-refused");
    for (status, said) in [
        (
            "407 Authenticate",
            "it asks for a user name and a password (407)",
        ),
        ("403 Forbidden", "it refuses to connect to that address"),
    ] {
        let proxy = Proxy::refusing(status);
        let run = behind(&format!("http://user:s3cr3t@{}", proxy.address())).fails(&APPLY);
        let named = format!(
            "no connection to the proxy {} (HTTPS_PROXY)",
            proxy.address()
        );
        run.assert_says(&["CAMS Unreachable", &named, said]);
        assert!(!run.all().contains("s3cr3t"), "{}", run.all());
    }
}

#[test]
fn a_variable_that_names_no_proxy_is_an_error_where_it_would_be_used() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    let wrong = |workspace: Workspace| {
        workspace
            .env("HTTPS_PROXY", "http://user:s3cr#t@proxy.example.com:3128")
            .env("all_proxy", "proxy.example.com:port")
    };
    let proxied = wrong(workspace(&format!("https://{HOST}"), &authority));
    proxied.configure(&format!("{BLOCK}{ONE}"));
    assert_prints(&proxied, &proxied.fails(&PLAN), "proxy-malformed");
    let excepted = proxied
        .env("NO_PROXY", HOST)
        .env("RES_OPTIONS", "timeout:1 attempts:1");
    excepted.ok(&PLAN);

    let local = wrong(Workspace::on(&emulator, &format!("{BLOCK}{ONE}")));
    local.apply().assert_says(&["1 added"]);
}

#[test]
fn a_proxy_is_used_beside_variables_that_name_none() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    let server = TlsServer::start(&authority, HOST, emulator.url());
    let proxy = Proxy::to(server.address());
    trusting(workspace(&format!("https://{HOST}"), &authority))
        .env("https_proxy", &format!("http://{}", proxy.address()))
        .env("http_proxy", "gopher://proxy.example.com")
        .env("all_proxy", "quic://proxy.example.com:1")
        .apply()
        .assert_says(&["1 added"]);
    assert!(!proxy.asked().is_empty());
}

#[test]
fn an_address_without_a_host_is_refused_by_its_name() {
    let (emulator, authority) = (Emulator::start(&[]), Authority::new());
    for (variable, named) in [
        ("CAMS_ENDPOINT", "CAMS_ENDPOINT"),
        ("ALIBABA_CLOUD_STS_ENDPOINT", "ALIBABA_CLOUD_STS_ENDPOINT"),
        ("HTTPS_PROXY", "HTTPS_PROXY"),
    ] {
        workspace(&format!("https://{HOST}"), &authority)
            .env(variable, "http:///x")
            .fails(&PLAN)
            .assert_says(&[named, "is not usable: expected"]);
    }
    let block = "provider \"cams\" {\n  credentials_uri = \"http:///x\"\n}\n";
    let uri = Workspace::new(&format!("{block}{ONE}")).env("CAMS_ENDPOINT", emulator.url());
    uri.fails(&PLAN)
        .assert_says(&["credentials_uri is not usable", "names a host"]);
    let uri = Workspace::new(&format!("{BLOCK}{ONE}"))
        .env("CAMS_ENDPOINT", emulator.url())
        .env("ALIBABA_CLOUD_CREDENTIALS_URI", "http:///x");
    uri.fails(&PLAN).assert_says(&[
        "variable ALIBABA_CLOUD_CREDENTIALS_URI is not usable",
        "names a host",
    ]);
}

#[test]
fn an_api_that_cannot_be_reached_is_named() {
    let authority = Authority::new();
    let refused = workspace(&format!("http://{CLOSED_PORT}"), &authority);
    assert_prints(&refused, &refused.fails(&APPLY), "unreachable-refused");

    let nameless = workspace("https://cams.invalid", &authority);
    let none = "no connection to cams.invalid:443: the name was not found";
    nameless
        .env("RES_OPTIONS", "timeout:1 attempts:1")
        .fails(&APPLY)
        .assert_says(&["The host name cannot be resolved", none]);

    // It accepts connections and never says a word.
    let silent = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let silent = format!("https://{}", silent.local_addr().unwrap());
    let run = workspace(&silent, &authority)
        .env("CLIENT_CONNECT_TIMEOUT", "100")
        .fails(&APPLY);
    run.assert_says(&[
        "did not answer in time",
        "client_connect_timeout",
        "within 100ms",
    ]);

    let emulator = Emulator::start(&[]);
    let plain = emulator.url().replace("http://", "https://");
    let run = workspace(&plain, &authority).fails(&APPLY);
    run.assert_says(&["does not accept TLS", "TLS failed"]);
}
