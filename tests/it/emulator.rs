//! An emulator, which runs as a task of the test process, and its control interface.

use std::collections::BTreeMap;
use std::iter::once;
use std::sync::LazyLock;

use base::clock::Clock;
use cams_emulator::{Flags, serve};
use clap::Parser;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

/// An emulator on a port of its own. It ends when this value is dropped.
pub(crate) struct Emulator {
    task: AbortHandle,
    url: String,
}

impl Emulator {
    /// Starts an emulator with the given flags. It listens when this function returns.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let flags = once("cams-emulator").chain(flags.iter().copied());
        let flags = Flags::try_parse_from(flags).expect("flags of the emulator");
        let listener = std::net::TcpListener::bind(flags.listen).expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a socket");
        let task = EMULATORS.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket");
            serve(listener, flags, Clock::system(), std::future::pending()).await;
        });
        Self {
            task: task.abort_handle(),
            url: format!("http://{address}"),
        }
    }

    /// The address that it listens on, as `http://HOST:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// All requests to CAMS that the emulator has recorded in its journal.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let mut requests = self.all_requests();
        requests.retain(|request| request["kind"] == "cams");
        requests
    }

    /// All requests that the emulator has recorded, to STS and to other sources of credentials too.
    pub(crate) fn all_requests(&self) -> Vec<Value> {
        match self.control("GET", "requests", None) {
            Value::Array(requests) => requests,
            other => panic!("no journal: {other}"),
        }
    }

    /// How many calls of `action` the emulator has seen.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.all_requests()
            .iter()
            .filter(|request| request["action"] == action)
            .count()
    }

    /// How many requests of this kind and action there were, refused ones included, such as `sts`
    /// and `AssumeRole`.
    pub(crate) fn asked(&self, kind: &str, action: &str) -> u64 {
        let summary = self.control("GET", "summary", None);
        summary["requests"][kind][action].as_u64().unwrap_or(0)
    }

    /// Revokes all sessions that were issued until now.
    pub(crate) fn revoke_sessions(&self) {
        self.control("DELETE", "sessions", None);
    }

    /// Changes how sessions are issued from now on: `session_lifetime`, `expiration` and so on.
    pub(crate) fn change_issuance(&self, change: Value) {
        self.control("PUT", "issuance", Some(change));
    }

    /// How often the migration of each number was started, by the emulator's own record.
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

    /// How often the service did something to numbers, by its own count: `of` is a key of the
    /// summary, such as `registrations`.
    pub(crate) fn accepted(&self, of: &str) -> u64 {
        let summary = self.control("GET", "summary", None);
        let numbers = summary[of].as_array().expect("a list").iter();
        numbers
            .map(|number| number["accepted"].as_u64().expect("a count"))
            .sum()
    }

    /// Places a number with all the fields that `POST numbers` takes, such as an id, and returns it
    /// as it was placed.
    pub(crate) fn place_number(&self, number: Value) -> Value {
        self.control("POST", "numbers", Some(number))
    }

    /// Places a number with this status, and returns it as it was placed.
    pub(crate) fn place(
        &self,
        space: &str,
        country_code: &str,
        mobile_number: &str,
        status: &str,
    ) -> Value {
        let number = json!({
            "cust_space_id": space,
            "country_code": country_code,
            "mobile_number": mobile_number,
            "status": status,
        });
        self.place_number(number)
    }

    /// Deletes a number without Terraform. The flag `--deleted-rows` decides whether a row with the
    /// status `DELETED` stays in the list.
    pub(crate) fn remove(&self, space: &str, country_code: &str, mobile_number: &str) {
        let number = json!({
            "cust_space_id": space,
            "country_code": country_code,
            "mobile_number": mobile_number,
        });
        self.control("DELETE", "numbers", Some(number));
    }

    /// Sends a request to the control interface, and returns the JSON of its answer.
    pub(crate) fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let headers = [("content-type", "application/json")];
        let (status, answer) = self.send(method, &format!("/_emulator/{path}"), &headers, body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        if answer.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&answer).expect("JSON")
        }
    }

    /// Sends any request, and returns the status and the text of its answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (u16, String) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = CONTROL.1.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let call = async {
            let response = request.body(body).send().await;
            let response = response.expect("the emulator answers");
            let status = response.status().as_u16();
            (status, response.text().await.expect("a body"))
        };
        // The call is made on a thread of its own, since the caller may be within a runtime.
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| CONTROL.0.block_on(call));
            thread.join().expect("an answer")
        })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One client for all control requests, because making one reads all certificates of the system.
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

/// Runs all emulators of the test process, which outlive the runtime of a single test.
static EMULATORS: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
