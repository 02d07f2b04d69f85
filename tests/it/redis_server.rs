//! A Redis server that one test has for itself.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base::environment::Environment;
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

/// The variable with further servers beside the one on the path: paths joined by `:`.
const FURTHER: &str = "CAMS_TEST_REDIS";

/// The password of all servers.
pub(crate) const PASSWORD: &str = "pass-word-of-redis";

/// A server that listens on a socket in a directory of its own, and with TLS on a port. It is ended
/// when this value is dropped.
pub(crate) struct RedisServer {
    directory: TempDir,
    port: u16,
    program: PathBuf,
    settings: Vec<String>,
    process: Child,
}

/// The servers that the tests are to use: the one on the path, and those that the environment
/// names.
pub(crate) fn programs() -> Vec<PathBuf> {
    let environment = Environment::of_process();
    let further = environment.get(FURTHER).unwrap_or_default();
    let further = further.split(':').filter(|path| !path.is_empty());
    std::iter::once("redis-server")
        .chain(further)
        .map(PathBuf::from)
        .collect()
}

impl RedisServer {
    /// Starts a server, and waits until it accepts connections.
    pub(crate) fn start() -> Self {
        Self::start_program(Path::new("redis-server"), &[])
    }

    /// Starts this program with these settings, and waits until it accepts connections.
    pub(crate) fn start_program(program: &Path, settings: &[&str]) -> Self {
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
        let settings: Vec<_> = settings.iter().map(ToString::to_string).collect();
        let process = spawn(program, &directory, port, &settings);
        Self {
            directory,
            port,
            program: program.to_owned(),
            settings,
            process,
        }
    }

    /// Lets the server carry out a command, which is written as for its shell.
    pub(crate) fn command(&self, command: &str) -> redis::Value {
        let mut words = command.split(' ');
        let mut sent = redis::cmd(words.next().unwrap());
        for word in words {
            sent.arg(word);
        }
        let reply = sent.query(&mut self.connection());
        reply.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Kills the server and starts it again without its data.
    pub(crate) fn restart(&mut self) {
        let _ = std::fs::remove_file(self.file("dump.rdb"));
        self.kill();
        self.process = spawn(&self.program, &self.directory, self.port, &self.settings);
    }

    /// Writes a snapshot of the data.
    pub(crate) fn save(&self) {
        let () = redis::cmd("SAVE").query(&mut self.connection()).unwrap();
    }

    /// Kills the server and starts it again with the data of the last snapshot.
    pub(crate) fn restart_with_snapshot(&mut self) {
        self.kill();
        self.process = spawn(&self.program, &self.directory, self.port, &self.settings);
    }

    /// Deletes all data of the server.
    pub(crate) fn flush(&self) {
        let () = redis::cmd("FLUSHALL")
            .query(&mut self.connection())
            .unwrap();
    }

    /// The path of the certificate that its clients must trust.
    pub(crate) fn certificate(&self) -> String {
        self.file("certificate.pem")
    }

    /// The URL of its port, with TLS and this password.
    pub(crate) fn tls_url(&self, password: &str) -> String {
        Self::tls_url_of(self.port, password)
    }

    /// The same for another port by which one of these servers can be reached.
    pub(crate) fn tls_url_of(port: u16, password: &str) -> String {
        format!("rediss://:{password}@localhost:{port}")
    }

    /// Its port with TLS.
    pub(crate) fn tls_port(&self) -> u16 {
        self.port
    }

    /// The URL of its socket.
    pub(crate) fn url(&self) -> String {
        Self::url_of(&self.socket())
    }

    /// Whether its answer to this command holds this text.
    pub(crate) fn answers(&self, command: &str, text: &str) -> bool {
        let answer: String = redis::from_redis_value(self.command(command)).unwrap();
        answer.contains(text)
    }

    /// The URL of its socket for a user with this password.
    pub(crate) fn url_for(&self, user: &str, password: &str) -> String {
        let socket = self.socket();
        format!(
            "redis+unix://{}?user={user}&pass={password}",
            socket.display()
        )
    }

    /// The URL of a socket by which one of these servers can be reached.
    pub(crate) fn url_of(socket: &Path) -> String {
        format!("redis+unix://{}?pass={PASSWORD}", socket.display())
    }

    /// The path of its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// The keys that it holds.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut connection = self.connection();
        redis::cmd("KEYS").arg("*").query(&mut connection).unwrap()
    }

    fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
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

/// Starts a server in this directory, and waits until it can be connected to.
fn spawn(program: &Path, directory: &TempDir, port: u16, settings: &[String]) -> Child {
    let path = |name: &str| directory.path().join(name);
    let mut process = Command::new(program)
        .args(["--port", "0", "--save", "", "--appendonly", "no"])
        .args(["--bind", "127.0.0.1", "--requirepass", PASSWORD])
        .args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"])
        .arg("--tls-cert-file")
        .arg(path("certificate.pem"))
        .arg("--tls-key-file")
        .arg(path("key.pem"))
        .arg("--unixsocket")
        .arg(path("socket"))
        .arg("--dir")
        .arg(directory.path())
        .args(settings)
        .stdout(Stdio::piped())
        .spawn()
        .expect(
            "redis-server is needed: apt-get install -y redis-server \
             (or valkey-server under that name)",
        );
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let ready = lines.any(|line| line.unwrap().contains("eady to accept connections"));
    assert!(ready, "redis-server ended before it was ready");
    // The rest has to be read too, because the server would end if the pipe were closed.
    std::thread::spawn(move || lines.for_each(drop));
    process
}
