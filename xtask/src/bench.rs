//! `cargo xtask bench`: runs a benchmark and prints the results. No result makes it fail.

mod plot;
mod programs;
mod runs;
mod samples;
mod table;

use crate::shell::{self, Result, cargo, make_directory, target};
use crate::tools;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        [] => table::run(&table::Plan::FULL, None),
        ["--quick"] => table::run(&table::Plan::QUICK, None),
        ["--before", program] => table::run(&table::Plan::BEFORE, Some(program)),
        ["memory"] => memory(),
        ["throttle", options @ ..] => throttle(options),
        other => Err(format!(
            "unknown benchmark: {}. Available: none, --quick or --before PROGRAM, memory, throttle [--quick]",
            other.join(" ")
        )),
    }
}

/// Measures the peak memory of a release build with servers and clients that send endless data.
fn memory() -> Result<()> {
    let tests = ["test", "--release", "--workspace", "--test", "it"];
    let filter = ["rpc::memory", "--", "--nocapture", "--test-threads=1"];
    let output = shell::output(cargo().args(tests).args(filter))?;
    for line in output.lines() {
        if let Some((_, figure)) = line.split_once("memory: ") {
            println!("{figure}");
        }
    }
    Ok(())
}

/// Runs the throttle's two benchmarks: how well it keeps and uses a quota, and how long one
/// acquisition takes.
fn throttle(options: &[&str]) -> Result<()> {
    tools::redis()?;
    let directory = target().join("bench");
    make_directory(&directory)?;
    let plot = directory.join("throttle.svg");
    let bench = ["bench", "--bench"];
    shell::run(
        cargo()
            .args(bench)
            .args(["throttle", "--", "--svg"])
            .arg(plot)
            .args(options),
    )?;
    println!("\nTime of one acquisition:");
    shell::run(cargo().args(bench).arg("acquire"))
}
