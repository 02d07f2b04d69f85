//! Faults: which calls they strike. It is decided without I/O. What the client of a struck call
//! receives is in `answer`.

mod kind;
mod trigger;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use kind::{Kind, RetryHeader, Stage, When};
use trigger::Trigger;

/// A fault and the calls that it strikes. The documentation of [`emulator`](super) says how it is
/// written as JSON.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Fault {
    pub(super) kind: Kind,
    trigger: Trigger,
}

/// Why a fault cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fault: {0}")]
pub struct NotAFault(String);

/// The faults in force, in the order in which they are tried.
#[derive(Debug, Default)]
pub(super) struct Faults {
    seed: u64,
    placed: Vec<Placed>,
}

/// What faults know of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) action: Option<&'a str>,
    pub(super) number: Option<&'a str>,
}

/// A fault as the control interface shows it: how many calls it matched, and how many it struck.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    kind: &'static str,
    matched: u64,
    struck: u64,
}

/// A fault in force, with its counts and its source of chance.
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

    /// The fault that strikes a call at this stage, which is the first one that is due. The faults
    /// after it are not tried and do not count the call.
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

/// The keys of the trigger and those of the kind are in one object. Each part knows its own keys
/// and refuses others.
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

#[cfg(test)]
mod tests;
