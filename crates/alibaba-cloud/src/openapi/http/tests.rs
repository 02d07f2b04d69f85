//! Attempts against servers of HTTP/1 and HTTP/2 that the tests run themselves.

use std::time::UNIX_EPOCH;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::openapi::{AccessKey, Obstacle};
use base::secret::Secret;

use super::*;

const SECRET: &str = "s3cr3t";

fn key() -> SigningKey {
    SigningKey::new(AccessKey {
        id: "key-id-1234".into(),
        secret: Secret::new(SECRET),
        security_token: None,
    })
}

fn client(address: &str, method: SignatureMethod) -> Http {
    client_with(address, method, |builder| builder)
}

fn client_with(
    address: &str,
    method: SignatureMethod,
    adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Http {
    let settings = Settings {
        endpoint: format!("http://{address}").parse().expect("an endpoint"),
        signature_method: method,
        network: Network {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_millis(400),
            user_agent: "test".into(),
            ..Network::default()
        },
    };
    let clock = Clock::fixed(UNIX_EPOCH + Duration::from_secs(1_735_787_045));
    Http::with(settings, clock, Random::seeded(1), adjust).expect("a client")
}

/// Answers every connection's first request with `answer`, then closes. Hands out what it was
/// sent.
async fn server(answer: &'static [u8]) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request"));
            }
            sender
                .send(String::from_utf8(head).expect("text"))
                .expect("a reader");
            stream.write_all(answer).await.expect("an answer");
            stream.shutdown().await.expect("a close");
        }
    });
    (address, receiver)
}

async fn attempt(http: &Http) -> Result<Response, Failure> {
    let parameters = [("A", "b c")].into();
    let request = Request {
        action: "Act",
        version: "2020-06-06",
        parameters: &parameters,
        secrets: &[],
        max_answer: MAX_ANSWER,
    };
    http.attempt(&key(), request, || {}).await
}

#[tokio::test]
async fn an_answer_is_read_whole() {
    let (address, mut sent) = server(
        b"HTTP/1.1 418 No\r\ncontent-length: 2\r\nx-acs-retry-after: 50\r\ncontent-type: \
             t/x\r\n\
          date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n{}",
    )
    .await;
    let response = attempt(&client(&address, SignatureMethod::Acs3HmacSha256))
        .await
        .expect("an answer");
    assert_eq!(
        (response.status, response.body.as_slice()),
        (418, &b"{}"[..])
    );
    assert_eq!(response.retry_after, Some(Duration::from_millis(50)));
    assert_eq!(
        response.date,
        Some(UNIX_EPOCH + Duration::from_secs(784_111_777))
    );
    let head = sent.recv().await.expect("a request");
    assert!(head.starts_with("POST /?A=b%20c HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("x-acs-date: 2025-01-02T03:04:05Z") && head.contains("authorization: ACS3"),
        "{head}"
    );
    assert!(!head.contains(SECRET));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, mut sent) = server(b"").await;
    let answer =
        format!("HTTP/1.1 307 No\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _sent) = server(answer.leak().as_bytes()).await;
    let response = attempt(&client(&address, SignatureMethod::Acs3HmacSha256)).await;
    assert_eq!(response.expect("an answer").status, 307);
    assert!(sent.try_recv().is_err(), "nothing is sent elsewhere");
}

#[tokio::test]
async fn a_refused_connection_carried_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let failure = attempt(&client(&address, SignatureMethod::HmacSha1))
        .await
        .expect_err("nobody is there");
    assert!(
        matches!(&failure, Failure::Unsent { obstacle: Obstacle::Refused, text }
            if *text == format!("no connection to {address}: the connection was refused")),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_broken_answer_may_have_had_its_effect_and_no_error_shows_the_url() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        b"SSH-2.0\r\n\r\n",
    ] {
        let (address, _sent) = server(answer).await;
        let failure = attempt(&client(&address, SignatureMethod::HmacSha1))
            .await
            .expect_err("no answer");
        assert!(
            matches!(failure, Failure::Lost(_)),
            "{answer:?}: {failure:?}"
        );
        let text = failure.to_string();
        assert!(
            !text.contains("Signature") && !text.contains("key-id"),
            "{text}"
        );
    }
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let head = [&length.to_be_bytes()[1..], &[kind, flags]].concat();
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

/// Speaks HTTP/2 until the first request is there, answers it with `answer`, and closes once
/// the client does.
async fn http2_server(answer: Vec<u8>) -> String {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface).await.expect("a preface");
        let settings = frame(SETTINGS, 0, 0, &[]);
        stream.write_all(&settings).await.expect("settings");
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload).await.expect("a payload");
            if head[3] == HEADERS {
                break;
            }
        }
        stream.write_all(&answer).await.expect("an answer");
        stream.shutdown().await.expect("a close");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    address
}

#[tokio::test]
async fn what_http2_marks_as_never_processed_was_not_sent_and_all_else_may_have_been() {
    const RST_STREAM: u8 = 3;
    const GOAWAY: u8 = 7;
    let reset = |reason: u32| frame(RST_STREAM, 0, 1, &reason.to_be_bytes());
    let go_away = |last: u32, reason: u32| {
        frame(
            GOAWAY,
            0,
            0,
            &[last.to_be_bytes(), reason.to_be_bytes()].concat(),
        )
    };
    let (no_error, internal, refused) = (0, 2, 7);
    for (answer, processed) in [
        (reset(refused), false),
        (go_away(0, no_error), false),
        (reset(internal), true),
        (go_away(0, internal), true),
        (go_away(1, no_error), true),
        (Vec::new(), true),
    ] {
        let address = http2_server(answer.clone()).await;
        let http = client_with(&address, SignatureMethod::default(), |builder| {
            builder.http2_prior_knowledge()
        });
        let failure = attempt(&http).await.expect_err("no answer");
        let lost = matches!(failure, Failure::Lost(_));
        assert_eq!(lost, processed, "{answer:?}: {failure:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_by_the_client() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let http = client_with(&address, SignatureMethod::default(), |builder| {
        builder.pool_idle_timeout(IDLE_LIMIT / 200)
    });
    let served = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a request"));
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.expect("an answer");
        // The end of the stream is the client's doing.
        stream
            .read_u8()
            .await
            .expect_err("no second request")
            .kind()
    };
    let (response, end) = tokio::join!(attempt(&http), async {
        tokio::time::timeout(IDLE_LIMIT, served).await
    });
    assert_eq!(response.expect("an answer").status, 200);
    assert_eq!(end, Ok(std::io::ErrorKind::UnexpectedEof));
    assert!(IDLE_LIMIT < Duration::from_secs(15));
}

#[tokio::test]
async fn an_answer_that_never_comes_is_lost() {
    let (address, _sent) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 9").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = listener.local_addr().expect("an address").to_string();
    let failure = attempt(&client(&silent, SignatureMethod::default()))
        .await
        .expect_err("no answer");
    assert!(
        matches!(&failure, Failure::Lost(text) if text.contains("within 400ms")),
        "{failure:?}"
    );
    assert!(matches!(
        attempt(&client(&address, SignatureMethod::default())).await,
        Err(Failure::Lost(_))
    ));
}

#[tokio::test]
async fn the_services_clock_is_taken_over() {
    let (address, mut sent) = server(
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ndate: Thu, 02 Jan 2025 04:04:05 GMT\r\n\r\n",
    )
    .await;
    let http = client(&address, SignatureMethod::default());
    let response = attempt(&http).await.expect("an answer");
    http.clock().correct(response.date).expect("a close date");
    attempt(&http).await.expect("an answer");
    sent.recv().await.expect("a request");
    assert!(
        sent.recv()
            .await
            .expect("a request")
            .contains("x-acs-date: 2025-01-02T04:04:05Z")
    );
}
