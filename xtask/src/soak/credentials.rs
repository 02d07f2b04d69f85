//! `cargo xtask soak credentials`: runs applies without a pause, each of which takes longer than
//! several sessions of the role that provides its credentials. It fails if a call is rejected
//! because of its credentials, or if an apply fails.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{apply_once, start};
use crate::emulator::Emulator;
use crate::shell::{self, Result, green, heading};

const CONFIGURATION: &str = r#"
provider "cams" {
  cust_space_id = "cams-soak"
  assume_role {
    role_arn = "acs:ram::1000000000000000:role/soak"
  }
  throttle {
    requests_per_second = 5
  }
}

variable "numbers" {
  type = number
}

variable "count_of_numbers" {
  type = number
}

resource "cams_number_migration" "number" {
  count         = var.count_of_numbers
  country_code  = "86"
  mobile_number = format("139%08d", var.numbers + count.index)
}
"#;

/// The size of a run.
pub(crate) struct Plan {
    /// How many numbers each apply migrates, five per second. They replace the numbers of the
    /// previous apply, so that the configuration does not grow.
    numbers: usize,
    /// How long to repeat applies.
    time: Duration,
    /// The lifetime of a session, in seconds.
    lifetime: u64,
}

impl Plan {
    pub(crate) const LONG: Self = Self {
        numbers: 1000,
        time: Duration::from_secs(20 * 60),
        lifetime: 60,
    };
    pub(crate) const SHORT: Self = Self {
        numbers: 60,
        time: Duration::from_secs(10),
        lifetime: 4,
    };
}

/// A summary of the calls in the emulator's journal.
#[derive(Default)]
struct Summary {
    calls: usize,
    sessions: usize,
    /// Calls that were rejected because of their credentials.
    rejected: usize,
}

pub(crate) fn run(plan: &Plan) -> Result<()> {
    shell::build()?;
    let Plan {
        numbers,
        time,
        lifetime,
    } = plan;
    heading(&format!(
        "Soak: applies for {} s with sessions of {lifetime} s",
        time.as_secs()
    ));
    let directory = shell::temporary_directory()?;
    let directory = directory.path();
    let flags = ["--session-lifetime", &lifetime.to_string()];
    let (emulator, _provider, cli) = start(directory, CONFIGURATION, &flags)?;
    let cli = cli.env("TF_VAR_count_of_numbers", &numbers.to_string());

    let (started, mut summary, mut applies) = (Instant::now(), Summary::default(), 0);
    while started.elapsed() < *time {
        if let Some(errors) = apply_once(&cli, applies * numbers)? {
            return Err(format!("an apply failed:\n{errors}"));
        }
        applies += 1;
        summary.add_from(&emulator)?;
    }
    println!(
        "{applies} applies in {:.0} s: {} calls with {} sessions; {} rejected because of their \
         credentials",
        started.elapsed().as_secs_f64(),
        summary.calls,
        summary.sessions,
        summary.rejected
    );
    if summary.rejected > 0 {
        return Err("calls were rejected because of their credentials".into());
    }
    // Each plan and each apply starts with a new session, so more sessions than that are needed to
    // show that a session was replaced.
    if summary.sessions <= 2 * applies {
        return Err("no session expired, so this run proves nothing".into());
    }
    println!("{} Every call used valid credentials.", green("✓"));
    Ok(())
}

impl Summary {
    /// Counts the calls since the previous summary, and clears the journal.
    fn add_from(&mut self, emulator: &Emulator) -> Result<()> {
        let requests: Value = serde_json::from_str(&emulator.take("requests")?)
            .map_err(|error| format!("the journal is not valid JSON: {error}"))?;
        for request in requests.as_array().ok_or("the journal is not a list")? {
            match request["action"].as_str() {
                Some("AssumeRole") => self.sessions += 1,
                _ => self.calls += 1,
            }
            let code = request["code"].as_str().unwrap_or_default();
            let credential_errors = ["InvalidSecurityToken", "InvalidAccessKeyId", "Signature"];
            self.rejected += usize::from(
                credential_errors
                    .iter()
                    .any(|error| code.starts_with(error)),
            );
        }
        Ok(())
    }
}
