//! The `tracing` layer: which events pass, and what their lines hold.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::writer::Writer;
use crate::clock::{Clock, Utc};

/// The name of this crate in event targets. The binary's is the same.
const OUR_TARGET: &str = env!("CARGO_CRATE_NAME");

/// Writes events as hclog JSON, with the fields of the spans around them.
pub(super) struct Hclog {
    level: LevelFilter,
    address: &'static str,
    clock: Clock,
    writer: Writer,
}

impl Hclog {
    pub(super) fn new(
        level: LevelFilter,
        address: &'static str,
        clock: Clock,
        writer: Writer,
    ) -> Self {
        Self {
            level,
            address,
            clock,
            writer,
        }
    }

    fn write(&self, level: Level, target: &str, mut fields: Fields) {
        fields.set("@level", level_name(level));
        fields.set("@module", module(target));
        fields.set("@timestamp", Utc::from(self.clock.now()).micros());
        fields.set("tf_provider_addr", self.address);
        self.writer.write(fields.into_line());
    }

    fn report_losses(&self) {
        let lost = self.writer.take_lost();
        if lost > 0 {
            let mut fields = Fields::default();
            fields.set(
                "@message",
                "log lines were lost: stderr was not read in time",
            );
            fields.set("lines", lost);
            self.write(Level::WARN, module_path!(), fields);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Hclog {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let limit = match our_module(metadata.target()) {
            Some(_) => self.level,
            None => self.level.min(LevelFilter::WARN),
        };
        *metadata.level() <= limit
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // Formatted before the lock is taken: a value's own code may log or panic.
        let mut newer = Fields::default();
        values.record(&mut newer);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.replace(newer);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.report_losses();
        let mut fields = Fields::default();
        fields.set("@message", "");
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.inherit(outer);
            }
        }
        let metadata = event.metadata();
        self.write(*metadata.level(), metadata.target(), fields);
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The name under which Terraform's own plugins would log this.
fn module(target: &str) -> &str {
    match our_module(target) {
        None => target.split("::").next().unwrap_or(target),
        Some("framework") => "sdk.framework",
        Some("plugin" | "protocol") => "sdk.proto",
        Some(_) => "provider",
    }
}

/// The top module of ours that `target` lies in, empty for the crate's root.
fn our_module(target: &str) -> Option<&str> {
    let rest = target.strip_prefix(OUR_TARGET)?;
    match rest.strip_prefix("::") {
        Some(path) => path.split("::").next(),
        None => rest.is_empty().then_some(""),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry::Registry;

    use super::*;
    use crate::plugin::log::writer;

    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `emit` logs at `level`.
    fn logged(level: LevelFilter, emit: impl FnOnce()) -> String {
        let output = Output::default();
        let (writer, flush) = writer::spawn(output.clone()).unwrap();
        let clock = Clock::fixed(UNIX_EPOCH + Duration::new(1_735_787_045, 6_999));
        let layer = Hclog::new(level, "registry.terraform.io/a/cams", clock, writer);
        tracing::subscriber::with_default(Registry::default().with(layer), emit);
        drop(flush);
        let bytes = output.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn objects(lines: &str) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap();
        lines.lines().map(parse).collect()
    }

    struct Unprintable;

    impl fmt::Debug for Unprintable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("formatted in vain")
        }
    }

    #[test]
    fn a_line_holds_what_terraform_parses_then_event_and_span_fields() {
        let lines = logged(LevelFilter::TRACE, || {
            let rpc = tracing::error_span!(
                target: "terraform_provider_cams::framework::dispatch",
                "rpc", tf_rpc = "ReadResource", tf_req_id = "7f", tf_resource_type = tracing::field::Empty
            );
            rpc.record("tf_resource_type", "cams_number_migration");
            let _entered = rpc.entered();
            let attempt = tracing::debug_span!(target: "terraform_provider_cams::cams", "attempt", number = 2);
            attempt.in_scope(|| {
                tracing::info!(
                    target: "terraform_provider_cams::cams::client",
                    { elapsed_ms = 12_u64, ratio = 0.5, fresh = true, tf_req_id = "own" },
                    "answered {}", "well"
                );
            });
        });
        assert_eq!(
            lines,
            concat!(
                r#"{"@level":"info","@message":"answered well","@module":"provider","#,
                r#""@timestamp":"2025-01-02T03:04:05.000006Z","elapsed_ms":12,"fresh":true,"number":2,"#,
                r#""ratio":0.5,"tf_provider_addr":"registry.terraform.io/a/cams","tf_req_id":"own","#,
                r#""tf_resource_type":"cams_number_migration","tf_rpc":"ReadResource"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn nothing_is_formatted_that_is_not_printed() {
        let lines = logged(LevelFilter::INFO, || {
            let span = tracing::debug_span!(target: "terraform_provider_cams::cams", "s", value = ?Unprintable);
            span.in_scope(|| {
                tracing::debug!(target: "terraform_provider_cams::cams", value = ?Unprintable, "too fine");
            });
            tracing::info!(target: "hyper::client", value = ?Unprintable, "not ours");
            tracing::info!(target: "terraform_provider_cams::cams", password = ?Unprintable, "masked");
        });
        let lines = objects(&lines);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["password"], "***");
    }

    #[test]
    fn other_crates_may_warn_but_not_chatter() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::info!(target: "h2::codec", "header frames");
            tracing::info!(target: "terraform_provider_camshaft", "only looks like ours");
            tracing::warn!(target: "h2::codec", "broken");
        });
        let lines = objects(&lines);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["@module"], "h2");
        assert_eq!(lines[0]["@message"], "broken");
    }

    #[test]
    fn no_field_can_stand_in_for_one_of_the_line_itself() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::info!(target: "terraform_provider_cams", { "@level" = 7, "@timestamp" = "x" }, "root");
        });
        let line = &objects(&lines)[0];
        assert_eq!(line["@level"], "info");
        assert_eq!(line["@timestamp"], "2025-01-02T03:04:05.000006Z");
        assert_eq!(
            (&line["_level"], &line["_timestamp"]),
            (&json!(7), &json!("x"))
        );
    }

    #[test]
    fn modules_are_named_as_in_terraforms_own_plugins() {
        assert_eq!(
            module("terraform_provider_cams::throttle::file"),
            "provider"
        );
        assert_eq!(
            module("terraform_provider_cams::framework"),
            "sdk.framework"
        );
        assert_eq!(module("terraform_provider_cams::plugin::tls"), "sdk.proto");
        assert_eq!(module("rustls::server"), "rustls");
    }
}
