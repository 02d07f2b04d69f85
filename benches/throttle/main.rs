//! How well the throttle keeps the quota and uses it: real provider processes, called as Terraform
//! calls them, before an emulator that counts. Four policies that others use are measured beside
//! it, in the same run. `cargo xtask bench throttle` runs it.
//!
//! ```text
//! throttle [--quick] [--svg FILE]     all settings, or one of each kind; the plot goes to FILE
//! ```

#![expect(clippy::print_stdout, reason = "printing is what it is for")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]

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
use scenario::{SETTINGS, Scenario};

/// The settings that run at the same time. Each mostly waits, but more of them would disturb each
/// other on a small machine.
const AT_ONCE: usize = 3;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["peer", policy, rest @ ..] = arguments.as_slice() {
        return peers::play(policy, rest).await;
    }
    let quick = arguments.contains(&"--quick");
    let file = arguments.iter().skip_while(|name| **name != "--svg").nth(1);

    println!("{}", judge::HEADING);
    let verdicts = all(quick).await;
    println!("\n{}", judge::LEGEND);
    println!("\n{}", idle::measure().await);
    if !quick {
        println!("\n{}", recovery::measure().await);
    }
    if let Some(file) = file {
        std::fs::write(file, plot::draw(&verdicts)).expect("the plot's file can be written");
        println!("\nCalls of the migration in any second, over time: {file}");
    }
}

/// Runs all settings, or only the quick ones, some at once. Prints the row of each as soon as those
/// before it are done.
async fn all(quick: bool) -> Vec<(&'static Scenario, Verdict)> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let running: Vec<_> = SETTINGS
        .iter()
        .filter(|scenario| scenario.quick || !quick)
        .map(|scenario| {
            let turns = Arc::clone(&turns);
            let task = async move {
                let _turn = turns.acquire_owned().await.expect("never closed");
                run::judged(scenario).await
            };
            (scenario, tokio::spawn(task))
        })
        .collect();
    let mut verdicts = Vec::new();
    for (scenario, task) in running {
        let verdict = task.await.expect("the setting runs to its end");
        println!("{}", verdict.row(scenario));
        verdicts.push((scenario, verdict));
    }
    verdicts
}
