//! Measures how well the throttle keeps and uses the quota: real provider processes, called as
//! Terraform calls them, with an emulator that counts the calls. The same run measures four
//! policies of other programs for comparison. Run it with `cargo xtask bench throttle`.
//!
//! ```text
//! throttle [--quick] [--svg FILE]     all scenarios, or one of each kind; writes the plot to FILE
//! throttle --only SCENARIO [--runs N] those with this policy and name, as `provider, 50±20 ms`, N times
//! ```

#![expect(clippy::print_stdout, reason = "this program prints its results")]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot continue may panic"
)]

#[path = "../../tests/it/core/mod.rs"]
mod core;
#[allow(dead_code, reason = "shared with the tests")]
#[path = "../../tests/it/emulator.rs"]
mod emulator;
mod idle;
mod judge;
mod peers;
mod plot;
mod provider;
mod recovery;
#[allow(dead_code, reason = "shared with the tests")]
#[path = "../../tests/it/redis_server.rs"]
mod redis_server;
mod run;
mod scenario;
#[allow(dead_code, reason = "shared with the tests")]
#[path = "../../tests/it/support.rs"]
mod support;
mod workload;

use std::sync::Arc;

use tokio::sync::Semaphore;

use judge::Verdict;
use scenario::{SCENARIOS, Scenario};

/// The number of scenarios that run at the same time. A scenario mostly waits, but more of them
/// would affect each other on a small machine.
const AT_ONCE: usize = 3;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["peer", policy, rest @ ..] = arguments.as_slice() {
        return peers::run_process(policy, rest).await;
    }
    let quick = arguments.contains(&"--quick");
    let option = |name| arguments.iter().skip_while(|it| **it != name).nth(1);
    let (file, only) = (option("--svg"), option("--only"));
    let runs = option("--runs").map_or(1, |runs| runs.parse().expect("a number"));
    let chosen = |scenario: &&Scenario| match only {
        Some(only) => scenario.title() == **only,
        None => scenario.quick || !quick,
    };

    println!("{}", judge::HEADING);
    let verdicts = all(SCENARIOS.iter().filter(chosen), runs).await;
    println!("\n{}", judge::LEGEND);
    if only.is_none() {
        println!("\n{}", idle::measure().await);
    }
    if only.is_none() && !quick {
        println!("\n{}", recovery::measure().await);
    }
    if let Some(file) = file {
        std::fs::write(file, plot::draw(&verdicts)).expect("the plot's file can be written");
        println!("\nPlot of the initiations in any second, over time: {file}");
    }
}

/// Runs each scenario so many times, [`AT_ONCE`] at a time, each run with other random round trips.
/// Prints the row of a run as soon as the runs before it are done.
async fn all(
    scenarios: impl Iterator<Item = &'static Scenario>,
    runs: usize,
) -> Vec<(&'static Scenario, Verdict)> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let running: Vec<_> = scenarios
        .flat_map(|scenario| (0..runs).map(move |run| (scenario, run)))
        .map(|(scenario, run)| {
            let turns = Arc::clone(&turns);
            let task = async move {
                let _turn = turns.acquire_owned().await.expect("never closed");
                run::measure(scenario, run).await
            };
            (scenario, tokio::spawn(task))
        })
        .collect();
    let mut verdicts = Vec::new();
    for (scenario, task) in running {
        let verdict = task.await.expect("the scenario runs to its end");
        println!("{}", verdict.row(scenario));
        verdicts.push((scenario, verdict));
    }
    verdicts
}
