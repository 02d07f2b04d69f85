//! Against a server that answers by a script, over real connections.
//!
//! This file is longer than 300 lines because the scripted server is in it.

use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use alibaba_cloud::client::{ErrorKind, Gate, LongWait, Permit};
use alibaba_cloud::credentials::{Configured, FetchContext, Files, resolve};
use alibaba_cloud::openapi::{Network, SignatureMethod};
use base::environment::Environment;
use base::secret::Secret;
use call_quota::Throttle;

use crate::operations::{
    ChatappMigrationVerified, CreateChatappMigrationInitiate, QueryChatappPhoneNumbers,
    UpdatePhoneWebhook,
};
use crate::phone::PhoneNumber;
use crate::{Freshness, LONG_WAIT, Listed, SYNC_INTERVAL};

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
const PENDING: Deed = Deed::Answer(
    200,
    "",
    r#"{"Code":"OK","PhoneNumbers":[{"PhoneNumber":"8613900001234","Status":"PENDING"}]}"#,
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
    let http = Settings {
        endpoint: format!("http://{address}").parse().expect("an endpoint"),
        signature_method: SignatureMethod::default(),
        network: network(),
    };
    let quota = Quota {
        credentials: credentials(),
        account: Account::new(Some("1".into()), None, None, Clock::system()),
        region: "r".into(),
        throttle: Throttle::in_memory(),
        requests_per_second,
        long_wait: LONG_WAIT,
    };
    Client::new(http, quota, Clock::system(), Random::seeded(1)).expect("a client")
}

fn credentials() -> Credentials {
    let configured: Configured = [("access_key", "id"), ("secret_key", "secret")]
        .into_iter()
        .collect();
    let source = resolve(&configured, &Environment::default(), &Files::of_system());
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

/// The clock is paused, and stands still while the task that is always ready runs: the test moves
/// it when all calls of an interval were made.
#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_change_at_meta_make_two_calls_in_an_interval() {
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let server = Server::of(&[LIST, PENDING, LIST, PENDING, LIST, LIST]).await;
    let wait = async || {
        let mut polls = 0;
        loop {
            polls += 1;
            let freshness = Freshness::SyncedSince(Instant::now());
            let listed = server.listed_by(LONG, freshness).await.expect("a list");
            assert_eq!(listed.sync_failed, None);
            if statuses(&listed) == [Some("CONNECTED")] {
                return polls;
            }
        }
    };
    let (polls, ()) = tokio::join!(join_all((0..300).map(|_| wait())), async {
        for calls in [2, 4] {
            server.heard(calls).await;
            tokio::time::advance(SYNC_INTERVAL).await;
        }
    });
    assert_eq!(polls, [3; 300]);
    server.listed(LONG).await.expect("the list of the others");
    let asked = server.asked.lock().expect("not poisoned");
    let is_sync = |head: &String| head.contains("ChatappSyncPhoneNumber");
    let syncs: Vec<bool> = asked.iter().map(is_sync).collect();
    assert_eq!(syncs, [true, false, true, false, true, false]);
}

#[tokio::test]
async fn a_synchronization_that_fails_hides_no_list() {
    for (deeds, timeout, kind) in [
        (&[REFUSED, LIST][..], LONG, ErrorKind::Other),
        (&[DENIED, LIST], LONG, ErrorKind::AccessDenied),
        (
            &[Deed::Silence, LIST],
            Duration::from_secs(1),
            ErrorKind::TimedOut,
        ),
    ] {
        let server = Server::of(deeds).await;
        let freshness = Freshness::SyncedSince(Instant::now());
        let listed = server.listed_by(timeout, freshness).await.expect("a list");
        assert_eq!(statuses(&listed), [Some("CONNECTED")]);
        assert_eq!(listed.sync_failed.expect("no synchronization").kind, kind);
        assert_eq!(server.asked(), 2);
    }
    let server = Server::of(&[LIST, REFUSED]).await;
    let freshness = Freshness::SyncedSince(Instant::now());
    let refused = server
        .listed_by(LONG, freshness)
        .await
        .expect_err("no list");
    assert_eq!(refused.action, QueryChatappPhoneNumbers::ACTION);
}

#[tokio::test]
async fn one_number_and_all_numbers_share_a_list_and_the_form_of_a_number() {
    let server = Server::of(&[Deed::Answer(
        200,
        "",
        r#"{"Code":"OK","PhoneNumbers":[{"PhoneNumber":"8613900001234"},
            {"PhoneNumber":"5215512345678","Status":"DELETED"},{"PhoneNumber":"odd"},
            {"PhoneNumber":"+52 1 55 1234 5678","Status":"PENDING"}]}"#,
    )])
    .await;
    let (call, dialled) = (server.call(LONG), PhoneNumber::parse("52", "5512345678"));
    let dialled = dialled.expect("a number");
    assert_eq!(server.client.written("cams-1", &dialled), dialled);
    let listed = server
        .client
        .listed(&call, "cams-1", &dialled, Freshness::Shared);
    let listed = listed.await.expect("a list");
    assert_eq!(statuses(&listed), [Some("DELETED"), Some("PENDING")]);
    assert!(!listed.complete);
    let all = server.client.list(&call, "cams-1", Freshness::Shared).await;
    let rows = all.expect("a list").rows;
    let numbers = rows
        .iter()
        .map(|row| row.number().map(|number| number.to_string()));
    let whatsapps = || Some("5215512345678".to_owned());
    let expected = [
        None,
        whatsapps(),
        whatsapps(),
        Some("8613900001234".to_owned()),
    ];
    assert_eq!(numbers.collect::<Vec<_>>(), expected);
    let written = server.client.written("cams-1", &dialled);
    assert_eq!(Some(written.to_string()), whatsapps());
    assert_eq!(server.client.written("cams-1", &number()), number());
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn instances_are_read_page_by_page_until_there_are_no_new_ones() {
    const FIRST: Deed = Deed::Answer(
        200,
        "",
        r#"{"Code":"OK","Data":[{"InstanceId":"1"},{"InstanceId":"2"}],"TotalCount":3}"#,
    );
    const SECOND: Deed = Deed::Answer(200, "", r#"{"Code":"OK","Data":[{"InstanceId":"3"}]}"#);
    for (deeds, instances, calls) in [
        (&[FIRST, SECOND][..], 3, 3),
        (&[FIRST], 2, 2),
        (&[SECOND, FIRST], 3, 2),
        (&[LIST], 0, 1),
    ] {
        let server = Server::of(deeds).await;
        let call = server.call(LONG);
        let read = server.client.instances(&call, None, Some("whatsapp")).await;
        let read = read.expect("instances");
        assert_eq!((read.rows.len(), server.asked()), (instances, calls));
        let asked = server.asked.lock().expect("not poisoned");
        let last = asked.last().expect("a request");
        assert!(last.contains(&format!("PageIndex={calls}")), "{last}");
    }
}

#[tokio::test]
async fn no_text_of_an_answer_shows_the_secrets_of_the_call() {
    let quoting = Server::of(&[Deed::Answer(
        400,
        "",
        concat!(
            r#"{"Code":"Odd.48/2913","RequestId":"R-48/2913","AccessDeniedDetail":"48/2913","#,
            r#""Message":"48/2913, 48%2F2913, 48%252F2913; ?t=tok-en&u=hook77, "#,
            r#"t%3Dtok-en%26u%3Dhook77, hook77"}"#,
        ),
    )])
    .await;
    let call = quoting.call(LONG);
    let submit = ChatappMigrationVerified {
        cust_space_id: "cams-1".into(),
        number: number(),
        verify_code: Secret::new("48/2913"),
    };
    let refused = quoting.client.call(&call, &submit).await;
    let refused = refused.expect_err("a refusal");
    let text = format!("{submit:?} {refused:?}");
    assert!(!text.contains("2913"), "{text}");
    assert!(refused.message.contains("***, ***, ***; ?t="), "{text}");
    let webhook = UpdatePhoneWebhook {
        cust_space_id: "cams-1".into(),
        number: number(),
        http_flag: true,
        queue_flag: false,
        up_callback_url: Some(Secret::new("https://example.com/up?t=tok-en&u=hook77")),
        status_callback_url: None,
    };
    let refused = quoting.client.call(&call, &webhook).await;
    let text = format!("{webhook:?} {:?}", refused.expect_err("a refusal"));
    assert!(
        !text.contains("tok-en") && !text.contains("hook77"),
        "{text}"
    );
    assert!(
        text.contains("48/2913"),
        "the secret of another call: {text}"
    );
    let asked = quoting.asked.lock().expect("not poisoned");
    let sent = asked.last().expect("a request");
    assert!(
        sent.contains("HttpFlag=Y") && sent.contains("QueueFlag=N"),
        "{sent}"
    );
    assert!(sent.contains("UpCallbackUrl=https") && !sent.contains("StatusCallbackUrl"));
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
    let key = client.credentials().cached().expect("a key");
    let action = QueryChatappPhoneNumbers::ACTION;
    let call = || Bounds::new(Duration::from_secs(3600), CancellationToken::new());
    let calls: Vec<Bounds> = (0..80).map(|_| call()).collect();
    let waits = calls.iter().map(|call| async {
        let permit = client.api().gate().admit(call, &key, action, false);
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
