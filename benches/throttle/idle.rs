//! Measures the time of ten numbers after an idle second, while the whole quota is available. It
//! should be the response time of the service.

use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

use crate::emulator::Emulator;
use crate::judge::calls;
use crate::provider::Fleet;
use crate::workload::INITIATE;

const ROUND_TRIP: Duration = Duration::from_millis(200);

/// Runs the measurement, and returns the result as two lines of text.
pub(crate) async fn measure() -> String {
    let emulator = Emulator::start(&["--latency", "200ms"]);
    let host = TempDir::new().unwrap();
    let fleet = Fleet::on_one_host(&emulator, host.path(), 1, &json!({})).await;
    // The first number opens the connection and fetches the list of the space.
    fleet.migrate(1).await;
    sleep(Duration::from_secs(1)).await;
    let applied = fleet.migrate_from(1, 10).await;

    let longest = applied.iter().map(|one| one.took).fold(0.0, f64::max);
    let calls = calls(&emulator).remove(INITIATE).unwrap_or_default();
    let ten = calls.get(1..).unwrap_or_default();
    let spread = ten.last().map_or(0.0, |last| last.at) - ten.first().map_or(0.0, |first| first.at);
    format!(
        "Ten numbers after an idle second, round trip 200 ms: initiated within {:.0} ms of each \
         other; done in {:.2} round\ntrips, of which one looks up each number and one initiates it.",
        spread * 1e3,
        longest / ROUND_TRIP.as_secs_f64(),
    )
}
