//! `cargo xtask dist`: makes what a registry takes of a release, and mirrors of it.
//!
//! The archives are reproducible: a build by the same toolchain in another directory gives the same
//! bytes.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::Version;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, ZipArchive};

use crate::cli::address_in;
use crate::sbom;
use crate::shell::{self, Result, binary, cargo, make_directory, root, target};

pub(crate) const PROVIDER: &str = "terraform-provider-cams";
pub(crate) const EMULATOR: &str = "cams-emulator";
/// The registries that have the provider.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];
/// The profile of the build, and the name of its directory.
pub(crate) const PROFILE: &str = "dist";

/// What the command line asks for.
struct Options {
    /// The version, without a leading `v`.
    version: String,
    source: Source,
    /// Where the archives are.
    output: PathBuf,
    /// The key of GnuPG that signs the checksums.
    key: Option<String>,
    filesystem_mirror: Option<PathBuf>,
    network_mirror: Option<PathBuf>,
}

/// Where the archives come from.
enum Source {
    /// A build for this platform.
    Build,
    /// Binaries for this platform in this directory.
    Binaries(PathBuf),
    /// They are there already, as builds on several platforms made them.
    Archives,
}

/// An archive of a release.
struct Archive {
    path: PathBuf,
    /// The system and the architecture by Go's names, such as `linux_amd64`.
    platform: String,
}

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = parse(arguments)?;
    let version = options.version.as_str();
    let binaries = match &options.source {
        Source::Build => Some(build(version)?),
        Source::Binaries(binaries) => Some(binaries.clone()),
        Source::Archives => None,
    };
    if let Some(binaries) = binaries {
        make_directory(&options.output)?;
        for (name, installed) in [
            (PROVIDER, format!("{PROVIDER}_v{version}")),
            (EMULATOR, EMULATOR.to_owned()),
        ] {
            let path = |extension: &str| {
                let file = format!("{name}_{version}_{}.{extension}", platform());
                options.output.join(file)
            };
            package(&binaries.join(name), &installed, &path("zip"))?;
            sbom::write(name, version, &path("cdx.json"))?;
        }
    }
    let manifest = format!("{PROVIDER}_{version}_manifest.json");
    let text = shell::read(&root().join("terraform-registry-manifest.json"))?;
    shell::write(&options.output.join(&manifest), &text)?;
    write_checksums(&options, PROVIDER, &[manifest])?;
    write_checksums(&options, EMULATOR, &[])?;

    let archives = archives(&options, PROVIDER)?;
    if let Some(mirror) = &options.filesystem_mirror {
        fill_filesystem_mirror(mirror, &archives)?;
    }
    if let Some(mirror) = &options.network_mirror {
        fill_network_mirror(mirror, version, &archives)?;
    }
    for file in shell::files(&options.output)? {
        let size = fs::metadata(&file).map_or(0, |metadata| metadata.len());
        println!("{size:>10}  {}", file.display());
    }
    Ok(())
}

fn parse(arguments: &[&str]) -> Result<Options> {
    let (version, mut rest) = match arguments {
        [version, rest @ ..] if is_version(version) => ((*version).to_owned(), rest),
        _ => {
            return Err(
                "cargo xtask dist needs a version such as 1.2.3 or 1.2.3-rc1, without a v \
                        before it, as its first argument"
                    .to_owned(),
            );
        }
    };
    let mut options = Options {
        version,
        output: target().join("archives"),
        source: Source::Build,
        key: None,
        filesystem_mirror: None,
        network_mirror: None,
    };
    while let [option, value, more @ ..] = rest {
        match *option {
            "--output" => options.output = value.into(),
            "--binaries" => options.source = Source::Binaries(value.into()),
            "--archives" => (options.source, options.output) = (Source::Archives, value.into()),
            "--sign" => options.key = Some((*value).to_owned()),
            "--filesystem-mirror" => options.filesystem_mirror = Some(value.into()),
            "--network-mirror" => options.network_mirror = Some(value.into()),
            other => return Err(format!("unknown option of dist: {other}")),
        }
        rest = more;
    }
    match rest {
        [] => Ok(options),
        [option, ..] => Err(format!("the option {option} of dist needs a value")),
    }
}

/// Whether a text is a version as the registries want it: a semantic version without build metadata.
fn is_version(text: &str) -> bool {
    Version::parse(text).is_ok_and(|version| version.build.is_empty())
}

/// Builds the provider and the emulator. Returns the directory of the binaries.
///
/// The binaries contain no path of this machine, so that a build in another directory gives the same
/// bytes.
pub(crate) fn build(version: &str) -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let home = home.ok_or("the home directory is not known; set CARGO_HOME")?;
    // The directories of the registries have to be there, for the prefixes below.
    shell::run(cargo().args(["fetch", "--locked", "--quiet"]))?;
    // The last prefix that matches is used, and the directory of the target may be in the root.
    let mut paths = vec![
        (home.clone(), "/cargo"),
        (root().to_owned(), "/source"),
        (target(), "/target"),
    ];
    // The sources of crates are in a directory for each registry. Some thousand of their paths are in
    // the binaries.
    let registries = fs::read_dir(home.join("registry/src"));
    let registries = registries.into_iter().flatten().flatten();
    paths.extend(registries.map(|registry| (registry.path(), "/crates")));
    let prefixes = |option: &str| -> Vec<String> {
        let prefixes = paths.iter();
        prefixes
            .map(|(from, to)| format!("{option}={}={to}", from.display()))
            .collect()
    };
    let spaced = paths.iter().map(|(from, _)| from.display().to_string());
    if let Some(path) = spaced
        .into_iter()
        .find(|path| path.contains(char::is_whitespace))
    {
        return Err(format!(
            "the compiler of C cannot be told of {path:?}, because it contains a space; \
             build in a directory without one"
        ));
    }
    let mut flags = prefixes("--remap-path-prefix");
    if cfg!(target_os = "linux") {
        // The binary is loaded at a fixed address, as Go's are. A start has nothing to relocate.
        flags.push("-Crelocation-model=static".to_owned());
    }
    let flags = json!(flags);
    let mut build = cargo();
    // These would take the place of all flags here and in .cargo/config.toml.
    build
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    build.args(["build", "--locked", "--profile", PROFILE]);
    build.args(["--package", PROVIDER, "--package", EMULATOR, "--bins"]);
    build.args([
        "--config",
        &format!("target.'cfg(all())'.rustflags={flags}"),
    ]);
    // For the parts of the cryptography library that are not in Rust. The code for AVX-512 has 0.7 MB, and
    // is faster only for large amounts of data. What has to be fast is written in assembly, and no panic
    // passes through C.
    let smaller = [
        "-Os",
        "-DMY_ASSEMBLER_IS_TOO_OLD_FOR_512AVX=1",
        "-fno-asynchronous-unwind-tables",
    ];
    let mut c_flags = prefixes("-ffile-prefix-map");
    c_flags.extend(smaller.map(str::to_owned));
    build.env("AWS_LC_SYS_CFLAGS", c_flags.join(" "));
    build.env("RELEASE_VERSION", version);
    shell::run(&mut build)?;
    let provider = binary(PROFILE, PROVIDER);
    let built = shell::output(Command::new(&provider).arg("--version"))?;
    if built.trim() != version {
        return Err(format!(
            "the provider is of version {built}instead of {version}"
        ));
    }
    Ok(provider.parent().unwrap_or(&provider).to_owned())
}

/// Writes an archive with a binary, the licence and the README. Times and owners are left out, so that
/// the archive depends on the contents alone.
fn package(binary: &Path, name: &str, archive: &Path) -> Result<()> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default());
    let (license, readme) = (root().join("LICENSE"), root().join("README.md"));
    for (path, name, mode) in [
        (binary, name, 0o755),
        (&license, "LICENSE", 0o644),
        (&readme, "README.md", 0o644),
    ] {
        let contents = bytes(path)?;
        zip.start_file(name, options.unix_permissions(mode))
            .map_err(|error| cannot("write", archive, &error))?;
        zip.write_all(&contents)
            .map_err(|error| cannot("write", archive, &error))?;
    }
    let zip = zip.finish();
    let zip = zip.map_err(|error| cannot("write", archive, &error))?;
    fs::write(archive, zip.into_inner()).map_err(|error| cannot("write", archive, &error))
}

/// Writes the checksums of all archives of a program and of `more` files, and their signature.
fn write_checksums(options: &Options, program: &str, more: &[String]) -> Result<()> {
    let archives = archives(options, program)?.into_iter();
    let archives = archives.map(|archive| file_name(&archive.path));
    let mut names: Vec<String> = archives.chain(more.iter().cloned()).collect();
    names.sort();
    let lines: Result<Vec<_>> = names
        .iter()
        .map(|name| {
            Ok(format!(
                "{}  {name}\n",
                sha256(&bytes(&options.output.join(name))?)
            ))
        })
        .collect();
    let sums = format!("{program}_{}_SHA256SUMS", options.version);
    let sums = options.output.join(sums);
    shell::write(&sums, &lines?.concat())?;
    // An earlier signature is not of these checksums.
    let _ = fs::remove_file(sums.with_added_extension("sig"));
    let Some(key) = &options.key else {
        return Ok(());
    };
    let mut gpg = Command::new("gpg");
    gpg.args(["--batch", "--yes", "--local-user", key, "--detach-sign"]);
    shell::run(gpg.arg(&sums))
}

/// The archives of a program of this version, for all platforms.
fn archives(options: &Options, program: &str) -> Result<Vec<Archive>> {
    let prefix = format!("{program}_{}_", options.version);
    let archive = |path: PathBuf| {
        let name = file_name(&path);
        let platform = name.strip_prefix(&prefix)?.strip_suffix(".zip")?.to_owned();
        Some(Archive { path, platform })
    };
    let files = shell::files(&options.output)?.into_iter();
    let archives: Vec<_> = files.filter_map(archive).collect();
    match archives.is_empty() {
        true => Err(format!(
            "no {prefix}OS_ARCH.zip in {}",
            options.output.display()
        )),
        false => Ok(archives),
    }
}

/// Copies the archives into a mirror of the packed layout:
/// <https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror>.
fn fill_filesystem_mirror(mirror: &Path, archives: &[Archive]) -> Result<()> {
    for directory in REGISTRIES.map(|registry| mirror.join(address_in(registry))) {
        copy_to(&directory, archives)?;
    }
    Ok(())
}

/// Copies the archives into a mirror that any web server can serve, and writes its index:
/// <https://developer.hashicorp.com/terraform/internals/provider-network-mirror-protocol>.
fn fill_network_mirror(mirror: &Path, version: &str, archives: &[Archive]) -> Result<()> {
    let mut entries = Map::new();
    for Archive { path, platform } in archives {
        let zip_hash = format!("zh:{}", sha256(&bytes(path)?));
        let entry = json!({ "url": file_name(path), "hashes": [directory_hash(path)?, zip_hash] });
        entries.insert(platform.clone(), entry);
    }
    let index = json!({ "archives": entries }).to_string();
    for directory in REGISTRIES.map(|registry| mirror.join(address_in(registry))) {
        copy_to(&directory, archives)?;
        shell::write(&directory.join(format!("{version}.json")), &index)?;
        // Earlier versions stay in the mirror.
        let list = directory.join("index.json");
        let known = fs::read_to_string(&list).unwrap_or_default();
        let mut known = serde_json::from_str(&known).unwrap_or_else(|_| json!({ "versions": {} }));
        known["versions"][version] = Value::Object(Map::new());
        shell::write(&list, &known.to_string())?;
    }
    Ok(())
}

fn copy_to(directory: &Path, archives: &[Archive]) -> Result<()> {
    make_directory(directory)?;
    for Archive { path, .. } in archives {
        fs::copy(path, directory.join(file_name(path)))
            .map_err(|error| cannot("copy", path, &error))?;
    }
    Ok(())
}

/// The hash of the files in an archive, as lock files write it: `h1:` and the hash of a list with the
/// hash and the name of each file (`dirhash` in golang.org/x/mod).
fn directory_hash(archive: &Path) -> Result<String> {
    use base64::Engine as _;
    let file = File::open(archive).map_err(|error| cannot("read", archive, &error))?;
    let unreadable = |error: &dyn std::fmt::Display| cannot("read", archive, error);
    let mut zip = ZipArchive::new(file).map_err(|error| unreadable(&error))?;
    let mut lines = Vec::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).map_err(|error| unreadable(&error))?;
        let mut contents = Vec::new();
        file.read_to_end(&mut contents)
            .map_err(|error| unreadable(&error))?;
        let name = file.name().map_err(|error| unreadable(&error))?;
        lines.push((name.into_owned(), sha256(&contents)));
    }
    lines.sort();
    let lines = lines.iter().map(|(name, hash)| format!("{hash}  {name}\n"));
    let list: String = lines.collect();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(list));
    Ok(format!("h1:{hash}"))
}

/// The system and the architecture of this machine, by Go's names.
pub(crate) fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86" => "386",
        "x86_64" => "amd64",
        other => other,
    };
    format!("{system}_{architecture}")
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| cannot("read", path, &error))
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn cannot(what: &str, path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_a_registry_takes_are_built() {
        for version in ["0.1.0", "1.22.333", "1.0.0-rc1", "1.0.0-beta.2"] {
            assert!(is_version(version), "{version}");
        }
        for text in [
            "v0.1.0",
            "1.0",
            "1.0.0.0",
            "1.0.x",
            "1.0.0-",
            "1.0.0-a..b",
            "01.0.0",
            "1.0.0+build",
            "",
            "1.0.0 ",
        ] {
            assert!(!is_version(text), "{text}");
        }
    }
}
