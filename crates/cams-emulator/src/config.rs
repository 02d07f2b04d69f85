//! The configuration of an emulator.

use std::time::Duration;

use super::behaviour::Behaviour;
use super::fault::Fault;
use super::issuance::Issuance;
use super::keys::AccessKey;
use super::quota::{Quota, QuotaPer, Window};
use base::clock::Clock;
use base::secret::Secret;

/// Everything that can be chosen about an emulator. The default is quick, strict and without
/// faults.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account of the first access key, and of sessions that no account asked for.
    pub account_id: String,
    /// The id of the first access key.
    pub access_key_id: String,
    /// The secret that belongs to the access key id.
    pub access_key_secret: Secret,
    /// The security token that every request must carry. Without it, a token that a request carries
    /// is covered by the signature but not compared.
    pub security_token: Option<Secret>,
    /// Whether the first access key is the account's own rather than a RAM user's.
    pub is_root: bool,
    /// More access keys, of the same account or of others.
    pub more_keys: Vec<AccessKey>,
    /// The one access token that CloudSSO accepts. Without it any token passes.
    pub sso_access_token: Option<Secret>,
    /// The quota of each account for CAMS.
    pub quota: Quota,
    /// Whether each action has it, or all of them together.
    pub quota_per: QuotaPer,
    /// The quota of each account for each action of STS.
    pub sts_quota: Quota,
    /// The kind of window in which calls are counted against the quota.
    pub window: Window,
    /// Whether calls over the quota count against it too.
    pub count_rejected: bool,
    /// The code of a reply to a call over the quota.
    pub throttle_code: String,
    /// Whether such a reply says in `x-acs-retry-after` when to come back.
    pub retry_after: bool,
    /// The time of a round trip. Half of it passes before a call arrives and is counted, and half
    /// after it is served.
    pub latency: Duration,
    /// The most by which a round trip may be longer or shorter, evenly distributed.
    pub jitter: Duration,
    /// How much longer the first call of a connection takes to arrive, as behind a TLS handshake.
    pub connect_latency: Duration,
    /// The time between the commit of a call that was served and the departure of its answer.
    pub service_time: Duration,
    /// What ids, request ids, jitter and the chances of faults follow from.
    pub seed: u64,
    /// What the service does where its documentation leaves a choice.
    pub behaviour: Behaviour,
    /// How sessions are issued.
    pub issuance: Issuance,
    /// The faults in force from the start on.
    pub faults: Vec<Fault>,
    /// The clock that shows the date of the server.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            account_id: "1000000000000000".into(),
            access_key_id: "emulator".into(),
            access_key_secret: Secret::new("emulator-secret"),
            security_token: None,
            is_root: false,
            more_keys: Vec::new(),
            sso_access_token: None,
            quota: Quota::default(),
            quota_per: QuotaPer::default(),
            sts_quota: Quota::of_sts(),
            window: Window::default(),
            count_rejected: false,
            throttle_code: "Throttling.User".into(),
            retry_after: false,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            connect_latency: Duration::ZERO,
            service_time: Duration::ZERO,
            seed: 0,
            behaviour: Behaviour::default(),
            issuance: Issuance::default(),
            faults: Vec::new(),
            clock: Clock::system(),
        }
    }
}
