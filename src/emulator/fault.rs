//! Faults: which calls they strike, decided without I/O. What a struck call comes to is in `answer`.

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::echo::Writing;
use super::period::Period;

/// A fault and the calls it strikes. Written as in the list in the documentation of [`emulator`](super).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Fault {
    pub(super) kind: Kind,
    trigger: Trigger,
}

/// What goes wrong. Each is documented, as users write it, in the documentation of [`emulator`](super).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Kind {
    AlteredAnswer {
        #[serde(default)]
        data: Map<String, Value>,
        #[serde(default)]
        rows: Map<String, Value>,
    },
    BusinessError {
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default = "ok")]
        status: u16,
        #[serde(default)]
        access_denied_detail: Option<Value>,
    },
    ClockSkew {
        seconds: i64,
    },
    EchoRequest {
        #[serde(default)]
        writing: Writing,
        #[serde(default = "signature_does_not_match")]
        code: String,
        #[serde(default = "bad_request")]
        status: u16,
    },
    EmptyBody {},
    ExpiredToken {},
    HugeBody {
        #[serde(default = "sixty_four_mebibytes")]
        bytes: u64,
    },
    MalformedJson {},
    NeverAnswer {
        when: When,
    },
    ResetAfterCommit {},
    ResetBeforeCommit {},
    ResetMidBody {},
    SignatureRefused {},
    SlowBody {
        #[serde(default = "two_seconds")]
        over: Period,
    },
    StaleList {},
    Status {
        status: u16,
        when: When,
    },
    Throttle {
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        retry_after: Option<Period>,
        #[serde(default)]
        header: RetryHeader,
    },
    TruncatedJson {},
    WrongContentType {},
    WrongTypes {},
}

/// Four gibibytes: no client reads more, and the blocks are listed in memory.
const MOST_BYTES: u64 = 4 << 30;

/// Ten years: beyond, the date may have no written form.
const MOST_SECONDS: u64 = 10 * 365 * 86_400;

/// On which side of the operation's execution a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    AfterCommit,
    BeforeCommit,
}

/// The header that carries a throttled reply's waiting time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum RetryHeader {
    #[serde(rename = "retry-after")]
    RetryAfter,
    #[default]
    #[serde(rename = "x-acs-retry-after")]
    XAcsRetryAfter,
    #[serde(rename = "x-ratelimit-user")]
    XRatelimitUser,
    #[serde(rename = "x-ratelimit-user-api")]
    XRatelimitUserApi,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing of it was checked.
    Gate,
    /// It is signed, and within the quota.
    Admitted,
}

/// Which calls a fault strikes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Trigger {
    action: Option<String>,
    number: Option<String>,
    nth: Option<u64>,
    times: Option<Value>,
    probability: Option<f64>,
    seed: Option<u64>,
}

/// Why a fault cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fault: {0}")]
pub struct NotAFault(String);

/// The faults in force, in the order in which they are asked.
#[derive(Debug, Default)]
pub(super) struct Faults {
    seed: u64,
    placed: Vec<Placed>,
}

/// What faults are told of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) action: Option<&'a str>,
    pub(super) number: Option<&'a str>,
}

/// One fault and what became of it, as the control interface shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    kind: &'static str,
    matched: u64,
    struck: u64,
}

#[derive(Debug)]
struct Placed {
    fault: Fault,
    random: Rng,
    matched: u64,
    struck: u64,
}

impl Faults {
    pub(super) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let mut all = Self {
            seed,
            placed: Vec::new(),
        };
        all.extend(faults);
        all
    }

    pub(super) fn extend(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            let default = self.seed.wrapping_add(self.placed.len() as u64);
            self.placed.push(Placed {
                random: Rng::with_seed(fault.trigger.seed.unwrap_or(default)),
                fault,
                matched: 0,
                struck: 0,
            });
        }
    }

    pub(super) fn clear(&mut self) {
        self.placed.clear();
    }

    pub(super) fn report(&self) -> Vec<Report> {
        self.placed
            .iter()
            .map(|placed| Report {
                kind: placed.fault.kind.name(),
                matched: placed.matched,
                struck: placed.struck,
            })
            .collect()
    }

    /// The fault that strikes a call at this stage: the first that is due. Those after it are not asked and do not count the call.
    pub(super) fn strike(&mut self, stage: Stage, facts: Facts<'_>) -> Option<Kind> {
        self.placed
            .iter_mut()
            .filter(|placed| placed.fault.kind.stage() == stage)
            .find_map(|placed| placed.strike(facts))
    }
}

impl Placed {
    fn strike(&mut self, facts: Facts<'_>) -> Option<Kind> {
        let trigger = &self.fault.trigger;
        if !trigger.matches(facts) || !self.fault.kind.can_strike(facts) {
            return None;
        }
        self.matched += 1;
        let spent = trigger.times().is_some_and(|times| self.struck >= times);
        if spent || self.matched < trigger.nth.unwrap_or(1) {
            return None;
        }
        if trigger
            .probability
            .is_some_and(|chance| self.random.f64() >= chance)
        {
            return None;
        }
        self.struck += 1;
        Some(self.fault.kind.clone())
    }
}

impl Trigger {
    fn matches(&self, facts: Facts<'_>) -> bool {
        let fits =
            |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
        fits(&self.action, facts.action) && fits(&self.number, facts.number)
    }

    /// How often it strikes at most: once unless told, but without end where chance decides.
    fn times(&self) -> Option<u64> {
        match &self.times {
            None if self.probability.is_some() => None,
            None => Some(1),
            Some(times) => times.as_u64(),
        }
    }

    fn check(&self) -> Result<(), NotAFault> {
        let fail = |why: &str| Err(NotAFault(why.into()));
        if self
            .times
            .as_ref()
            .is_some_and(|times| times.as_u64().is_none() && times != "always")
        {
            return fail("times is neither a number nor \"always\"");
        }
        if self.nth == Some(0) {
            return fail("nth counts from 1");
        }
        if self
            .probability
            .is_some_and(|chance| !(0.0..=1.0).contains(&chance))
        {
            return fail("probability is not between 0 and 1");
        }
        Ok(())
    }
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::AlteredAnswer { .. } => "altered_answer",
            Self::BusinessError { .. } => "business_error",
            Self::ClockSkew { .. } => "clock_skew",
            Self::EchoRequest { .. } => "echo_request",
            Self::EmptyBody {} => "empty_body",
            Self::ExpiredToken {} => "expired_token",
            Self::HugeBody { .. } => "huge_body",
            Self::MalformedJson {} => "malformed_json",
            Self::NeverAnswer { .. } => "never_answer",
            Self::ResetAfterCommit {} => "reset_after_commit",
            Self::ResetBeforeCommit {} => "reset_before_commit",
            Self::ResetMidBody {} => "reset_mid_body",
            Self::SignatureRefused {} => "signature_refused",
            Self::SlowBody { .. } => "slow_body",
            Self::StaleList {} => "stale_list",
            Self::Status { .. } => "status",
            Self::Throttle { .. } => "throttle",
            Self::TruncatedJson {} => "truncated_json",
            Self::WrongContentType {} => "wrong_content_type",
            Self::WrongTypes {} => "wrong_types",
        }
    }

    fn stage(&self) -> Stage {
        match self {
            Self::ClockSkew { .. } | Self::ExpiredToken {} | Self::SignatureRefused {} => {
                Stage::Gate
            }
            _ => Stage::Admitted,
        }
    }

    fn can_strike(&self, facts: Facts<'_>) -> bool {
        *self != Self::StaleList {} || facts.action == Some("QueryChatappPhoneNumbers")
    }

    fn check(&self) -> Result<(), NotAFault> {
        match self {
            Self::BusinessError { status, .. } | Self::EchoRequest { status, .. }
                if *status != 200 && !(400..=599).contains(status) =>
            {
                Err(NotAFault(format!(
                    "a business error has no status {status}"
                )))
            }
            Self::Status { status, .. } if !(400..=599).contains(status) => Err(NotAFault(
                format!("{status} is not the status of a failure"),
            )),
            Self::HugeBody { bytes } if *bytes > MOST_BYTES => {
                Err(NotAFault(format!("a body has at most {MOST_BYTES} bytes")))
            }
            Self::ClockSkew { seconds } if seconds.unsigned_abs() > MOST_SECONDS => Err(NotAFault(
                format!("a clock is off by at most {MOST_SECONDS} seconds"),
            )),
            _ => Ok(()),
        }
    }
}

/// The keys of the trigger and those of the kind share one object; each part knows its own keys and refuses others.
impl TryFrom<Map<String, Value>> for Fault {
    type Error = NotAFault;

    fn try_from(mut keys: Map<String, Value>) -> Result<Self, NotAFault> {
        let Some(Value::String(kind)) = keys.remove("kind") else {
            return Err(NotAFault("kind is missing".into()));
        };
        let mut trigger = Map::new();
        for name in ["action", "number", "nth", "times", "probability", "seed"] {
            if let Some((name, value)) = keys.remove_entry(name) {
                trigger.insert(name, value);
            }
        }
        let unreadable = |error: serde_json::Error| NotAFault(error.to_string());
        let trigger: Trigger = serde_json::from_value(trigger.into()).map_err(unreadable)?;
        let tagged = Map::from_iter([(kind, Value::Object(keys))]);
        let kind: Kind = serde_json::from_value(tagged.into()).map_err(unreadable)?;
        trigger.check()?;
        kind.check()?;
        Ok(Self { kind, trigger })
    }
}

fn signature_does_not_match() -> String {
    "SignatureDoesNotMatch".into()
}

fn bad_request() -> u16 {
    400
}

fn ok() -> u16 {
    200
}

fn sixty_four_mebibytes() -> u64 {
    64 << 20
}

fn two_seconds() -> Period {
    Period(std::time::Duration::from_secs(2))
}

#[cfg(test)]
mod tests;
