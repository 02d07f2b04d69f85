//! The condition under which a fault strikes a call.

use serde::Deserialize;
use serde_json::Value;

use super::{Facts, NotAFault};
use crate::behaviour::NumberForm;

/// Which calls a fault strikes, and how often. A call is counted if action and number match.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Trigger {
    /// The action of the calls, or any.
    action: Option<String>,
    /// The phone number of the calls, with its calling code and in either form, or any.
    number: Option<String>,
    /// The first matching call that is struck, counted from 1.
    pub(super) nth: Option<u64>,
    /// How many calls are struck: a number, or `"always"`.
    times: Option<Times>,
    /// The chance that a call is struck, from 0 to 1.
    pub(super) probability: Option<f64>,
    /// What the chances follow from.
    pub(super) seed: Option<u64>,
}

/// The most calls that a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
enum Times {
    /// Every matching call is struck.
    Always,
    /// At most this many calls are struck.
    AtMost(u64),
}

impl TryFrom<Value> for Times {
    type Error = &'static str;

    fn try_from(times: Value) -> Result<Self, Self::Error> {
        match times.as_u64() {
            Some(calls) => Ok(Self::AtMost(calls)),
            None if times == "always" => Ok(Self::Always),
            None => Err("times is neither a number nor \"always\""),
        }
    }
}

impl Trigger {
    /// Whether a call has the action and the number.
    pub(super) fn matches(&self, facts: Facts<'_>) -> bool {
        let fits =
            |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
        let form = NumberForm::Whatsapp;
        let wanted = self.number.as_ref().map(|number| form.of(number));
        let is = facts.number.map(|number| form.of(number));
        fits(&self.action, facts.action) && fits(&wanted, is.as_deref())
    }

    /// The most calls that are struck, or `None` if there is no end. Unless `times` says otherwise
    /// this is one call, or no end where there is a probability.
    pub(super) fn times(&self) -> Option<u64> {
        match self.times {
            Some(Times::Always) => None,
            Some(Times::AtMost(calls)) => Some(calls),
            None if self.probability.is_some() => None,
            None => Some(1),
        }
    }

    /// Refuses values that the types allow and that nothing can be made of.
    pub(super) fn check(&self) -> Result<(), NotAFault> {
        let fail = |why: &str| Err(NotAFault(why.into()));
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
