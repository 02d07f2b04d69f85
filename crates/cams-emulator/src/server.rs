//! The connections: reads requests, lets latency pass, and sends answers as they were decided, to
//! the byte.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base::clock::Clock;
use base::random::Random;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::control;
use crate::flags::{Flags, Latencies};
use crate::refusal::retry_after;
use crate::reply::{Delivery, LazyReply, OutgoingResponse};
use crate::request::{CREDENTIALS_URI, IncomingRequest};
use crate::service::EmulatedService;

/// The most bytes that the body of a request may have. No request to CAMS comes near it.
const BODY_LIMIT: usize = 1 << 20;

/// The time that open connections have to finish after the shutdown.
const GRACE: Duration = Duration::from_secs(1);

/// Serves until `shutdown` is done, and then gives open requests a second to finish. `clock` shows
/// the date of the server.
pub async fn serve(
    listener: TcpListener,
    flags: Flags,
    clock: Clock,
    shutdown: impl Future<Output = ()>,
) {
    let emulator = Arc::new(Emulator::new(flags, clock));
    let stop = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(emulator.clone().connection(stream, stop.clone()));
                }
                // The process is out of file descriptors, or the client left before it was
                // accepted. Neither lasts, so it is tried again.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }
    drop(listener);
    stop.cancel();
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(GRACE, all).await;
    connections.shutdown().await;
}

/// What all connections of an emulator share.
struct Emulator {
    service: Mutex<EmulatedService>,
    /// The moment from which the journal and the quota count time.
    start: Instant,
    clock: Clock,
    timing: Latencies,
    random: Random,
}

/// The response that hyper sends. An error ends the connection.
type HttpResponse = hyper::Response<UnsyncBoxBody<Bytes, io::Error>>;

impl Emulator {
    fn new(flags: Flags, clock: Clock) -> Self {
        Self {
            start: Instant::now(),
            clock,
            timing: flags.timing,
            // The seed differs from the one of the ids, which must not depend on how many requests
            // there were.
            random: Random::seeded(flags.seed.wrapping_add(1)),
            service: Mutex::new(EmulatedService::new(flags)),
        }
    }

    /// Serves one connection until its client or the shutdown ends it.
    async fn connection(self: Arc<Self>, stream: TcpStream, stop: CancellationToken) {
        // Without this option small answers may leave later, but they still leave, so that an error
        // is no reason to give up.
        let _ = stream.set_nodelay(true);
        pass(self.timing.connect_latency.0).await;
        let cut = Arc::new(AtomicBool::new(false));
        let service = service_fn(|request| self.clone().respond(request, cut.clone()));
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // Whether the connection ended well concerns only its client.
        let _ = tokio::select! {
            ended = &mut connection => ended,
            () = stop.cancelled() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        if cut.load(Ordering::Relaxed) {
            // A socket that does not linger sends a TCP reset when it is closed.
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
        }
    }

    /// Answers one request. Every answer but a control one takes its latency. `cut` is set where
    /// the connection has to end in a reset.
    async fn respond(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        cut: Arc<AtomicBool>,
    ) -> io::Result<HttpResponse> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await;
        let request = IncomingRequest::new(head, body.map_err(io::Error::other)?.to_bytes());
        let is_control = request.path.starts_with(control::PREFIX);
        let (delivery, date) = if is_control && request.path != CREDENTIALS_URI {
            let (status, shown) =
                control::handle(&mut self.service(), &request, self.start.elapsed());
            let (response, _) = LazyReply::bare(status, &shown).into_response();
            (Delivery::Respond(response), self.clock.now())
        } else {
            // The call has a task of its own, so that it arrives even if the client is gone by
            // then.
            tokio::spawn(self.process(request)).await?
        };
        match delivery {
            Delivery::Never => pending().await,
            Delivery::Reset => Err(reset(&cut)),
            Delivery::Respond(response) => http_response(response, date, cut),
        }
    }

    /// Lets a call arrive, serves it, and lets its answer travel back, with the date in it.
    async fn process(self: Arc<Self>, request: IncomingRequest) -> (Delivery, SystemTime) {
        self.service().under_way += 1;
        pass(self.travel()).await;
        let outcome = {
            let mut service = self.service();
            service.under_way -= 1;
            service.receive(&request, self.start.elapsed(), self.clock.now())
        };
        pass(outcome.delay).await;
        pass(self.travel()).await;
        let date = outcome.date;
        (outcome.into_delivery(), date)
    }

    /// The time that one way takes: half of the latency, plus or minus half of the jitter at most.
    fn travel(&self) -> Duration {
        let (latency, jitter) = (self.timing.latency.0, self.timing.jitter.0);
        let longest = latency.saturating_add(jitter) / 2;
        longest.saturating_sub(self.random.up_to(jitter))
    }

    /// The state, which is locked until the guard is dropped. A panic while it was locked left
    /// nothing behind that other calls depend on, so the lock is taken all the same.
    fn service(&self) -> std::sync::MutexGuard<'_, EmulatedService> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The response that hyper sends, whose body follows the steps of `response`.
fn http_response(
    response: OutgoingResponse,
    date: SystemTime,
    cut: Arc<AtomicBool>,
) -> io::Result<HttpResponse> {
    let mut head = hyper::Response::builder()
        .status(response.status)
        .header(DATE, httpdate::fmt_http_date(date))
        .header(CONTENT_TYPE, response.content_type)
        .header(CONTENT_LENGTH, response.length);
    if let Some(wait) = response.retry_after {
        head = head.header("x-acs-retry-after", retry_after(wait));
    }
    let frames = stream::iter(response.body).then(move |(pause, bytes)| {
        let cut = cut.clone();
        async move {
            pass(pause).await;
            bytes.map(Frame::data).ok_or_else(|| reset(&cut))
        }
    });
    head.body(BodyExt::boxed_unsync(StreamBody::new(frames)))
        .map_err(io::Error::other)
}

/// Lets the connection end in a reset, by this error.
fn reset(cut: &AtomicBool) -> io::Error {
    cut.store(true, Ordering::Relaxed);
    io::Error::other("the connection is cut")
}

/// Waits for this time. No time takes none, where a timer would round it up to a millisecond.
async fn pass(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

#[cfg(test)]
mod tests;
