//! `cargo xtask bench`: figures, never verdicts.

use std::fs;

use crate::shell::{self, Result, cargo, target};
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

/// The provider before a service that counts, and what one acquisition costs.
fn throttle(options: &[&str]) -> Result<()> {
    tools::redis()?;
    let directory = target().join("bench");
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
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
