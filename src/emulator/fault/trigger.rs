//! Which calls a fault strikes, and how often.

use serde::Deserialize;
use serde_json::Value;

use super::{Facts, NotAFault};

/// Which calls a fault strikes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Trigger {
    action: Option<String>,
    number: Option<String>,
    pub(super) nth: Option<u64>,
    times: Option<Value>,
    pub(super) probability: Option<f64>,
    pub(super) seed: Option<u64>,
}

impl Trigger {
    pub(super) fn matches(&self, facts: Facts<'_>) -> bool {
        let fits =
            |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
        fits(&self.action, facts.action) && fits(&self.number, facts.number)
    }

    /// How often it strikes at most: once unless told, but without end where chance decides.
    pub(super) fn times(&self) -> Option<u64> {
        match &self.times {
            None if self.probability.is_some() => None,
            None => Some(1),
            Some(times) => times.as_u64(),
        }
    }

    pub(super) fn check(&self) -> Result<(), NotAFault> {
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
