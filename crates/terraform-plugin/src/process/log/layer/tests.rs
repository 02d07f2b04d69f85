//! Events and spans, and the lines that are logged of them.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::*;
use crate::process::log::writer;
use crate::process::plugin::testing::TOY;

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
    let subscriber = Registry::default().with(layer(level, writer));
    tracing::subscriber::with_default(subscriber, emit);
    drop(flush);
    let bytes = output.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn layer(level: LevelFilter, writer: Writer) -> Hclog {
    let clock = Clock::fixed(UNIX_EPOCH + Duration::new(1_735_787_045, 6_999));
    Hclog {
        level,
        plugin: TOY,
        clock,
        writer,
    }
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
            target: concat!(env!("CARGO_CRATE_NAME"), "::framework::server"),
            "rpc",
            tf_rpc = "ReadResource",
            tf_req_id = "7f",
            tf_resource_type = Some("toy_thing"),
            tf_action_type = None::<&str>
        );
        let _entered = rpc.entered();
        let attempt = tracing::debug_span!(target: "toy_provider::api", "attempt", number = 2);
        attempt.in_scope(|| {
            tracing::info!(
                target: "toy_provider::api::client",
                { elapsed_ms = 12_u64, fresh = true, tf_req_id = "own" },
                "answered {}", "well"
            );
        });
    });
    assert_eq!(
        lines,
        concat!(
            r#"{"@level":"info","@message":"answered well","@module":"provider","#,
            r#""@timestamp":"2025-01-02T03:04:05.000006Z","elapsed_ms":12,"fresh":true,"#,
            r#""number":2,"tf_provider_addr":"registry.terraform.io/test/toy","#,
            r#""tf_req_id":"own","tf_resource_type":"toy_thing","tf_rpc":"ReadResource"}"#,
            "\n"
        )
    );
}

#[test]
fn nothing_is_formatted_that_is_not_printed() {
    const API: &str = "toy_provider::api";
    let lines = logged(LevelFilter::INFO, || {
        let span = tracing::debug_span!(target: API, "s", value = ?Unprintable);
        span.in_scope(|| tracing::debug!(target: API, value = ?Unprintable, "too fine"));
        tracing::info!(target: "hyper::client", value = ?Unprintable, "not ours");
        tracing::info!(
            target: API,
            password = ?Unprintable,
            combination = ?Unprintable,
            "masked"
        );
    });
    let lines = objects(&lines);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["password"], "***");
    assert_eq!(lines[0]["combination"], "***");
}

#[test]
fn other_crates_may_warn_but_not_chatter() {
    let lines = logged(LevelFilter::TRACE, || {
        tracing::info!(target: "h2::codec", "header frames");
        tracing::info!(target: "toy_providers", "only looks like ours");
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
        tracing::info!(
            target: "toy_provider",
            { "@level" = 7, "@timestamp" = "x" },
            "root"
        );
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
    let (writer, _flush) = writer::spawn(Output::default()).unwrap();
    let layer = layer(LevelFilter::TRACE, writer);
    let library = |module: &str| format!("{LIBRARY}::{module}");
    for (target, module) in [
        ("toy_provider".to_owned(), "provider"),
        ("toy_provider::api::client".to_owned(), "provider"),
        (library("framework"), "sdk.framework"),
        (library("process::tls"), "sdk.proto"),
        ("rustls::server".to_owned(), "rustls"),
        ("toy_providers::api".to_owned(), "toy_providers"),
    ] {
        assert_eq!(layer.module(&target), module, "{target}");
    }
}
