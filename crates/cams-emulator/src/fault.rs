//! Faults: which calls they strike, and what they do to them. It is decided without I/O.

mod kind;
mod spoil;

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::number_form::NumberForm;
pub(crate) use kind::{FaultKind, Stage};

/// A fault, the calls that it strikes, and how many it matched and struck. The documentation of the
/// crate says how it is written as JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct Fault {
    /// The name of its kind.
    pub(crate) name: String,
    pub(crate) kind: FaultKind,
    trigger: Trigger,
    random: Rng,
    matched: u64,
    struck: u64,
}

/// Which calls a fault strikes, and how often. A call is counted if action and number match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Trigger {
    /// The action of the calls, or any.
    action: Option<String>,
    /// The phone number of the calls, with its calling code and in either form, or any.
    number: Option<String>,
    /// The first matching call that is struck, counted from 1.
    nth: Option<u64>,
    /// How many calls are struck: a number, or `"always"`. Without it this is one call, or all where
    /// there is a probability.
    times: Option<Value>,
    /// The chance that a call is struck, from 0 to 1.
    probability: Option<f64>,
    /// What the chances follow from.
    seed: Option<u64>,
}

/// The faults in force, in the order in which they are tried.
pub(crate) struct Faults {
    seed: u64,
    faults: Vec<Fault>,
}

/// Reads one fault or a list of them.
pub(crate) fn parse_list(text: &[u8]) -> Result<Vec<Fault>, serde_json::Error> {
    match serde_json::from_slice(text)? {
        list @ Value::Array(_) => serde_json::from_value(list),
        one => Ok(vec![serde_json::from_value(one)?]),
    }
}

impl Faults {
    pub(crate) fn new(seed: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        let mut all = Self {
            seed,
            faults: Vec::new(),
        };
        all.extend(faults);
        all
    }

    pub(crate) fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        for mut fault in faults {
            let default = self.seed.wrapping_add(self.faults.len() as u64);
            fault.random.seed(fault.trigger.seed.unwrap_or(default));
            self.faults.push(fault);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// The fault that strikes a call at this stage, which is the first one that is due. The faults
    /// after it are not tried and do not count the call.
    pub(crate) fn strike(
        &mut self,
        stage: Stage,
        action: Option<&str>,
        number: Option<&str>,
    ) -> Option<&Fault> {
        self.faults.iter_mut().find_map(|fault| {
            let tried = fault.kind.stage() == stage && fault.kind.can_strike(action);
            let matches = tried && fault.trigger.matches(action, number);
            (matches && fault.is_due()).then_some(&*fault)
        })
    }
}

impl Fault {
    /// Counts a call that matches, and returns whether it is struck.
    fn is_due(&mut self) -> bool {
        self.matched += 1;
        if self.struck >= self.trigger.times() || self.matched < self.trigger.nth.unwrap_or(1) {
            return false;
        }
        let chance = self.trigger.probability;
        let due = chance.is_none_or(|chance| self.random.f64() < chance);
        self.struck += u64::from(due);
        due
    }
}

impl Trigger {
    fn matches(&self, action: Option<&str>, number: Option<&str>) -> bool {
        let form = NumberForm::Whatsapp;
        let is_number = |wanted| number.is_some_and(|number| form.of(number) == form.of(wanted));
        let right_action = self.action.is_none() || self.action.as_deref() == action;
        right_action && self.number.as_deref().is_none_or(is_number)
    }

    /// The most calls that are struck.
    fn times(&self) -> u64 {
        match &self.times {
            None if self.probability.is_none() => 1,
            times => times.as_ref().and_then(Value::as_u64).unwrap_or(u64::MAX),
        }
    }

    /// Refuses values that the types allow and that have no meaning.
    fn check(&self) -> Result<(), String> {
        let chance = self.probability.unwrap_or_default();
        let times = self.times.as_ref();
        if self.nth == Some(0) {
            return Err("nth counts from 1".into());
        }
        if !(0.0..=1.0).contains(&chance) {
            return Err("probability is not between 0 and 1".into());
        }
        if times.is_some_and(|times| !times.is_u64() && times != "always") {
            return Err("times is neither a number nor \"always\"".into());
        }
        Ok(())
    }
}

/// The keys of the trigger and those of the kind are in one object. Each part knows its own keys
/// and refuses others.
impl TryFrom<Map<String, Value>> for Fault {
    type Error = String;

    fn try_from(mut keys: Map<String, Value>) -> Result<Self, String> {
        let Some(Value::String(name)) = keys.remove("kind") else {
            return Err("not a fault: kind is missing".into());
        };
        let mut trigger = Map::new();
        for key in ["action", "number", "nth", "times", "probability", "seed"] {
            trigger.extend(keys.remove_entry(key));
        }
        let unreadable = |error| format!("not a fault: {error}");
        let trigger: Trigger = serde_json::from_value(trigger.into()).map_err(unreadable)?;
        let kind = json!({ name.as_str(): keys });
        let kind: FaultKind = serde_json::from_value(kind).map_err(unreadable)?;
        let checked = trigger.check().and_then(|()| kind.check());
        checked.map_err(|error| format!("not a fault: {error}"))?;
        Ok(Self {
            name,
            kind,
            trigger,
            random: Rng::with_seed(0),
            matched: 0,
            struck: 0,
        })
    }
}

#[cfg(test)]
mod tests;
