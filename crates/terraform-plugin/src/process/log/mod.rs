//! Log lines as Terraform reads them from a plugin's stderr: one JSON object a line, in the form of
//! hclog, the library for logs on Terraform's side.
//!
//! The level is that of the first variable that is set: `TF_LOG_PROVIDER_` with the provider's
//! name, `TF_LOG_PROVIDER`, `TF_LOG`. If none is set, nothing is logged, since Terraform would drop
//! it. Events of other crates are logged only if they are warnings or errors: what an HTTP library
//! traces holds headers, and so credentials.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::Plugin;
use base::clock::Clock;
use base::environment::Environment;

mod fields;
mod layer;
mod writer;

use layer::Hclog;
pub use writer::Flush;

/// Sends the `tracing` events of this process to stderr.
///
/// It does nothing if the level is off, or if the process has sent its events elsewhere before.
pub fn install(plugin: &Plugin, environment: &Environment, clock: &Clock) -> Option<Flush> {
    let level = level(plugin, environment);
    if level == LevelFilter::OFF {
        return None;
    }
    let (writer, flush) = writer::spawn(io::stderr()).ok()?;
    let layer = Hclog {
        level,
        plugin: *plugin,
        clock: clock.clone(),
        writer,
    };
    let subscriber = Registry::default().with(layer);
    tracing::subscriber::set_global_default(subscriber).ok()?;
    Some(flush)
}

/// The variable that sets the level for this provider alone.
pub(crate) fn variable(plugin: &Plugin) -> String {
    let name = plugin.name.to_ascii_uppercase().replace('-', "_");
    format!("TF_LOG_PROVIDER_{name}")
}

/// The most verbose level to log. A name that is no level means TRACE, as it does in Terraform.
fn level(plugin: &Plugin, environment: &Environment) -> LevelFilter {
    let own = variable(plugin);
    let Some((_, level)) = environment.first(&[&own, "TF_LOG_PROVIDER", "TF_LOG"]) else {
        return LevelFilter::OFF;
    };
    // The parser also knows numbers, which mean nothing to Terraform.
    let is_number = level.bytes().all(|byte| byte.is_ascii_digit());
    match level.parse() {
        Ok(level) if !is_number => level,
        _ => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plugin::testing::TOY;
    use super::*;

    fn level_of<const N: usize>(variables: [(&str, &str); N]) -> LevelFilter {
        let plugin = Plugin {
            name: "my-toy",
            ..TOY
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
            level_of([("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER_MY_TOY", "off")]),
            LevelFilter::OFF
        );
    }

    #[test]
    fn json_and_unknown_levels_mean_trace() {
        assert_eq!(level_of([("TF_LOG", "JSON")]), LevelFilter::TRACE);
        assert_eq!(level_of([("TF_LOG", "verbose")]), LevelFilter::TRACE);
    }
}
