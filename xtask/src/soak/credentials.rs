//! `cargo xtask soak credentials`: applies without a pause, each of which outlasts several sessions
//! of the role that it has its credentials from. It fails if a call was refused for its
//! credentials, or if an apply failed.

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
    /// How many numbers each apply moves, five in a second. It replaces those of the apply before,
    /// so that the configuration stays as large as it is.
    numbers: usize,
    /// How long applies are repeated.
    time: Duration,
    /// How long a session lives, in seconds.
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

/// What the emulator recorded.
#[derive(Default)]
struct Seen {
    calls: usize,
    sessions: usize,
    /// Calls that were refused for their credentials.
    refused: usize,
}

pub(crate) fn run(plan: &Plan) -> Result<()> {
    shell::build()?;
    let Plan {
        numbers,
        time,
        lifetime,
    } = plan;
    heading(&format!(
        "Soak: applies for {} s with sessions that live {lifetime} s",
        time.as_secs()
    ));
    let directory = shell::temporary_directory()?;
    let directory = directory.path();
    let flags = ["--session-lifetime", &lifetime.to_string()];
    let (emulator, _provider, cli) = start(directory, CONFIGURATION, &flags)?;
    let cli = cli.env("TF_VAR_count_of_numbers", &numbers.to_string());

    let (started, mut seen, mut applies) = (Instant::now(), Seen::default(), 0);
    while started.elapsed() < *time {
        if let Some(errors) = apply_once(&cli, applies * numbers)? {
            return Err(format!("an apply failed:\n{errors}"));
        }
        applies += 1;
        seen.take(&emulator)?;
    }
    println!(
        "{applies} applies in {:.0} s: {} calls, signed by {} sessions; {} refused for their \
         credentials",
        started.elapsed().as_secs_f64(),
        seen.calls,
        seen.sessions,
        seen.refused
    );
    if seen.refused > 0 {
        return Err("calls were refused for their credentials".into());
    }
    // The plan and the apply have sessions of their own, which are not enough for the time.
    if seen.sessions <= 2 * applies {
        return Err("no session ended: this run shows nothing".into());
    }
    println!("{} Every call had valid credentials.", green("✓"));
    Ok(())
}

impl Seen {
    /// Counts what was recorded since the last time.
    fn take(&mut self, emulator: &Emulator) -> Result<()> {
        let requests: Value = serde_json::from_str(&emulator.take("requests")?)
            .map_err(|error| format!("no journal: {error}"))?;
        for request in requests.as_array().ok_or("the journal is no list")? {
            match request["action"].as_str() {
                Some("AssumeRole") => self.sessions += 1,
                _ => self.calls += 1,
            }
            let code = request["code"].as_str().unwrap_or_default();
            let of_credentials = ["InvalidSecurityToken", "InvalidAccessKeyId", "Signature"];
            self.refused += usize::from(of_credentials.iter().any(|of| code.starts_with(of)));
        }
        Ok(())
    }
}
