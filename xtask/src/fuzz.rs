//! `cargo xtask fuzz`: runs the targets of `fuzz/`, each for a while, from the inputs in its
//! corpus.

use std::fs;

use crate::shell::{self, Result, cargo, find, heading, make_directory, root};

/// Runs the targets that are named, or all.
pub(crate) fn run(seconds: &str, named: &[&str]) -> Result<()> {
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| format!("{seconds} is no number of seconds"))?;
    if find("cargo-fuzz").is_none() {
        return Err("cargo-fuzz is missing. Install it: cargo install cargo-fuzz".into());
    }
    let all = targets()?;
    if let Some(unknown) = named
        .iter()
        .find(|name| !all.iter().any(|target| target == *name))
    {
        let all = all.join(", ");
        return Err(format!("there is no target {unknown}; there are {all}"));
    }
    let is_wanted = |target: &&String| named.is_empty() || named.contains(&target.as_str());
    for target in all.iter().filter(is_wanted) {
        heading(&format!("{target}, {seconds} s"));
        let limit = format!("-max_total_time={seconds}");
        // New inputs go to target/, so that they are not mixed with the committed ones.
        let corpus = shell::target().join("fuzz-corpus").join(target);
        make_directory(&corpus)?;
        let seeds = root().join("fuzz/corpus").join(target);
        let mut command = cargo();
        command
            .args(["fuzz", "run", target])
            .arg(&corpus)
            // A target whose input has a form of its own has no seeds that people could write.
            .args(seeds.is_dir().then_some(&seeds))
            .args(["--", &limit, "-timeout=10", "-print_final_stats=1"]);
        // The stable toolchain has the instrumentation too, but allows it only with this variable.
        shell::run(command.env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(())
}

/// The names of all targets, in order.
fn targets() -> Result<Vec<String>> {
    let directory = root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let names = files.filter_map(|file| {
        Some(
            file.ok()?
                .path()
                .file_stem()?
                .to_string_lossy()
                .into_owned(),
        )
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}
