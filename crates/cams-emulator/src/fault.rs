//! Faults: which calls they strike, and what they do to them. It is decided without I/O.

mod kind;
mod spoil;

use fastrand::Rng;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value, json};

use crate::number_form::NumberForm;
pub(crate) use kind::{Effect, FaultKind, Stage, Travel};

/// A fault and the calls that it strikes. The documentation of the crate says how it is written as
/// JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct Fault {
    /// The name of its kind.
    pub(crate) name: String,
    pub(crate) kind: FaultKind,
    trigger: Trigger,
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
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    placed: Vec<Placed>,
}

/// A fault in force, with its source of chance, and how many calls it matched and struck.
#[derive(Debug)]
struct Placed {
    fault: Fault,
    random: Rng,
    matched: u64,
    struck: u64,
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
            placed: Vec::new(),
        };
        all.extend(faults);
        all
    }

    pub(crate) fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
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

    pub(crate) fn clear(&mut self) {
        self.placed.clear();
    }

    /// How many calls each fault matched and struck.
    pub(crate) fn report(&self) -> Value {
        let report = |placed: &Placed| {
            let name = &placed.fault.name;
            json!({ "kind": name, "matched": placed.matched, "struck": placed.struck })
        };
        self.placed.iter().map(report).collect()
    }

    /// The fault that strikes a call at this stage, which is the first one that is due. The faults
    /// after it are not tried and do not count the call.
    pub(crate) fn strike(
        &mut self,
        stage: Stage,
        action: Option<&str>,
        number: Option<&str>,
    ) -> Option<&Fault> {
        let mut placed = self.placed.iter_mut();
        let struck = placed.find_map(|placed| {
            let kind = &placed.fault.kind;
            let tried = kind.stage() == stage && kind.can_strike(action);
            let matches = tried && placed.fault.trigger.matches(action, number);
            (matches && placed.is_due()).then_some(&placed.fault)
        });
        struck
    }
}

impl Placed {
    /// Counts a call that matches, and returns whether it is struck.
    fn is_due(&mut self) -> bool {
        let trigger = &self.fault.trigger;
        self.matched += 1;
        let spent = trigger.times().is_some_and(|times| self.struck >= times);
        if spent || self.matched < trigger.nth.unwrap_or(1) {
            return false;
        }
        if trigger
            .probability
            .is_some_and(|chance| self.random.f64() >= chance)
        {
            return false;
        }
        self.struck += 1;
        true
    }
}

impl Trigger {
    fn matches(&self, action: Option<&str>, number: Option<&str>) -> bool {
        let same = |wanted: &str, number: &str| {
            NumberForm::Whatsapp.of(wanted) == NumberForm::Whatsapp.of(number)
        };
        self.action
            .as_deref()
            .is_none_or(|wanted| action == Some(wanted))
            && self
                .number
                .as_deref()
                .is_none_or(|wanted| number.is_some_and(|it| same(wanted, it)))
    }

    /// The most calls that are struck, or `None` if there is no limit.
    fn times(&self) -> Option<u64> {
        match &self.times {
            Some(times) => times.as_u64(),
            None => self.probability.is_none().then_some(1),
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
        let kind = json!({ name.as_str(): keys });
        let parsed = serde_json::from_value(trigger.into()).and_then(|trigger: Trigger| {
            let kind: FaultKind = serde_json::from_value(kind)?;
            let checked = trigger.check().and_then(|()| kind.check());
            checked.map_err(serde_json::Error::custom)?;
            Ok(Self {
                name,
                kind,
                trigger,
            })
        });
        parsed.map_err(|error| format!("not a fault: {error}"))
    }
}

#[cfg(test)]
mod tests;
