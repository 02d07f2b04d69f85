//! Against a server that answers by a script, over real connections.
//!
//! This file is longer than 300 lines because the scripted server is in it.

use std::sync::Mutex;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use alibaba_cloud::client::{Admission, ErrorKind, Gate, LongWait, Permit};
use alibaba_cloud::credentials::{Configured, FetchContext, Files, resolve};
use alibaba_cloud::openapi::{Network, SignatureMethod};
use base::environment::Environment;

use crate::operations::{CreateChatappMigrationInitiate, QueryChatappPhoneNumbers};
use crate::phone::PhoneNumber;
use crate::{Freshness, LONG_WAIT, Listed};

use super::*;

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// Answers with a status, more headers, and a body.
    Answer(u16, &'static str, &'static str),
    /// Closes the connection without an answer.
    Close,
    /// Sends nothing at all.
    Silence,
}

const LIST: Deed = Deed::Answer(
    200,
    "",
    r#"{"Code":"OK","PhoneNumbers":[{"PhoneNumber":"8613900001234","Status":"CONNECTED"}]}"#,
);
const STARTED: Deed = Deed::Answer(
    200,
    "",
    concat!(
        r#"{"Code":"OK","RequestId":"R","Data":"#,
        r#"{"Id":"7","PhoneNumber":"8613900001234","Status":"MIGRATING"}}"#,
    ),
);
const THROTTLED: Deed = Deed::Answer(
    400,
    "x-acs-retry-after: 300\r\n",
    r#"{"Code":"Throttling.User","Message":"slow down"}"#,
);
const REFUSED: Deed = Deed::Answer(400, "", r#"{"Code":"Odd.Code","Message":"no"}"#);
const DENIED: Deed = Deed::Answer(403, "", r#"{"Code":"Ram.PermissionDeny","Message":"no"}"#);

/// A server, and what it was asked.
struct Server {
    client: Client,
    asked: Arc<Mutex<Vec<String>>>,
    stop: CancellationToken,
}

impl Server {
    /// Does these deeds in order, and the last one for ever.
    async fn of(deeds: &'static [Deed]) -> Self {
        Self::at_most(None, deeds).await
    }

    /// The same, for a client that sends so many requests a second.
    async fn at_most(requests_per_second: Option<NonZeroU32>, deeds: &'static [Deed]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(serve(stream, deeds, Arc::clone(&heard)));
            }
        });
        Self {
            client: client(&address.to_string(), requests_per_second),
            asked,
            stop: CancellationToken::new(),
        }
    }

    fn call(&self, timeout: Duration) -> Bounds {
        Bounds::new(timeout, self.stop.clone())
    }

    async fn create(&self, timeout: Duration) -> Result<String, Error> {
        let call = self.call(timeout);
        let operation = CreateChatappMigrationInitiate {
            cust_space_id: "cams-1".into(),
            number: number(),
        };
        let migration = self.client.call(&call, &operation).await?;
        Ok(migration.data.id.unwrap_or_default())
    }

    async fn listed(&self, timeout: Duration) -> Result<Listed, Error> {
        self.listed_by(timeout, Freshness::Shared).await
    }

    async fn listed_by(&self, timeout: Duration, freshness: Freshness) -> Result<Listed, Error> {
        let call = self.call(timeout);
        self.client
            .listed(&call, "cams-1", &number(), freshness)
            .await
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("not poisoned").len()
    }

    /// Returns when that many requests were read.
    async fn heard(&self, requests: usize) {
        while self.asked() < requests {
            tokio::task::yield_now().await;
        }
    }
}

async fn serve(mut stream: TcpStream, deeds: &[Deed], asked: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let index = {
        let mut asked = asked.lock().expect("not poisoned");
        asked.push(String::from_utf8(head).expect("text"));
        asked.len() - 1
    };
    match deeds[index.min(deeds.len() - 1)] {
        Deed::Answer(status, headers, body) => {
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: \
                 {length}\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.expect("a reader");
            // The client closes when it has read all.
            let _ = stream.read(&mut [0]).await;
        }
        Deed::Close => {}
        Deed::Silence => std::future::pending().await,
    }
}

fn client(address: &str, requests_per_second: Option<NonZeroU32>) -> Client {
    Client::new(Config {
        http: Settings {
            endpoint: format!("http://{address}").parse().expect("an endpoint"),
            signature_method: SignatureMethod::default(),
            network: network(),
        },
        credentials: credentials(),
        account: Account::new(Some("1".into()), None, None, Clock::system()),
        region: "r".into(),
        throttle: Throttle::in_memory(),
        requests_per_second,
        long_wait: LONG_WAIT,
        clock: Clock::system(),
        random: Random::seeded(1),
    })
    .expect("a client")
}

fn credentials() -> Credentials {
    let configured: Configured = [("access_key", "id"), ("secret_key", "secret")]
        .into_iter()
        .collect();
    let source = resolve(&configured, &Environment::default(), &Files::default());
    let context = FetchContext {
        clock: Clock::system(),
        random: Random::seeded(1),
        network: network(),
    };
    Credentials::new(source.expect("a source"), context)
}

fn network() -> Network {
    Network {
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(3),
        user_agent: "test".into(),
        ..Network::default()
    }
}

fn number() -> PhoneNumber {
    PhoneNumber::parse("86", "13900001234").expect("a number")
}

fn statuses(listed: &Listed) -> Vec<Option<&str>> {
    let rows = listed.rows.iter();
    rows.map(|row| row.status.as_deref()).collect()
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_throttled_call_is_sent_again_when_the_service_said() {
    let server = Server::of(&[THROTTLED, STARTED]).await;
    let started = Instant::now();
    assert_eq!(server.create(LONG).await.expect("a migration"), "7");
    assert!(started.elapsed() >= Duration::from_millis(300));
    let asked = server.asked.lock().expect("not poisoned");
    let nonce = |head: &str| {
        let line = head
            .lines()
            .find(|line| line.starts_with("x-acs-signature-nonce"));
        line.expect("a nonce").to_owned()
    };
    assert_eq!(asked.len(), 2);
    assert_ne!(nonce(&asked[0]), nonce(&asked[1]));
}

#[tokio::test]
async fn a_create_that_may_have_had_its_effect_is_not_sent_again() {
    for deed in [
        &[Deed::Close, STARTED][..],
        &[Deed::Answer(500, "", "oops"), STARTED],
        &[Deed::Answer(200, "", "{"), STARTED],
        &[Deed::Answer(302, "", ""), STARTED],
        // The gateway has met this very request before.
        &[
            Deed::Answer(429, "", r#"{"Code":"SignatureNonceUsed"}"#),
            STARTED,
        ],
        &[
            Deed::Answer(429, "", r#"{"Code":"InternalError"}"#),
            STARTED,
        ],
    ] {
        let server = Server::of(deed).await;
        let error = server.create(LONG).await.expect_err("no answer");
        assert!(error.may_have_had_effect, "{error:?}");
        assert_eq!(server.asked(), 1);
    }
}

#[tokio::test]
async fn a_question_is_asked_again() {
    let server = Server::of(&[Deed::Close, Deed::Answer(502, "", "<html>"), LIST]).await;
    let listed = server.listed(LONG).await.expect("a list");
    assert_eq!(statuses(&listed), [Some("CONNECTED")]);
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn a_stop_while_waiting_sends_nothing_more() {
    let server = Server::of(&[Deed::Answer(
        400,
        "retry-after: 20\r\n",
        r#"{"Code":"Throttling"}"#,
    )])
    .await;
    let (error, ()) = tokio::join!(server.create(LONG), async {
        server.heard(1).await;
        server.stop.cancel();
    });
    let error = error.expect_err("it was stopped");
    assert_eq!(
        (error.kind, error.may_have_had_effect),
        (ErrorKind::Cancelled, false)
    );
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_stop_gives_a_request_that_was_sent_a_moment_and_no_more() {
    let server = Server::of(&[Deed::Silence]).await;
    let (error, stopped) = tokio::join!(server.create(LONG), async {
        server.heard(1).await;
        server.stop.cancel();
        Instant::now()
    });
    assert!(error.expect_err("no answer").may_have_had_effect);
    let waited = stopped.elapsed();
    assert!((1..3).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn when_the_time_is_over_nothing_is_sent() {
    let server = Server::of(&[STARTED]).await;
    for timeout in [Duration::ZERO, Duration::from_nanos(1)] {
        let error = server.create(timeout).await.expect_err("no time");
        let end = (error.kind, error.out_of_time, error.may_have_had_effect);
        assert_eq!(end, (ErrorKind::TimedOut, true, false), "{error:?}");
    }
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn the_end_of_the_time_gives_a_request_that_was_sent_a_moment_and_no_more() {
    let server = Server::of(&[Deed::Silence]).await;
    let started = Instant::now();
    let timeout = Duration::from_millis(500);
    let error = server.create(timeout).await.expect_err("no answer");
    let end = (error.kind, error.out_of_time, error.may_have_had_effect);
    assert_eq!(end, (ErrorKind::TimedOut, true, true), "{error:?}");
    let took = started.elapsed().as_millis();
    assert!((1500..2500).contains(&took), "{took} ms");
    assert_eq!(server.asked(), 1);

    let server = Server::of(&[Deed::Silence]).await;
    let error = server.listed(timeout).await.expect_err("no answer");
    assert_eq!(error.kind, ErrorKind::TimedOut, "{error:?}");
    assert_eq!(server.asked(), 1, "a question is not asked again");
}

#[tokio::test]
async fn a_deadline_in_the_queue_names_the_quota() {
    let server = Server::at_most(Some(NonZeroU32::MIN), &[STARTED]).await;
    server.create(LONG).await.expect("the first");
    let error = server
        .create(Duration::from_millis(50))
        .await
        .expect_err("too late");
    assert_eq!(
        (error.kind, error.may_have_had_effect),
        (ErrorKind::TimedOut, false)
    );
    assert!(
        error
            .message
            .contains("CreateChatappMigrationInitiate in r of account 1"),
        "{error}"
    );
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_thousand_ask_for_one_list() {
    let server = Server::of(&[LIST]).await;
    let all = join_all((0..1000).map(|_| server.listed(LONG))).await;
    for listed in all {
        assert_eq!(statuses(&listed.expect("a list")), [Some("CONNECTED")]);
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_list_is_asked_for_again_by_those_who_need_it_later() {
    let server = Server::of(&[LIST]).await;
    let before = server.listed(LONG).await.expect("a list");
    let now = Instant::now();
    let all = join_all((0..20).map(|_| server.listed_by(LONG, Freshness::Since(now)))).await;
    for listed in all {
        let asked_at = listed.expect("a list").asked_at;
        assert!(before.asked_at <= now && now <= asked_at);
    }
    assert_eq!(server.asked(), 2);
    server.listed(LONG).await.expect("the list of the others");
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_list_that_fails_is_shared_and_not_kept() {
    let server = Server::of(&[REFUSED, LIST]).await;
    for listed in join_all((0..20).map(|_| server.listed(LONG))).await {
        assert_eq!(listed.expect_err("no list").kind, ErrorKind::Other);
    }
    assert_eq!(server.asked(), 1);
    server.listed(LONG).await.expect("a list");
}

/// RAM denies it again, so a refresh of many numbers does not ask for each of them.
#[tokio::test]
async fn a_list_that_ram_denies_is_not_asked_for_again_at_once() {
    let server = Server::of(&[DENIED, LIST]).await;
    for _ in 0..20 {
        let listed = server.listed(LONG).await;
        assert_eq!(listed.expect_err("no list").kind, ErrorKind::AccessDenied);
    }
    assert_eq!(server.asked(), 1);
    let later = server
        .listed_by(LONG, Freshness::Since(Instant::now()))
        .await;
    later.expect("a list");
}

#[tokio::test]
async fn whoever_has_little_time_does_not_fail_the_others() {
    let server = Server::of(&[THROTTLED, LIST]).await;
    let (hurried, patient) = tokio::join!(
        server.listed(Duration::from_millis(100)),
        server.listed(LONG)
    );
    assert_eq!(hurried.expect_err("too late").kind, ErrorKind::Throttled);
    patient.expect("a list");

    let server = Server::of(&[Deed::Silence]).await;
    let (patient, hurried) = tokio::join!(
        server.listed(Duration::from_secs(1)),
        server.listed(Duration::from_millis(50))
    );
    assert_eq!(hurried.expect_err("too late").kind, ErrorKind::TimedOut);
    patient.expect_err("no list");
}

/// The time is that of a paused clock, but the service is a real one, so the wait is looked at
/// without it: the permits are taken by others.
#[tokio::test(start_paused = true)]
async fn a_wait_of_more_than_a_minute_is_noted() {
    let client = client("127.0.0.1:9", Some(NonZeroU32::MIN));
    let key = client.credentials().at_hand().expect("a key");
    let admission = Admission {
        action: QueryChatappPhoneNumbers::ACTION,
        calls_per_second: QueryChatappPhoneNumbers::CALLS_PER_SECOND,
        was_throttled: false,
    };
    let call = || Bounds::new(Duration::from_secs(3600), CancellationToken::new());
    let calls: Vec<Bounds> = (0..80).map(|_| call()).collect();
    let waits = calls.iter().map(|call| async {
        let permit = client.0.api.gate().admit(call, &key, admission);
        permit.await.expect("its turn").answered();
        call.long_wait()
    });
    let waits: Vec<Option<LongWait>> = join_all(waits).await;
    let first = waits.iter().position(Option::is_some).expect("a long wait");
    // One call goes at once, and one in each second after that.
    assert_eq!(first, 60);
    let wait = waits[first].expect("a long wait");
    assert_eq!((wait.calls_ahead, wait.left, wait.calls.get()), (59, 19, 1));
    assert_eq!((wait.waited.as_secs(), wait.rest.as_secs()), (60, 19));
    assert!(waits[first..].iter().all(Option::is_some));
}
