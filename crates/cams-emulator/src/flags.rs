//! The settings of an emulator. Each is declared once: as a flag, which has its default and its
//! documentation, and as the field that the code reads.

use std::net::SocketAddr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser};

use crate::behaviour::ServiceChoices;
use crate::fault::{self, Fault};
use crate::issuance::Issuance;
use crate::keys::PermanentKey;
use crate::operations;
use crate::period::Period;
use crate::quota::Limits;

/// A CAMS that runs on your machine: the API on /, its control interface under /_emulator/.
///
/// If a flag is given twice, the last value counts, except for --deny, --faults, --key and --role,
/// which add up.
#[derive(Clone, Debug, Parser)]
#[command(name = "cams-emulator", version = base::VERSION, args_override_self = true)]
pub struct Flags {
    /// Where to listen, on a loopback address; port 0 picks a free one
    #[arg(long, value_name = "ADDR", value_parser = loopback, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Fixes ids, jitter, the chances of faults, and the odd row and the order of rows in lists
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) account: AccountSettings,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) timing: Latencies,
    #[command(flatten)]
    pub(crate) behaviour: ServiceChoices,
    #[command(flatten)]
    pub(crate) issuance: Issuance,
    /// A JSON list of faults, as POST /_emulator/faults takes it
    #[arg(long, value_name = "FILE", value_parser = faults, help_heading = "Faults")]
    pub(crate) faults: Vec<FaultList>,
}

/// Whose keys are known, and what the caller may do.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct AccountSettings {
    #[command(flatten)]
    pub(crate) key: PermanentKey,
    /// Another access key, of the same account or of another; may be given several times
    #[arg(long = "key", value_name = "ACCOUNT:ID:SECRET")]
    pub(crate) more_keys: Vec<PermanentKey>,
    /// Let RAM deny this operation to the caller; may be given several times
    #[arg(long, value_name = "ACTION", value_parser = PossibleValuesParser::new(operations::of_cams()))]
    pub(crate) deny: Vec<String>,
}

/// How long things take.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct Latencies {
    /// The round trip; half passes before a call is counted, half after it is served
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) latency: Period,
    /// How much longer or shorter a round trip may be
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) jitter: Period,
    /// How much longer the first call of a connection takes to arrive, as behind a TLS handshake
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) connect_latency: Period,
    /// What a served call takes between its commit and its answer
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) service_time: Period,
}

/// The faults of one file.
type FaultList = Vec<Fault>;

fn faults(path: &str) -> Result<FaultList, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    fault::parse_list(&text).map_err(|error| error.to_string())
}

/// Reads an address that other machines cannot reach: anyone who reaches it can read the journal
/// and add faults.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|error| format!("{error}"))?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("other machines can reach the address".into()),
    }
}

#[cfg(test)]
mod tests;
