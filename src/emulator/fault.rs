//! Faults: which calls they strike, decided without I/O. What a struck call comes to is in `answer`.

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
            Self::BusinessError { .. } => "business_error",
            Self::ClockSkew { .. } => "clock_skew",
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
            Self::BusinessError { status, .. }
                if *status != 200 && !(400..=599).contains(status) =>
            {
                Err(NotAFault(format!(
                    "a business error has no status {status}"
                )))
            }
            Self::Status { status, .. } if !(400..=599).contains(status) => Err(NotAFault(
                format!("{status} is not the status of a failure"),
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
mod tests {
    use serde_json::json;

    use super::*;

    const CREATE: Facts<'static> = Facts {
        action: Some("Create"),
        number: Some("86139"),
    };
    const LIST: Facts<'static> = Facts {
        action: Some("List"),
        number: None,
    };

    fn faults(faults: Value) -> Faults {
        Faults::new(7, serde_json::from_value(faults).expect("a list of faults"))
    }

    fn struck(faults: &mut Faults, calls: usize, facts: Facts<'_>) -> Vec<bool> {
        (0..calls)
            .map(|_| faults.strike(Stage::Admitted, facts).is_some())
            .collect()
    }

    #[test]
    fn a_fault_strikes_once_unless_told() {
        let mut once = faults(json!([{ "kind": "empty_body" }]));
        assert_eq!(struck(&mut once, 3, CREATE), [true, false, false]);
        let mut always = faults(json!([{ "kind": "empty_body", "times": "always" }]));
        assert_eq!(struck(&mut always, 3, CREATE), [true; 3]);
    }

    #[test]
    fn nth_and_times_pick_a_run_of_calls() {
        let mut faults = faults(json!([{ "kind": "empty_body", "nth": 2, "times": 2 }]));
        assert_eq!(
            struck(&mut faults, 5, CREATE),
            [false, true, true, false, false]
        );
    }

    #[test]
    fn action_and_number_pick_calls_and_only_those_are_counted() {
        let mut faults = faults(
            json!([{ "kind": "empty_body", "action": "Create", "number": "86139", "nth": 2 }]),
        );
        assert_eq!(struck(&mut faults, 2, LIST), [false, false]);
        let other = Facts {
            number: Some("86138"),
            ..CREATE
        };
        assert_eq!(struck(&mut faults, 2, other), [false, false]);
        assert_eq!(struck(&mut faults, 2, CREATE), [false, true]);
    }

    #[test]
    fn chance_is_fixed_by_the_seed_and_near_the_probability() {
        let fault = json!([{ "kind": "empty_body", "probability": 0.2, "seed": 5 }]);
        let first = struck(&mut faults(fault.clone()), 2000, CREATE);
        assert_eq!(struck(&mut faults(fault), 2000, CREATE), first);
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((300..500).contains(&hits), "{hits}");
    }

    #[test]
    fn the_first_due_fault_strikes_and_hides_the_call_from_the_others() {
        let mut faults = faults(json!([{ "kind": "empty_body" }, { "kind": "malformed_json" }]));
        assert_eq!(
            faults.strike(Stage::Admitted, CREATE),
            Some(Kind::EmptyBody {})
        );
        assert_eq!(
            faults.strike(Stage::Admitted, CREATE),
            Some(Kind::MalformedJson {})
        );
        assert_eq!(faults.strike(Stage::Admitted, CREATE), None);
    }

    #[test]
    fn faults_of_the_gate_wait_at_the_gate() {
        let mut faults = faults(json!([{ "kind": "clock_skew", "seconds": -1200 }]));
        assert_eq!(faults.strike(Stage::Admitted, CREATE), None);
        assert_eq!(
            faults.strike(Stage::Gate, CREATE),
            Some(Kind::ClockSkew { seconds: -1200 })
        );
    }

    #[test]
    fn every_kind_can_be_written() {
        for text in [
            r#"{"kind":"business_error","code":"X","status":400,"access_denied_detail":{"a":1}}"#,
            r#"{"kind":"clock_skew","seconds":-1200}"#,
            r#"{"kind":"empty_body"}"#,
            r#"{"kind":"expired_token"}"#,
            r#"{"kind":"huge_body","bytes":10}"#,
            r#"{"kind":"malformed_json"}"#,
            r#"{"kind":"never_answer","when":"after_commit"}"#,
            r#"{"kind":"reset_after_commit"}"#,
            r#"{"kind":"reset_before_commit"}"#,
            r#"{"kind":"reset_mid_body"}"#,
            r#"{"kind":"signature_refused"}"#,
            r#"{"kind":"slow_body","over":"50ms"}"#,
            r#"{"kind":"stale_list","times":3}"#,
            r#"{"kind":"status","status":503,"when":"before_commit"}"#,
            r#"{"kind":"throttle","retry_after":"700ms","header":"x-ratelimit-user-api"}"#,
            r#"{"kind":"truncated_json"}"#,
            r#"{"kind":"wrong_content_type"}"#,
            r#"{"kind":"wrong_types","probability":0.5}"#,
        ] {
            let fault: Fault = serde_json::from_str(text).expect(text);
            assert!(text.contains(fault.kind.name()), "{text}");
        }
    }

    #[test]
    fn misspelt_faults_are_refused() {
        for text in [
            r"{}",
            r#"{"kind":"unknown"}"#,
            r#"{"kind":"empty_body","acton":"Create"}"#,
            r#"{"kind":"empty_body","times":"often"}"#,
            r#"{"kind":"empty_body","nth":0}"#,
            r#"{"kind":"empty_body","probability":1.5}"#,
            r#"{"kind":"status","status":99,"when":"before_commit"}"#,
            r#"{"kind":"never_answer"}"#,
        ] {
            assert!(serde_json::from_str::<Fault>(text).is_err(), "{text}");
        }
    }
}
