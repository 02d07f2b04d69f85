//! `cargo xtask fuzz`: each target of `fuzz/` for a while, from its corpus.

use std::fs;

use crate::shell::{self, Result, cargo, find, heading, root};

pub(crate) fn run(seconds: &str) -> Result<()> {
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| format!("{seconds} is no number of seconds"))?;
    if find("cargo-fuzz").is_none() {
        return Err("cargo-fuzz is missing. Install it: cargo install cargo-fuzz".into());
    }
    for target in targets()? {
        heading(&format!("{target}, {seconds} s"));
        let limit = format!("-max_total_time={seconds}");
        // What is found goes to target/, not among the committed seeds.
        let found = shell::target().join("fuzz-corpus").join(&target);
        fs::create_dir_all(&found)
            .map_err(|error| format!("cannot make {}: {error}", found.display()))?;
        let seeds = root().join("fuzz/corpus").join(&target);
        let mut command = cargo();
        command
            .args(["fuzz", "run", &target])
            .arg(&found)
            .arg(&seeds)
            .args(["--", &limit, "-timeout=10", "-print_final_stats=1"]);
        // The instrumentation is not for the stable toolchain, which has it all the same.
        shell::run(command.env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(())
}

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
