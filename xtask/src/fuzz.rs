//! `cargo xtask fuzz`: runs the targets of `fuzz/`, each for a limited time, with the inputs in its
//! corpus as seeds.

use std::fs;

use crate::shell::{self, Result, cargo, find, heading, make_directory, root};

/// Runs the named targets, or all targets if `named` is empty.
pub(crate) fn run(seconds: &str, named: &[&str]) -> Result<()> {
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| format!("{seconds} is not a number of seconds"))?;
    if find("cargo-fuzz").is_none() {
        return Err("cargo-fuzz is missing. Install it: cargo install cargo-fuzz".into());
    }
    let all = targets()?;
    if let Some(unknown) = named
        .iter()
        .find(|name| !all.iter().any(|target| target == *name))
    {
        let all = all.join(", ");
        return Err(format!("unknown target {unknown}; the targets are {all}"));
    }
    let is_wanted = |target: &&String| named.is_empty() || named.contains(&target.as_str());
    for target in all.iter().filter(is_wanted) {
        heading(&format!("{target}, {seconds} s"));
        let limit = format!("-max_total_time={seconds}");
        // libFuzzer writes new inputs to the first directory. It is in target/, to keep them apart
        // from the committed inputs.
        let corpus = shell::target().join("fuzz-corpus").join(target);
        make_directory(&corpus)?;
        let seeds = root().join("fuzz/corpus").join(target);
        let mut command = cargo();
        command
            .args(["fuzz", "run", target])
            .arg(&corpus)
            // A target with a structured input has no seeds: they cannot be written by hand.
            .args(seeds.is_dir().then_some(&seeds))
            .args(["--", &limit, "-timeout=10", "-print_final_stats=1"])
            // The check for leaks reports a thread that has read a file and is still ending.
            .arg("-detect_leaks=0");
        // This variable makes the stable toolchain accept the flags for instrumentation.
        shell::run(command.env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(())
}

/// The sorted names of all targets.
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
