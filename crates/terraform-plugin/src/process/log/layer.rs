//! The `tracing` layer: it decides which events are logged, and what their lines hold.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::super::Plugin;
use super::fields::LogFields;
use super::writer::Writer;
use base::clock::{Clock, Utc};

/// This crate, as the targets of events name it.
const LIBRARY: &str = env!("CARGO_CRATE_NAME");

/// Writes events as JSON in the form of hclog, with the fields of the spans around them.
pub(crate) struct Hclog {
    pub(crate) level: LevelFilter,
    pub(crate) plugin: Plugin,
    pub(crate) clock: Clock,
    pub(crate) writer: Writer,
}

impl Hclog {
    fn write(&self, level: Level, target: &str, mut fields: LogFields) {
        fields.set("@level", level.as_str().to_ascii_lowercase());
        fields.set("@module", self.module(target));
        fields.set("@timestamp", Utc::from(self.clock.now()).micros());
        fields.set("tf_provider_addr", self.plugin.address);
        self.writer.write(fields.into_line());
    }

    /// Logs that lines were lost, if some were, as soon as there is room for that line.
    fn report_losses(&self) {
        let lost = self.writer.take_lost();
        if lost > 0 {
            let mut fields = self.fields();
            fields.set(
                "@message",
                "log lines were lost: stderr was not read in time",
            );
            fields.set("lines", lost);
            self.write(Level::WARN, module_path!(), fields);
        }
    }

    /// No fields yet, which will mask what the provider names as secret.
    fn fields(&self) -> LogFields {
        LogFields::new(self.plugin.secret_fields)
    }

    /// The name that the Go libraries for providers give to the part that a target belongs to.
    fn module<'a>(&self, target: &'a str) -> &'a str {
        let mut parts = target.split("::");
        let name = parts.next().unwrap_or(target);
        match parts.next() {
            Some("framework") if name == LIBRARY => "sdk.framework",
            _ if name == LIBRARY => "sdk.proto",
            _ if self.plugin.crates.contains(&name) => "provider",
            _ => name,
        }
    }

    /// Whether a target is in this crate or in one of the provider's.
    fn is_own(&self, target: &str) -> bool {
        let name = target.split("::").next().unwrap_or(target);
        name == LIBRARY || self.plugin.crates.contains(&name)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Hclog {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let limit = match self.is_own(metadata.target()) {
            true => self.level,
            false => self.level.min(LevelFilter::WARN),
        };
        *metadata.level() <= limit
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    /// Values that are recorded after a span was made are not logged. No span of ours has any.
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = self.fields();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.report_losses();
        let mut fields = self.fields();
        // An event need not have a message, and Terraform crashes at a line without one.
        fields.set("@message", "");
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<LogFields>() {
                fields.inherit(outer);
            }
        }
        let metadata = event.metadata();
        self.write(*metadata.level(), metadata.target(), fields);
    }
}

#[cfg(test)]
mod tests;
