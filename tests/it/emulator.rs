//! A running `cams-emulator` and its control interface.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// An emulator process on a port of its own, ended on drop.
pub(crate) struct Emulator {
    child: Child,
    url: String,
}

impl Emulator {
    /// Starts one with the given flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cams-emulator"))
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the emulator prints its address");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("an address")
            .to_owned();
        Self { child, url }
    }

    /// `http://HOST:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The journal.
    pub(crate) fn requests(&self) -> Vec<Value> {
        match self.control("GET", "requests", None) {
            Value::Array(requests) => requests,
            Value::Object(mut answer) => match answer.remove("requests") {
                Some(Value::Array(requests)) => requests,
                other => panic!("no journal: {other:?}"),
            },
            other => panic!("no journal: {other}"),
        }
    }

    /// How many calls of `action` the emulator has seen.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.requests()
            .iter()
            .filter(|request| request["action"] == action)
            .count()
    }

    /// How often the migration of each number was really started.
    pub(crate) fn started(&self) -> BTreeMap<String, usize> {
        let mut started = BTreeMap::new();
        for request in self.requests() {
            if request["action"] == "CreateChatappMigrationInitiate" && request["committed"] == true
            {
                let number = request["phone_number"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                *started.entry(number).or_default() += 1;
            }
        }
        started
    }

    /// Puts a number in place, as the control interface's `POST numbers` takes it: with an id of
    /// its own, or as one that the lookup still knows after it was deleted.
    pub(crate) fn place_number(&self, number: Value) -> Value {
        self.control("POST", "numbers", Some(number))
    }

    /// Puts a number into a state.
    pub(crate) fn place(&self, space: &str, country_code: &str, mobile_number: &str, status: &str) {
        let number = json!({
            "cust_space_id": space,
            "country_code": country_code,
            "mobile_number": mobile_number,
            "status": status,
        });
        self.place_number(number);
    }

    /// Deletes a number behind Terraform's back. Whether a row with the status `DELETED` stays in
    /// the list, is `--deleted-rows`.
    pub(crate) fn remove(&self, space: &str, country_code: &str, mobile_number: &str) {
        let number = json!({
            "cust_space_id": space,
            "country_code": country_code,
            "mobile_number": mobile_number,
        });
        self.control("DELETE", "numbers", Some(number));
    }

    /// Calls the control interface.
    pub(crate) fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/_emulator/{path}", self.url);
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let call = async {
            let client = &CONTROL.1;
            let mut request = client.request(method, url);
            if let Some(body) = body {
                request = request
                    .header("content-type", "application/json")
                    .body(body.to_string());
            }
            let response = request.send().await.expect("the emulator answers");
            let status = response.status();
            let text = response.text().await.expect("a body");
            assert!(status.is_success(), "{path}: {status} {text}");
            text
        };
        // On a thread of its own, since the caller may be within a runtime.
        let answer = std::thread::scope(|scope| {
            scope
                .spawn(|| CONTROL.0.block_on(call))
                .join()
                .expect("an answer")
        });
        if answer.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&answer).expect("JSON")
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One client for all control calls: making one reads all of the system's certificates.
static CONTROL: LazyLock<(Runtime, reqwest::Client)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    (runtime, client)
});
