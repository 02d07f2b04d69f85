//! Writes the SBOM of a package: each crate that its build uses on this platform, in the format of
//! CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>).
//!
//! The crates come from `cargo tree`, which applies features as the build does. The file depends on
//! `Cargo.lock` and the platform only. cargo-cyclonedx 0.5.9 lists crates that no build uses, such as
//! `ring`, and its file contains the path of the repository and the time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::shell::{self, Result, cargo, root};

/// Writes the SBOM of a package, as a release of this version has it.
pub(crate) fn write(package: &str, version: &str, path: &Path) -> Result<()> {
    let format = ["--prefix=depth", "--format={p}\t{l}"];
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--edges=normal,build"]);
    let tree = shell::output(tree.args(format).args(["--package", package]))?;
    let mut sbom = sbom(&tree, &shell::read(&root().join("Cargo.lock"))?);
    sbom["metadata"]["component"]["version"] = version.into();
    shell::write(path, &format!("{sbom:#}\n"))
}

/// The SBOM of the first crate in the output of `cargo tree`, in which each line is the depth, the
/// name and version of a crate, and its licence.
fn sbom(tree: &str, lock: &str) -> Value {
    let checksums = checksums(lock);
    let (mut components, mut dependencies) = (BTreeMap::new(), BTreeMap::new());
    let mut above: Vec<String> = Vec::new();
    for line in tree.lines() {
        // This mark says that the dependencies of the crate are listed before.
        let line = line.trim_end_matches(" (*)");
        let (depth, line) = line.split_at(line.find(char::is_alphabetic).unwrap_or_default());
        let (name, licence) = line.split_once('\t').unwrap_or((line, ""));
        let mut words = name.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (name, version) = (word(), word().trim_start_matches('v'));
        let id = format!("{name}@{version}");
        above.truncate(depth.parse().unwrap_or_default());
        if let Some(user) = above.last() {
            let used: &mut BTreeSet<_> = dependencies.entry(user.clone()).or_default();
            used.insert(id.clone());
        }
        above.push(id.clone());
        dependencies.entry(id.clone()).or_default();
        let mut component = json!({
            "type": "library", "bom-ref": id, "name": name, "version": version,
            "licenses": [{ "expression": licence.replace('/', " OR ") }],
        });
        if let Some(checksum) = checksums.get(&(name, version)) {
            component["purl"] = format!("pkg:cargo/{id}").into();
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        components.insert(id, component);
    }
    let root = above.first().and_then(|id| components.remove(id));
    let mut root = root.unwrap_or_default();
    root["type"] = "application".into();
    let dependencies = dependencies.iter();
    let dependencies = dependencies.map(|(id, used)| json!({ "ref": id, "dependsOn": used }));
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": { "component": root },
        "components": components.values().collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    })
}

/// The checksum of each crate from a registry, by name and version.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let packages = lock.split("[[package]]").skip(1);
    let packages = packages.filter_map(|package| {
        let field = |name: &str| {
            let mut lines = package.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
            Some(value.trim_matches('"'))
        };
        Some(((field("name")?, field("version")?), field("checksum")?))
    });
    packages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_is_listed_once_with_what_it_uses() {
        let tree = "0app v0.1.0 (/path)\tApache-2.0\n1one v1.0.0\tMIT/Apache-2.0\n\
                    2two v2.0.0\tMIT\n1two v2.0.0\tMIT (*)\n";
        let lock = "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nchecksum = \"c0\"\n";
        let sbom = sbom(tree, lock);
        assert_eq!(sbom["metadata"]["component"]["name"], "app");
        let [one, two] = &sbom["components"].as_array().unwrap()[..] else {
            panic!("{sbom:#}");
        };
        assert_eq!(one["purl"], "pkg:cargo/one@1.0.0");
        assert_eq!(one["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!((&two["name"], &two["purl"]), (&"two".into(), &Value::Null));
        let expected = json!([
            { "ref": "app@0.1.0", "dependsOn": ["one@1.0.0", "two@2.0.0"] },
            { "ref": "one@1.0.0", "dependsOn": ["two@2.0.0"] },
            { "ref": "two@2.0.0", "dependsOn": [] },
        ]);
        assert_eq!(sbom["dependencies"], expected);
    }
}
