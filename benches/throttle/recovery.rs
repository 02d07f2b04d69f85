//! Measures what happens while the service halves its limit: how many calls it throttles, and how
//! soon the provider uses the whole limit again.

use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

use crate::emulator::Emulator;
use crate::judge::{Arrival, calls};
use crate::provider::Fleet;
use crate::workload::INITIATE;

const PROCESSES: usize = 4;
const NUMBERS: usize = 100;

/// The seconds over which a rate is averaged.
const SPAN: f64 = 3.0;

/// Runs the measurement, and returns the result as two lines of text.
pub(crate) async fn measure() -> String {
    let emulator = Emulator::start(&["--latency", "50ms", "--jitter", "20ms"]);
    let host = TempDir::new().unwrap();
    let fleet = Fleet::on_one_host(&emulator, host.path(), PROCESSES, &json!({})).await;
    let changes = async {
        sleep(Duration::from_secs(6)).await;
        let lowered = change(&emulator, "5/1s");
        sleep(Duration::from_secs(20)).await;
        (lowered, change(&emulator, "10/1s"))
    };
    let (_, (lowered, raised)) = tokio::join!(fleet.migrate(NUMBERS), changes);

    let all = calls(&emulator);
    let throttled_from = |from: f64| {
        share(
            all.values()
                .flatten()
                .filter(|call| (from..raised).contains(&call.at)),
        )
    };
    let (at_once, settled) = (throttled_from(lowered), throttled_from(lowered + 3.0));
    let calls = all.get(INITIATE).map_or(&[][..], Vec::as_slice);
    let back = calls
        .iter()
        .filter(|call| call.at > raised)
        .map(|call| call.at)
        .find(|at| rate(calls, *at) >= 9.5);
    format!(
        "Limit lowered from 10 to 5 for {:.0} s, {PROCESSES} processes: {at_once} calls \
         throttled; after the first 3 s, {settled}.\n\
         Raised to 10 again: {} at 95 % of it.",
        raised - lowered,
        back.map_or("never".into(), |at| format!("{:.1} s later", at - raised)),
    )
}

/// Changes the limit. Returns the time of the change, in seconds on the clock of the journal. This
/// is the time of the last call.
fn change(emulator: &Emulator, quota: &str) -> f64 {
    emulator.control("PUT", "quota", Some(json!({ "quota": quota })));
    let calls = calls(emulator).remove(INITIATE).unwrap_or_default();
    calls.last().map_or(0.0, |call| call.at)
}

/// The rate of admitted calls, per second, in the [`SPAN`] that begins at `from`.
fn rate(calls: &[Arrival], from: f64) -> f64 {
    let until = from + SPAN;
    let admitted = calls
        .iter()
        .filter(|call| !call.throttled && (from..until).contains(&call.at));
    admitted.count() as f64 / SPAN
}

/// How many of these calls were throttled, as a number and as a percentage.
fn share<'a>(calls: impl Iterator<Item = &'a Arrival>) -> String {
    let calls: Vec<_> = calls.collect();
    let throttled = calls.iter().filter(|call| call.throttled).count();
    format!(
        "{throttled} of {} ({:.1} %)",
        calls.len(),
        100.0 * throttled as f64 / calls.len().max(1) as f64
    )
}
