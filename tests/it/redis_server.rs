//! A Redis server of a test's own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

/// The server's password.
pub(crate) const PASSWORD: &str = "pass-word-of-redis";

/// A server on a socket in its own directory, and by TLS on a port. Ended on drop.
pub(crate) struct RedisServer {
    directory: TempDir,
    port: u16,
    process: Child,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        std::fs::write(path("certificate.pem"), certificate.pem()).unwrap();
        std::fs::write(path("key.pem"), key.serialize_pem()).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no"])
            .args(["--bind", "127.0.0.1", "--requirepass", PASSWORD])
            .args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"])
            .arg("--tls-cert-file")
            .arg(path("certificate.pem"))
            .arg("--tls-key-file")
            .arg(path("key.pem"))
            .arg("--unixsocket")
            .arg(path("socket"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server is needed: apt-get install -y redis-server (or valkey-server under that name)");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.any(|line| line.unwrap().contains("eady to accept connections"));
        assert!(ready, "redis-server ended before it was ready");
        // It would die of a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            directory,
            port,
            process,
        }
    }

    /// What its clients must trust.
    pub(crate) fn certificate(&self) -> String {
        self.file("certificate.pem")
    }

    /// By TLS, with whatever password.
    pub(crate) fn tls_url(&self, password: &str) -> String {
        format!("rediss://:{password}@localhost:{}", self.port)
    }

    /// By its socket.
    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}?pass={PASSWORD}", self.file("socket"))
    }

    /// What it holds.
    pub(crate) fn keys(&self) -> Vec<String> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        redis::cmd("KEYS").arg("*").query(&mut connection).unwrap()
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
