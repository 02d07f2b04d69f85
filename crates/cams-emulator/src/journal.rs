//! The journal of all requests in the order of their arrival, and the summary that is counted from
//! it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::number_form::NumberForm;
use crate::request::{Addressee, SignatureMethod};

/// One request in the journal. It holds no secret and no token, but whole phone numbers, because
/// only tests read it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Entry {
    /// The number of the request, counted from 1. The count goes on when the journal is cleared.
    pub(crate) sequence: u64,
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
    /// Whether it started a migration, or was answered as if it did under `--on-repeat same`.
    pub(crate) committed: bool,
    /// Whether it was an initiation that was refused because the space has the number already.
    pub(crate) refused: bool,
    /// The kind of the fault that struck it.
    pub(crate) fault: Option<String>,
    /// The HTTP status that was sent. `None` where no answer was sent.
    pub(crate) status: Option<u16>,
    /// The `Code` of the answer, also where the answer was not sent.
    pub(crate) code: Option<String>,
}

/// All requests since the emulator's start, or since the journal was cleared.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<Entry>,
    last: u64,
}

impl Journal {
    /// The sequence number for the next entry.
    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn write(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// The entries after the given sequence number.
    pub(crate) fn since(&self, sequence: u64) -> &[Entry] {
        let from = self
            .entries
            .partition_point(|entry| entry.sequence <= sequence);
        self.entries.get(from..).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Counts the requests, of one account if one is given, and the initiations of each number. The
    /// most calls are those in any half-open window of this length.
    pub(crate) fn summary(&self, window: Duration, account_id: Option<&str>) -> Value {
        let mut requests: BTreeMap<Addressee, BTreeMap<&str, u64>> = BTreeMap::new();
        let mut counted: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        let is_asked = |e: &&Entry| account_id.is_none() || e.account_id.as_deref() == account_id;
        for entry in self.entries.iter().filter(is_asked) {
            let action = entry.action.as_deref().unwrap_or_default();
            *requests
                .entry(entry.kind)
                .or_default()
                .entry(action)
                .or_default() += 1;
            if entry.counted {
                counted.entry(action).or_default().push(entry);
            }
        }
        let mut throttled = 0;
        let mut actions = Map::new();
        for (action, calls) in counted {
            let times = calls.iter().map(|call| call.at_micros);
            let admitted = calls
                .iter()
                .filter(|call| !call.throttled)
                .map(|call| call.at_micros);
            let rejected = calls.len() - admitted.clone().count();
            throttled += rejected;
            let figures = json!({
                "arrived": calls.len(),
                "throttled": rejected,
                "max_arrived_in_window": most(times, window),
                "max_admitted_in_window": most(admitted, window),
            });
            actions.insert(action.into(), figures);
        }
        let mut duplicates = 0;
        let mut initiations = Vec::new();
        for ((space, number), (accepted, refused)) in self.initiations() {
            duplicates += accepted + refused - 1;
            initiations.push(json!({
                "cust_space_id": space,
                "phone_number": number,
                "accepted": accepted,
                "refused": refused,
            }));
        }
        json!({
            "actions": actions,
            "requests": requests,
            "throttled": throttled,
            "duplicates": duplicates,
            "initiations": initiations,
        })
    }

    /// How often the initiation of each number was accepted and refused, by space and number. Both
    /// forms of a number are one number.
    fn initiations(&self) -> BTreeMap<(&str, String), (u64, u64)> {
        let mut counts: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for entry in self
            .entries
            .iter()
            .filter(|entry| entry.committed || entry.refused)
        {
            if let (Some(space), Some(number)) = (&entry.cust_space_id, &entry.phone_number) {
                let key = (space.as_str(), NumberForm::Dialled.of(number));
                let (accepted, refused) = counts.entry(key).or_default();
                *accepted += u64::from(entry.committed);
                *refused += u64::from(!entry.committed);
            }
        }
        counts
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
