//! Installation from what `cargo xtask dist` makes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::{ONE, Program, Run, Workspace};
use crate::emulator::Emulator;
use crate::network::{Authority, TlsServer};
use crate::support::{PROVIDER, names_in};

const VERSION: &str = "9.8.7";

/// Archives and mirrors of a version, for this platform and another one.
struct Dist {
    directory: PathBuf,
    platforms: [String; 2],
}

/// All tests use the same one, because it takes seconds to make.
static DIST: LazyLock<Dist> = LazyLock::new(Dist::new);

impl Dist {
    /// Packages the binaries under test, without their symbols.
    fn new() -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dist");
        // An earlier run may have left it.
        let _ = fs::remove_dir_all(&directory);
        let built = Path::new(PROVIDER).parent().unwrap();
        let binaries = directory.join("binaries");
        fs::create_dir_all(&binaries).unwrap();
        for name in ["terraform-provider-cams", "cams-emulator"] {
            let mut strip = Command::new("strip");
            strip.arg("-o").arg(binaries.join(name));
            succeeds(strip.arg(built.join(name)));
        }
        let dist = Self {
            directory,
            platforms: [String::new(), String::new()],
        };
        dist.run(&[("--binaries", "binaries"), ("--output", "archives")]);
        // The archive of the other platform is there when the release is put together.
        let own = names_in(&dist.path("archives")).into_iter();
        let own = own.filter_map(|name| {
            let name = name.strip_prefix(&format!("terraform-provider-cams_{VERSION}_"))?;
            Some(name.strip_suffix(".zip")?.to_owned())
        });
        let own: Vec<String> = own.collect();
        let [own] = &own[..] else {
            panic!("one archive: {own:?}")
        };
        let other = match own == "darwin_arm64" {
            true => "linux_amd64",
            false => "darwin_arm64",
        };
        let archive = |platform: &str| {
            let name = format!("archives/terraform-provider-cams_{VERSION}_{platform}.zip");
            dist.path(&name)
        };
        fs::copy(archive(own), archive(other)).unwrap();
        dist.run(&[
            ("--archives", "archives"),
            ("--filesystem-mirror", "mirror"),
            ("--network-mirror", "web"),
        ]);
        let platforms = [own.clone(), other.to_owned()];
        Self { platforms, ..dist }
    }

    fn run(&self, options: &[(&str, &str)]) {
        let mut command = Command::new(Path::new(PROVIDER).with_file_name("xtask"));
        command.args(["dist", VERSION]);
        for (option, directory) in options {
            command.arg(option).arg(self.path(directory));
        }
        succeeds(&mut command);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A workspace that installs providers by this method only.
    fn workspace(&self, emulator: &Emulator, method: &str) -> Workspace {
        let workspace = Workspace::on(emulator, ONE);
        let config = format!("provider_installation {{\n  {method}\n}}\n");
        workspace.write("cli.tfrc", &config);
        workspace
    }

    /// Locks the version for both platforms.
    fn lock(&self, workspace: &Workspace, mirror: &str) {
        let [own, other] = &self.platforms;
        let [own, other] = [own, other].map(|platform| format!("-platform={platform}"));
        workspace.ok(&["providers", "lock", mirror, &own, &other]);
    }
}

fn succeeds(command: &mut Command) {
    let output = command.output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "{command:?}: {error}; install binutils, and run cargo build --workspace if it is xtask"
        )
    });
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// The number of hashes of directories in the lock file.
fn locked(workspace: &Workspace) -> usize {
    let lock = fs::read_to_string(workspace.path().join(".terraform.lock.hcl")).unwrap();
    assert!(lock.contains(&format!("\"{VERSION}\"")), "{lock}");
    lock.matches("\"h1:").count()
}

#[test]
fn a_mirror_with_two_platforms_can_be_locked_and_installed() {
    let (dist, emulator) = (&*DIST, Emulator::start(&[]));
    let mirror = dist.path("mirror");
    let method = format!("filesystem_mirror {{ path = {mirror:?} }}");
    let workspace = dist.workspace(&emulator, &method);
    dist.lock(&workspace, &format!("-fs-mirror={}", mirror.display()));
    // Both archives have the same contents.
    assert_eq!(locked(&workspace), 1);
    workspace.ok(&["init", "-no-color", "-lockfile=readonly"]);
    workspace.apply().assert_says(&["1 added"]);
    workspace.assert_no_changes();

    let sums = fs::read_to_string(dist.path(&format!(
        "archives/terraform-provider-cams_{VERSION}_SHA256SUMS"
    )));
    let sums = sums.unwrap();
    assert_eq!(sums.lines().count(), 3, "{sums}");
    assert!(
        sums.contains(&format!("_{VERSION}_manifest.json\n")),
        "{sums}"
    );
    let mut check = Command::new("sha256sum");
    let name = format!("terraform-provider-cams_{VERSION}_SHA256SUMS");
    succeeds(
        check
            .args(["--check", &name])
            .current_dir(dist.path("archives")),
    );
}

#[test]
fn a_web_server_can_be_a_mirror() {
    let (dist, emulator) = (&*DIST, Emulator::start(&[]));
    let authority = Authority::new();
    let files = serve_files(dist.path("web"));
    let server = TlsServer::start(&authority, "localhost", &files);
    let url = format!("https://localhost:{}/", server.address().port());
    let workspace = dist.workspace(&emulator, &format!("network_mirror {{ url = {url:?} }}"));
    workspace.write("authority.pem", &authority.pem());
    let file = workspace.path().join("authority.pem");
    let workspace = workspace.env("SSL_CERT_FILE", &file.display().to_string());
    // The CLI compares the archives with the hashes of the index.
    dist.lock(&workspace, &format!("-net-mirror={url}"));
    workspace.ok(&["init", "-no-color", "-lockfile=readonly"]);
    workspace.apply().assert_says(&["1 added"]);
}

/// Serves the files of a directory. Returns the address.
fn serve_files(directory: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut request).unwrap() > 2 {}
            let path = request.split(' ').nth(1).unwrap_or_default();
            let contents = fs::read(directory.join(path.trim_start_matches('/')));
            let (status, contents) = match contents {
                Ok(contents) => ("200 OK", contents),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let kind = match path.ends_with(".json") {
                true => "application/json",
                false => "application/zip",
            };
            let length = contents.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n"
            );
            // A client that has seen enough closes the connection.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&contents));
        }
    });
    address
}

/// The binaries of Linux need nothing of the system: no C library, no `/proc`, no `/dev`, no user in
/// `/etc/passwd`. `/etc/nsswitch.conf` names modules that are not there.
#[cfg(target_os = "linux")]
#[test]
fn it_runs_in_an_empty_system_as_an_unknown_user() {
    let (dist, emulator, authority) = (&*DIST, Emulator::start(&[]), Authority::new());
    let server = TlsServer::start(&authority, "cams.internal", emulator.url());
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    for directory in ["etc/ssl/certs", "tmp", "module"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    for (name, text) in [
        ("etc/hosts", "127.0.0.1 cams.internal\n"),
        ("etc/resolv.conf", "nameserver 127.0.0.1\n"),
        (
            "etc/nsswitch.conf",
            "passwd: files systemd sss\n\
             hosts: mymachines resolve [!UNAVAIL=return] mdns4_minimal files myhostname dns\n",
        ),
        ("etc/ssl/certs/ca-certificates.crt", &authority.pem()),
        (
            "module/cli.tfrc",
            "provider_installation {\n  filesystem_mirror { path = \"/mirror\" }\n}\n",
        ),
        (
            "module/main.tf",
            &format!("{}{ONE}", super::REQUIRED_PROVIDERS),
        ),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    fs::copy(&Program::under_test().path, root.join("cli")).unwrap();
    let mut copy = Command::new("cp");
    succeeds(copy.arg("-r").arg(dist.path("mirror")).arg(root));

    let endpoint = format!("https://cams.internal:{}", server.address().port());
    let run = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args([
                "--user",
                "--map-user=4242",
                "--map-group=4242",
                "--wd=/module",
            ])
            .arg(format!("--root={}", root.display()))
            .arg("/cli")
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TF_CLI_CONFIG_FILE", "/module/cli.tfrc")
            .env("CHECKPOINT_DISABLE", "1")
            .env("CAMS_ENDPOINT", &endpoint)
            .env("CAMS_CUST_SPACE_ID", "cams-test")
            .env("ALICLOUD_ACCOUNT_ID", "1234567890123456")
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret");
        let output = command
            .output()
            .expect("unshare; install it: apt-get install util-linux");
        let run = Run::from(output);
        assert_eq!(
            run.code,
            0,
            "unprivileged user namespaces must be allowed: {}",
            run.all()
        );
        run
    };
    run(&["init", "-no-color"]);
    run(&["apply", "-auto-approve", "-no-color"]).assert_says(&["1 added"]);
    run(&["plan", "-no-color"]).assert_says(&["No changes"]);
    // The quota is kept in the directory of the unknown user.
    let names = names_in(&root.join("tmp"));
    assert!(names.contains(&"terraform-provider-cams-4242".to_owned()));
}
