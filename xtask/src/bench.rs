//! `cargo xtask bench`: measures and prints figures. It never fails because of a figure.

use crate::shell::{self, Result, cargo, make_directory, target};
use crate::{startup, tools};

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["startup"] => {
            shell::run(cargo().args(["build", "--release", "--bin", "terraform-provider-cams"]))?;
            println!("{}", startup::measure()?);
            Ok(())
        }
        ["memory"] => memory(),
        ["throttle", options @ ..] => throttle(options),
        other => Err(format!(
            "no such benchmark: {}. There are: memory, startup, throttle [--quick]",
            other.join(" ")
        )),
    }
}

/// Measures the peak memory of the release binary under neighbours that send without end.
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

/// Runs the throttle's two benchmarks: how well it keeps and uses a quota, and what one acquisition
/// costs.
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
    println!("\nWhat one acquisition costs:");
    shell::run(cargo().args(bench).arg("acquire"))
}
