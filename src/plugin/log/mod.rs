//! Log lines as Terraform reads them from a plugin's stderr: hclog's JSON, one object a line.
//!
//! The first of `TF_LOG_PROVIDER_CAMS`, `TF_LOG_PROVIDER` and `TF_LOG` that is set gives the level; with none set, nothing
//! is logged, since Terraform would drop it. Of other crates only warnings and errors pass: the traces of an HTTP
//! library hold headers, and so credentials.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::Plugin;
use crate::clock::Clock;
use crate::environment::Environment;

mod fields;
mod layer;
mod writer;

/// Writes out, for a moment, what is still queued when dropped.
#[derive(Debug)]
#[must_use = "lines still queued when the process ends are lost"]
pub struct Flush(#[allow(dead_code, reason = "held for its drop")] Option<writer::Flush>);

/// Sends this process's `tracing` events to stderr. Does nothing when it was called before, or when the level is off.
pub fn install(plugin: &Plugin, environment: &Environment, clock: &Clock) -> Flush {
    let level = level(plugin, environment);
    if level == LevelFilter::OFF {
        return Flush(None);
    }
    let Ok((writer, flush)) = writer::spawn(io::stderr()) else {
        return Flush(None);
    };
    let layer = layer::Hclog::new(level, plugin.address, clock.clone(), writer);
    let subscriber = Registry::default().with(layer);
    match tracing::subscriber::set_global_default(subscriber) {
        Ok(()) => Flush(Some(flush)),
        Err(_) => Flush(None),
    }
}

/// The most verbose level to print. Terraform takes a level it does not know for TRACE, and so do we.
fn level(plugin: &Plugin, environment: &Environment) -> LevelFilter {
    let name = plugin.name.to_ascii_uppercase().replace('-', "_");
    let own = format!("TF_LOG_PROVIDER_{name}");
    let Some((_, level)) = environment.first(&[&own, "TF_LOG_PROVIDER", "TF_LOG"]) else {
        return LevelFilter::OFF;
    };
    match level.to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of<const N: usize>(variables: [(&str, &str); N]) -> LevelFilter {
        let plugin = Plugin {
            name: "my-cams",
            address: "",
            version: "",
        };
        level(&plugin, &variables.into_iter().collect())
    }

    #[test]
    fn the_most_specific_variable_wins() {
        assert_eq!(level_of([]), LevelFilter::OFF);
        assert_eq!(level_of([("TF_LOG", "warn")]), LevelFilter::WARN);
        assert_eq!(
            level_of([("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "Info")]),
            LevelFilter::INFO
        );
        assert_eq!(
            level_of([("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER_MY_CAMS", "off")]),
            LevelFilter::OFF
        );
    }

    #[test]
    fn json_and_unknown_levels_mean_trace() {
        assert_eq!(level_of([("TF_LOG", "JSON")]), LevelFilter::TRACE);
        assert_eq!(level_of([("TF_LOG", "verbose")]), LevelFilter::TRACE);
    }
}
