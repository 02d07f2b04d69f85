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
        ["throttle", options @ ..] => throttle(options),
        other => Err(format!(
            "no such benchmark: {}. There are: startup, throttle [--quick]",
            other.join(" ")
        )),
    }
}

/// Runs the throttle's two benchmarks: how well it keeps and uses a quota, and what one acquisition
/// costs.
fn throttle(options: &[&str]) -> Result<()> {
    tools::redis()?;
    let directory = target().join("bench");
    make_directory(&directory)?;
    let plot = directory.join("throttle.svg");
    let bench = ["bench", "--features", "emulator", "--bench"];
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
