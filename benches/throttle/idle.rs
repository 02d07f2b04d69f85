//! How long ten numbers take after a quiet second, when the quota is unused: as long as the service
//! needs to answer.

use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

use crate::emulator::Emulator;
use crate::judge::calls;
use crate::provider::Fleet;
use crate::workload::INITIATE;

const ROUND_TRIP: Duration = Duration::from_millis(200);

/// Measures it, and says what was measured in two lines for people.
pub(crate) async fn measure() -> String {
    let emulator = Emulator::start(&["--latency", "200ms"]);
    let host = TempDir::new().unwrap();
    let fleet = Fleet::on_one_host(&emulator, host.path(), 1, &json!({})).await;
    // The first number makes the connection and asks for the list of the space.
    fleet.migrate(1).await;
    sleep(Duration::from_secs(1)).await;
    let applied = fleet.migrate_from(1, 10).await;

    let longest = applied.iter().map(|one| one.took).fold(0.0, f64::max);
    let calls = calls(&emulator).remove(INITIATE).unwrap_or_default();
    let ten = calls.get(1..).unwrap_or_default();
    let spread = ten.last().map_or(0.0, |last| last.at) - ten.first().map_or(0.0, |first| first.at);
    format!(
        "Ten numbers after a quiet second, 200 ms away: initiated within {:.0} ms of each other; \
         done in {:.2}\nround trips, of which one looks each number up and one initiates it.",
        spread * 1e3,
        longest / ROUND_TRIP.as_secs_f64(),
    )
}
