//! The flags of the emulator's binary.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};

use super::behaviour::Behaviour;
use super::config::Config;
use super::control;
use super::fault::Fault;
use super::issuance::Issuance;
use super::keys::AccessKey;
use super::period::Period;
use super::quota::{Quota, QuotaPer, Window};
use base::clock::Clock;
use base::secret::Secret;

/// A CAMS that runs on your machine: the API on /, its control interface under /_emulator/.
///
/// Of a flag that is given twice the last value counts, except for --deny, --faults, --key and
/// --role, which add up.
#[derive(Debug, Parser)]
#[command(name = "cams-emulator", version, args_override_self = true)]
pub struct Flags {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Listen on an address that other machines reach: anyone there can read the journal and place
    /// faults
    #[arg(long)]
    allow_remote: bool,

    /// The account that the access key belongs to
    #[arg(
        long,
        value_name = "ID",
        default_value = "1000000000000000",
        help_heading = "Account"
    )]
    account_id: String,
    /// The access key id that is known
    #[arg(
        long,
        value_name = "ID",
        default_value = "emulator",
        help_heading = "Account"
    )]
    access_key_id: String,
    /// The secret that belongs to the access key id
    #[arg(
        long,
        value_name = "SECRET",
        default_value = "emulator-secret",
        value_parser = secret,
        help_heading = "Account"
    )]
    access_key_secret: Secret,
    /// Require this STS token; without the flag any token passes
    #[arg(long, value_name = "TOKEN", value_parser = secret, help_heading = "Account")]
    security_token: Option<Secret>,

    /// Let the access key be the account's own, which cannot assume roles, and not a RAM user's
    #[arg(long = "root", help_heading = "Account")]
    is_root: bool,
    /// Another access key that is known, of the same account or of another; may be given several
    /// times
    #[arg(
        long = "key",
        value_name = "ACCOUNT:ID:SECRET",
        help_heading = "Account"
    )]
    more_keys: Vec<AccessKey>,
    /// Let CloudSSO accept only this access token; without the flag any token passes
    #[arg(long, value_name = "TOKEN", value_parser = secret, help_heading = "Account")]
    sso_access_token: Option<Secret>,

    /// The quota, as calls/duration
    #[arg(long, default_value = "10/1s", help_heading = "Quota")]
    quota: Quota,
    /// Whether it is that of each action, or that of all actions of an account together
    #[arg(long, value_enum, default_value = "action", help_heading = "Quota")]
    quota_per: QuotaPer,
    /// The quota of each action of STS
    #[arg(long, default_value = "100/1s", help_heading = "Quota")]
    sts_quota: Quota,
    /// How the quota counts
    #[arg(long, value_enum, default_value = "sliding", help_heading = "Quota")]
    window: Window,
    /// Count calls over the quota against it too
    #[arg(long, help_heading = "Quota")]
    count_rejected: bool,
    /// The code of a reply to a call over the quota, such as System.LimitControl
    #[arg(
        long,
        value_name = "CODE",
        default_value = "Throttling.User",
        help_heading = "Quota"
    )]
    throttle_code: String,
    /// Say in x-acs-retry-after when a call over the quota may come back
    #[arg(long, help_heading = "Quota")]
    retry_after: bool,

    /// The round trip; half passes before a call is counted, half after it is served
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "0ms",
        help_heading = "Time"
    )]
    latency: Period,
    /// How much longer or shorter a round trip may be
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "0ms",
        help_heading = "Time"
    )]
    jitter: Period,
    /// How much longer the first call of a connection takes to arrive, as behind a TLS handshake
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "0ms",
        help_heading = "Time"
    )]
    connect_latency: Period,
    /// What a served call takes between its commit and its answer
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "0ms",
        help_heading = "Time"
    )]
    service_time: Period,
    /// Fixes ids, jitter, the chances of faults, and the odd row and the order of rows in lists
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    behaviour: Behaviour,

    #[command(flatten)]
    issuance: Issuance,

    /// A JSON list of faults, as POST /_emulator/faults takes it
    #[arg(long, value_name = "FILE", action = ArgAction::Append, help_heading = "Faults")]
    faults: Vec<PathBuf>,
}

/// Why no configuration can be made from the flags.
#[derive(Debug, thiserror::Error)]
pub enum FlagError {
    /// The file with the faults does not hold faults.
    #[error("{path}: {source}")]
    Faults {
        /// The path of the file, as it was given.
        path: PathBuf,
        /// What is wrong in the file, and where.
        source: serde_json::Error,
    },
    /// The address is not a loopback address.
    #[error("{0} can be reached from other machines; say --allow-remote if they may")]
    Remote(SocketAddr),
    /// The file with the faults cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The path of the file, as it was given.
        path: PathBuf,
        /// The reason that the system gives.
        source: std::io::Error,
    },
}

impl Flags {
    /// The configuration that the flags describe. Reads the files with the faults.
    ///
    /// # Errors
    ///
    /// If the address can be reached from other machines and that is not allowed, or if a file with
    /// faults cannot be read or holds something else.
    pub fn into_config(self) -> Result<Config, FlagError> {
        if !self.allow_remote && !self.listen.ip().is_loopback() {
            return Err(FlagError::Remote(self.listen));
        }
        let mut faults = Vec::new();
        for path in &self.faults {
            faults.extend(read_faults(path)?);
        }
        Ok(Config {
            account_id: self.account_id,
            access_key_id: self.access_key_id,
            access_key_secret: self.access_key_secret,
            security_token: self.security_token,
            is_root: self.is_root,
            more_keys: self.more_keys,
            sso_access_token: self.sso_access_token,
            quota: self.quota,
            quota_per: self.quota_per,
            sts_quota: self.sts_quota,
            window: self.window,
            count_rejected: self.count_rejected,
            throttle_code: self.throttle_code,
            retry_after: self.retry_after,
            latency: self.latency.0,
            jitter: self.jitter.0,
            connect_latency: self.connect_latency.0,
            service_time: self.service_time.0,
            seed: self.seed,
            behaviour: self.behaviour,
            issuance: self.issuance,
            faults,
            clock: Clock::system(),
        })
    }
}

fn read_faults(path: &Path) -> Result<Vec<Fault>, FlagError> {
    let text = std::fs::read(path).map_err(|source| FlagError::Unreadable {
        path: path.into(),
        source,
    })?;
    control::parse_faults(&text).map_err(|source| FlagError::Faults {
        path: path.into(),
        source,
    })
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests;
