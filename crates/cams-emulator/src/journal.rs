//! The journal of all requests in the order of their arrival, and the summary that is counted from
//! it.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Value, json};

use crate::number_form::NumberForm;
use crate::request::{Addressee, SignatureMethod};

/// One request in the journal. It holds no secret and no token, but whole phone numbers, because
/// only tests read it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Entry {
    /// Microseconds from the emulator's start to the arrival, which is the moment that the quota
    /// counts.
    pub(crate) at_micros: u64,
    /// What the request is addressed to.
    pub(crate) kind: Addressee,
    /// The action that the request names, or the name that a request to a source of credentials has
    /// here.
    pub(crate) action: Option<String>,
    /// The key that the request says it is signed with, and the account of that key.
    pub(crate) access_key_id: Option<String>,
    pub(crate) account_id: Option<String>,
    /// The key of the session in the answer, also where the answer was not sent.
    pub(crate) issued_key_id: Option<String>,
    pub(crate) cust_space_id: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) signature: Option<SignatureMethod>,
    pub(crate) request_id: String,
    /// Whether the quota counted the request.
    pub(crate) counted: bool,
    /// Whether it was refused because of the quota, by the quota itself or by a fault.
    pub(crate) throttled: bool,
    /// Whether a number took the step that it asked for, or the answer was as if it did, as under
    /// `--on-repeat same`.
    pub(crate) committed: bool,
    /// Whether a number refused the step. An initiation is refused only by a number that the space
    /// has already.
    pub(crate) refused: bool,
    /// The kind of the fault that struck it.
    pub(crate) fault: Option<String>,
    /// The HTTP status that was sent. `None` where no answer was sent.
    pub(crate) status: Option<u16>,
    /// The `Code` of the answer, also where the answer was not sent.
    pub(crate) code: Option<String>,
}

/// Counts the requests and the steps of each number, of one account if one is given. Both forms
/// of a number are one number.
pub(crate) fn summary(journal: &[Entry], account_id: Option<&str>) -> Value {
    let is_asked = |e: &&Entry| account_id.is_none() || e.account_id.as_deref() == account_id;
    let mut requests: BTreeMap<_, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut actions: BTreeMap<&str, ActionCount> = BTreeMap::new();
    // How often a step of each number, by its space, was accepted and refused.
    let mut steps: BTreeMap<&str, BTreeMap<_, [u64; 2]>> = BTreeMap::new();
    for entry in journal.iter().filter(is_asked) {
        let action = entry.action.as_deref().unwrap_or_default();
        let of_kind = requests.entry(entry.kind).or_default();
        *of_kind.entry(action).or_default() += 1;
        if entry.counted {
            actions.entry(action).or_default().count(entry);
        }
        if let (Some(space), Some(number)) = (&entry.cust_space_id, &entry.phone_number)
            && (entry.committed || entry.refused)
        {
            let number = (space, NumberForm::Dialled.of(number));
            let counts = steps.entry(action).or_default().entry(number);
            counts.or_default()[usize::from(entry.refused)] += 1;
        }
    }
    let mut summary = json!({
        "throttled": actions.values().map(|action| action.throttled).sum::<u64>(),
        "duplicates": 0,
        "actions": actions,
        "requests": requests,
    });
    for (action, name) in STEPS {
        let counts = steps.remove(action).unwrap_or_default();
        if name == "initiations" {
            let all: u64 = counts.values().flatten().sum();
            summary["duplicates"] = (all - counts.len() as u64).into();
        }
        let counts = counts.into_iter();
        let rows = counts.map(|((space, number), [accepted, refused])| {
            json!({
                "cust_space_id": space,
                "phone_number": number,
                "accepted": accepted,
                "refused": refused,
            })
        });
        summary[name] = rows.collect();
    }
    summary
}

/// The steps of a number, and the names under which the summary counts them.
const STEPS: [(&str, &str); 5] = [
    ("CreateChatappMigrationInitiate", "initiations"),
    ("GetMigrationVerifyCode", "sends"),
    ("ChatappMigrationVerified", "submissions"),
    ("ChatappMigrationRegister", "registrations"),
    ("ChatappPhoneNumberDeregister", "deregistrations"),
];

/// How many calls of an action the quota counted.
#[derive(Debug, Default, Serialize)]
struct ActionCount {
    arrived: u64,
    throttled: u64,
    /// The most calls that arrived in any half-open window of a second.
    max_arrived_in_window: usize,
    /// When the calls of the last second arrived.
    #[serde(skip)]
    window: VecDeque<u64>,
}

impl ActionCount {
    fn count(&mut self, entry: &Entry) {
        self.arrived += 1;
        self.throttled += u64::from(entry.throttled);
        let is_over = |first: &u64| entry.at_micros - first >= 1_000_000;
        while self.window.pop_front_if(|first| is_over(first)).is_some() {}
        self.window.push_back(entry.at_micros);
        self.max_arrived_in_window = self.max_arrived_in_window.max(self.window.len());
    }
}

#[cfg(test)]
mod tests;
