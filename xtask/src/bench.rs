//! `cargo xtask bench`: figures, never verdicts.

use crate::shell::{self, Result, cargo};
use crate::startup;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["startup"] => {
            shell::run(cargo().args(["build", "--release", "--bin", "terraform-provider-cams"]))?;
            println!("{}", startup::measure()?);
            Ok(())
        }
        other => Err(format!(
            "no such benchmark: {}. There is: startup",
            other.join(" ")
        )),
    }
}
