//! The journal of all requests in the order of their arrival, and the summary that is counted from
//! it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

use super::api::Api;
use super::behaviour::NumberForm;
use super::request::SignatureForm;

/// One request in the journal. It holds no secret and no token, but whole phone numbers, because
/// only tests read it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// The number of the request, counted from 1. The count goes on when the journal is cleared.
    pub(super) sequence: u64,
    /// Microseconds from the emulator's start to the arrival, which is the moment that the quota
    /// counts.
    pub(super) at_micros: u64,
    /// What the request is addressed to.
    pub(super) kind: Api,
    /// The action that the request names, or the name that a request to a source of credentials has
    /// here.
    pub(super) action: Option<String>,
    /// The key that the request says it is signed with, and the account of that key.
    pub(super) access_key_id: Option<String>,
    pub(super) account_id: Option<String>,
    /// The key of the session that the answer hands out, also where the answer was not sent.
    pub(super) issued_key_id: Option<String>,
    pub(super) cust_space_id: Option<String>,
    pub(super) phone_number: Option<String>,
    pub(super) signature: Option<SignatureForm>,
    pub(super) request_id: String,
    /// Whether the request came as far as the quota.
    pub(super) counted: bool,
    /// Whether it was turned away for the sake of the quota, by the quota itself or by a fault.
    pub(super) throttled: bool,
    /// Whether it started a migration, or was answered as if it did under `--on-repeat same`.
    pub(super) committed: bool,
    /// Whether it was an initiation that was refused because the space has the number already.
    pub(super) refused: bool,
    /// The kind of the fault that struck it.
    pub(super) fault: Option<&'static str>,
    /// The HTTP status that was sent. `None` where no answer was sent.
    pub(super) status: Option<u16>,
    /// The `Code` of the answer, also where the answer was not sent.
    pub(super) code: Option<String>,
}

/// The figures by which a throttle is judged, and how often each number was initiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    /// The calls of each action, by its name.
    pub(super) actions: BTreeMap<String, Calls>,
    /// How many requests there were, refused ones included, by what they are addressed to and by
    /// their action.
    pub(super) requests: BTreeMap<Api, BTreeMap<String, u64>>,
    /// The calls that were turned away for the sake of the quota.
    pub(super) throttled: u64,
    /// The initiations beyond the first one of each number, whether accepted or refused.
    pub(super) duplicates: u64,
    /// The initiations of every number that has any.
    pub(super) initiations: Vec<Initiations>,
}

/// The calls of one action that came as far as the quota.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Calls {
    pub(super) arrived: u64,
    pub(super) throttled: u64,
    /// The most calls that arrived in any half-open window.
    pub(super) max_arrived_in_window: usize,
    /// The most calls that arrived in any such window and were let through.
    pub(super) max_admitted_in_window: usize,
}

/// How often a number was initiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Initiations {
    pub(super) cust_space_id: String,
    pub(super) phone_number: String,
    /// The initiations that were accepted. There is more than one only with `--on-repeat same` or
    /// `new-id`, or after the number was removed.
    pub(super) accepted: u64,
    /// The initiations that were refused because the number was there already.
    pub(super) refused: u64,
}

/// All requests since the emulator's start, or since the journal was cleared.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: Vec<Entry>,
    last: u64,
}

impl Journal {
    /// The sequence number for the next entry.
    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// The entries after the given sequence number.
    pub(super) fn since(&self, sequence: u64) -> &[Entry] {
        let from = self
            .entries
            .partition_point(|entry| entry.sequence <= sequence);
        self.entries.get(from..).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Counts the calls, of one account if one is given. The most calls are those in any window of
    /// this length.
    pub(super) fn summary(&self, window: Duration, account_id: Option<&str>) -> Summary {
        let of_account =
            |entry: &&Entry| account_id.is_none() || entry.account_id.as_deref() == account_id;
        let mut of_action: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        let mut requests: BTreeMap<Api, BTreeMap<String, u64>> = BTreeMap::new();
        for entry in self.entries.iter().filter(of_account) {
            let action = entry.action.clone().unwrap_or_default();
            *requests
                .entry(entry.kind)
                .or_default()
                .entry(action)
                .or_default() += 1;
        }
        let counted = |entry: &&Entry| entry.counted && of_account(entry);
        for entry in self.entries.iter().filter(counted) {
            let action = entry.action.as_deref().unwrap_or_default();
            of_action.entry(action).or_default().push(entry);
        }
        let actions: BTreeMap<_, _> = of_action
            .into_iter()
            .map(|(action, entries)| (action.to_owned(), calls(&entries, window)))
            .collect();
        let initiations = self.initiations();
        Summary {
            throttled: actions.values().map(|calls| calls.throttled).sum(),
            duplicates: initiations
                .iter()
                .map(|number| (number.accepted + number.refused).saturating_sub(1))
                .sum(),
            initiations,
            actions,
            requests,
        }
    }

    fn initiations(&self) -> Vec<Initiations> {
        let mut counts: BTreeMap<(&str, String), (u64, u64)> = BTreeMap::new();
        for entry in &self.entries {
            let (Some(space), Some(number)) = (&entry.cust_space_id, &entry.phone_number) else {
                continue;
            };
            // Both forms of a number are one number, which is started twice in two forms too.
            let key = (space.as_str(), NumberForm::Dialled.of(number));
            if entry.committed {
                counts.entry(key).or_default().0 += 1;
            } else if entry.refused {
                counts.entry(key).or_default().1 += 1;
            }
        }
        counts
            .into_iter()
            .map(|((space, number), (accepted, refused))| Initiations {
                cust_space_id: space.into(),
                phone_number: number,
                accepted,
                refused,
            })
            .collect()
    }
}

fn calls(entries: &[&Entry], window: Duration) -> Calls {
    let admitted = entries.iter().filter(|entry| !entry.throttled);
    Calls {
        arrived: entries.len() as u64,
        throttled: entries.iter().filter(|entry| entry.throttled).count() as u64,
        max_arrived_in_window: most(entries.iter().map(|entry| entry.at_micros), window),
        max_admitted_in_window: most(admitted.map(|entry| entry.at_micros), window),
    }
}

/// The most of these times, which ascend, that are in any half-open window.
fn most(times: impl Iterator<Item = u64>, window: Duration) -> usize {
    let window = u64::try_from(window.as_micros()).unwrap_or(u64::MAX);
    let mut inside = VecDeque::new();
    let mut most = 0;
    for time in times {
        inside.push_back(time);
        while inside.front().is_some_and(|first| time - first >= window) {
            inside.pop_front();
        }
        most = most.max(inside.len());
    }
    most
}

#[cfg(test)]
mod tests;
