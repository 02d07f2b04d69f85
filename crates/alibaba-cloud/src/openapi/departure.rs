//! Reports when a request leaves on an existing connection.
//!
//! A quota that counts calls by time needs the latest moment at which a request can arrive. On a
//! connection that is in use, that is soon after the request was sent. On one that has to be made
//! first it is not: one lost packet of the handshake costs a second, and so does the first packet
//! that follows. So a request on a new connection is not reported: only its answer shows that it
//! has arrived.
//!
//! The HTTP client does not say which connection a request gets. But it first looks for an idle one
//! and, if there is none, begins to make one, both in the task that makes the request:
//! [`Noticing`] sees that. When the request is written, the client asks whether the body
//! is empty: [`Departing`] sees that.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use tower_service::Service;

tokio::task_local! {
    /// Whether a connection was begun for the request that this task makes.
    static BEGUN: Arc<AtomicBool>;
}

/// Makes a request with the body that `work` is given. `on_departure` is called when the request
/// leaves on an existing connection: once, or never.
pub(crate) async fn noticing<T, F: Future<Output = T>>(
    on_departure: impl Fn() + Send + Sync + 'static,
    work: impl FnOnce(reqwest::Body) -> F,
) -> T {
    let begun = Arc::new(AtomicBool::new(false));
    let body = Departing {
        on_departure,
        begun: Arc::clone(&begun),
        written: AtomicBool::new(false),
    };
    BEGUN.scope(begun, work(reqwest::Body::wrap(body))).await
}

/// An empty body that reports when its request is written.
struct Departing<F> {
    on_departure: F,
    begun: Arc<AtomicBool>,
    written: AtomicBool,
}

impl<F: Fn()> Body for Departing<F> {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        let first = !self.written.swap(true, Ordering::Relaxed);
        if first && !self.begun.load(Ordering::Relaxed) {
            (self.on_departure)();
        }
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

/// A connector that notices for which request it is called to begin a connection.
#[derive(Clone, Debug)]
pub(crate) struct Noticing<S>(pub(crate) S);

impl<S: Service<R>, R> Service<R> for Noticing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, destination: R) -> S::Future {
        // Outside of such a task there is nothing to record.
        let _ = BEGUN.try_with(|begun| begun.store(true, Ordering::Relaxed));
        self.0.call(destination)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Semaphore;

    use super::*;

    /// A server that answers as many requests as the test lets it, and how many departures the
    /// client was told.
    struct Bench {
        url: String,
        client: reqwest::Client,
        answers: Arc<Semaphore>,
        told: Arc<AtomicUsize>,
    }

    impl Bench {
        async fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let answers = Arc::new(Semaphore::new(0));
            let allowed = Arc::clone(&answers);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&allowed)));
                }
            });
            let builder = reqwest::Client::builder().no_proxy();
            let client = builder
                .connector_layer(tower_layer::layer_fn(Noticing))
                .build()
                .unwrap();
            Self {
                url,
                client,
                answers,
                told: Arc::default(),
            }
        }

        /// Makes a request, which waits for an answer.
        fn request(&self) -> tokio::task::JoinHandle<reqwest::Response> {
            let (told, request) = (Arc::clone(&self.told), self.client.post(&self.url));
            let note = move || {
                told.fetch_add(1, Ordering::SeqCst);
            };
            tokio::spawn(async move {
                let sent = noticing(note, |body| request.body(body).send()).await;
                let response = sent.unwrap();
                assert_eq!(response.content_length(), Some(2));
                response
            })
        }

        async fn answered(&self, request: tokio::task::JoinHandle<reqwest::Response>) {
            self.answers.add_permits(1);
            assert_eq!(request.await.unwrap().text().await.unwrap(), "{}");
        }

        fn told(&self) -> usize {
            self.told.load(Ordering::SeqCst)
        }
    }

    async fn serve(mut stream: TcpStream, answers: Arc<Semaphore>) {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            let head = String::from_utf8(head).unwrap();
            assert!(!head.contains("transfer-encoding"), "{head}");
            answers.acquire().await.unwrap().forget();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer).await.unwrap();
        }
    }

    #[tokio::test]
    async fn only_a_departure_on_a_connection_that_was_there_is_told() {
        let bench = Bench::new().await;
        bench.answered(bench.request()).await;
        assert_eq!(bench.told(), 0, "the connection had to be made");

        // Of two at once, one finds the connection idle. It is told before there is an answer.
        let (one, other) = (bench.request(), bench.request());
        while bench.told() == 0 {
            tokio::task::yield_now().await;
        }
        bench.answers.add_permits(1);
        bench.answered(one).await;
        other.await.unwrap();
        assert_eq!(bench.told(), 1);

        // Now there are two connections.
        let (one, other) = (bench.request(), bench.request());
        while bench.told() < 3 {
            tokio::task::yield_now().await;
        }
        bench.answers.add_permits(1);
        bench.answered(one).await;
        other.await.unwrap();
        assert_eq!(bench.told(), 3);
    }
}
