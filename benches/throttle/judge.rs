//! Evaluates a scenario from the emulator's journal: whether the quota was kept, how long the
//! scenario took, and how evenly the quota was shared.

use std::collections::BTreeMap;

use crate::emulator::Emulator;
use crate::scenario::Scenario;
use crate::workload::{Applied, INITIATE, process_of};

/// The operation that looks up a number before its migration.
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";

/// The account's limit: the calls of one operation that are allowed in a second.
const LIMIT: usize = 10;

/// The heading of the table. [`Verdict::row`] returns its rows.
pub(crate) const HEADING: &str = "\
policy             scenario       processes   numbers   most in 1 s   throttled   makespan   Jain  \
  longest wait";

/// What the columns of the table mean.
pub(crate) const LEGEND: &str = "\
most in 1 s: the most calls of one operation that arrived in any second; 10 are allowed.
throttled: the calls that the service throttled.
makespan: the time from the first to the last arrival, divided by the shortest possible time.
Jain: Jain's index of fairness between processes while all have work; 1 is even.
longest wait: divided by the time that the longest queue takes at the achieved rate; 1 means first
come, first served.";

/// One call in the emulator's journal.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Seconds from the emulator's start to the call's arrival.
    pub(crate) at: f64,
    /// Whether the service throttled it.
    pub(crate) throttled: bool,
    /// The phone number in the call: calling code and national number, digits only.
    number: String,
}

/// The measured figures of a scenario.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The initiations in the order of their arrival.
    pub(crate) arrivals: Vec<Arrival>,
    /// The most calls of one operation in any second.
    pub(crate) most: usize,
    /// The throttled calls of all operations.
    pub(crate) throttled: usize,
    /// The time from the first to the last arrival, divided by the shortest possible time for this
    /// number of calls.
    pub(crate) makespan: f64,
    /// Jain's index of fairness between the processes, from 1 / processes to 1, which is even.
    jain: f64,
    /// The longest wait of a number, divided by the time that the longest queue takes.
    longest_wait: f64,
}

impl Verdict {
    /// Evaluates the journal of the emulator.
    ///
    /// # Panics
    ///
    /// If a number was not migrated exactly once.
    pub(crate) fn new(emulator: &Emulator, scenario: &Scenario, applied: &[Applied]) -> Self {
        let calls = calls(emulator);
        let arrivals = calls.get(INITIATE).cloned().unwrap_or_default();
        let total = scenario.processes * scenario.numbers;
        let admitted: Vec<Arrival> = arrivals
            .iter()
            .filter(|call| !call.throttled)
            .cloned()
            .collect();
        assert_eq!(admitted.len(), total, "every number is migrated once");
        let span = span(&admitted, &arrivals);
        Self {
            most: calls.values().map(|calls| most(calls)).max().unwrap_or(0),
            throttled: calls
                .values()
                .flatten()
                .filter(|call| call.throttled)
                .count(),
            makespan: span / ((total - 1) / LIMIT) as f64,
            jain: jain(&admitted, scenario),
            longest_wait: longest_wait(
                &first_arrivals(&calls, applied),
                applied,
                total as f64 / span,
            ),
            arrivals,
        }
    }

    /// A row of the table with the heading [`HEADING`].
    pub(crate) fn row(&self, scenario: &Scenario) -> String {
        format!(
            "{:<18} {:<14} {:>9} {:>9} {:>13} {:>11} {:>10.3} {:>6.3} {:>15.2}",
            scenario.policy.name(),
            scenario.name,
            scenario.processes,
            scenario.processes * scenario.numbers,
            self.most,
            self.throttled,
            self.makespan,
            self.jain,
            self.longest_wait,
        )
    }
}

/// All calls that count against the quota, by operation, in the order of their arrival.
pub(crate) fn calls(emulator: &Emulator) -> BTreeMap<String, Vec<Arrival>> {
    let mut calls: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
    for request in emulator.requests() {
        if request["counted"] != true {
            continue;
        }
        let action = request["action"].as_str().unwrap_or_default().to_owned();
        calls.entry(action).or_default().push(Arrival {
            at: request["at_micros"].as_u64().expect("a time") as f64 / 1e6,
            throttled: request["throttled"] == true,
            number: request["phone_number"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        });
    }
    calls
}

/// The highest number of calls that arrived in any half-open interval of one second.
fn most(calls: &[Arrival]) -> usize {
    let within = |(first, call): (usize, &Arrival)| {
        calls[first..]
            .iter()
            .take_while(|later| later.at < call.at + 1.0)
            .count()
    };
    calls.iter().enumerate().map(within).max().unwrap_or(0)
}

/// The seconds from the first call to the last admitted call.
fn span(admitted: &[Arrival], all: &[Arrival]) -> f64 {
    match (all.first(), admitted.last()) {
        (Some(first), Some(last)) => last.at - first.at,
        _ => 0.0,
    }
}

/// Jain's index over the admitted calls of each process, until the first process has finished.
fn jain(admitted: &[Arrival], scenario: &Scenario) -> f64 {
    let mut counts = vec![0_usize; scenario.processes];
    for call in admitted {
        let process = process_of(&call.number);
        counts[process] += 1;
        if counts[process] == scenario.numbers {
            break;
        }
    }
    let sum: usize = counts.iter().sum();
    let squares: usize = counts.iter().map(|count| count * count).sum();
    (sum * sum) as f64 / (scenario.processes * squares) as f64
}

/// The longest wait of a number, divided by the time that the longest queue takes at `rate` calls a
/// second.
///
/// The calls of the last second are part of the queue, because later calls wait until these have
/// left the window. The wait of a number is the wait of its first call, which the process makes as
/// soon as the number is requested. The later calls of a number hardly wait, because they follow
/// first calls that were already admitted at the same rate.
fn longest_wait(arrivals: &BTreeMap<String, f64>, applied: &[Applied], rate: f64) -> f64 {
    let waits: Vec<(f64, f64)> = applied
        .iter()
        .map(|one| (one.asked, arrivals[&one.number]))
        .collect();
    let longest = waits
        .iter()
        .map(|(asked, arrived)| arrived - asked)
        .fold(0.0, f64::max);
    let queue_at = |at: f64| {
        let within = waits
            .iter()
            .filter(|(asked, arrived)| *asked <= at && at < *arrived + 1.0);
        within.count()
    };
    let queue = waits.iter().map(|(asked, _)| queue_at(*asked)).max();
    longest * rate / queue.unwrap_or(1) as f64
}

/// The time when each number's first call was admitted, in seconds on the clock of the processes.
///
/// The clocks of the emulator and of the processes start at different times. The difference is
/// derived from the number that was done soonest after the arrival of its last call.
fn first_arrivals(
    calls: &BTreeMap<String, Vec<Arrival>>,
    applied: &[Applied],
) -> BTreeMap<String, f64> {
    let first = calls.get(LOOKUP).or_else(|| calls.get(INITIATE));
    let arrivals = |calls: &[Arrival]| -> BTreeMap<String, f64> {
        let admitted = calls.iter().filter(|call| !call.throttled);
        admitted
            .map(|call| (call.number.clone(), call.at))
            .collect()
    };
    let last = arrivals(&calls[INITIATE]);
    let ahead = applied
        .iter()
        .map(|one| last[&one.number] - one.asked - one.took)
        .fold(f64::MIN, f64::max);
    let mut first = first.map(|calls| arrivals(calls)).unwrap_or_default();
    first.values_mut().for_each(|at| *at -= ahead);
    first
}
