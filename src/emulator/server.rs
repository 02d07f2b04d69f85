//! Connections: reading requests, letting time pass, and carrying answers out to the byte.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream;
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

use super::answer::{Answer, Response, Step};
use super::config::Config;
use super::control;
use super::request::Call;
use super::service::Service;
use crate::clock::Clock;
use crate::random::Random;

/// No request to CAMS is near this size.
const BODY_LIMIT: usize = 1 << 20;

/// What connections get to finish in after the shutdown.
const GRACE: Duration = Duration::from_secs(1);

/// Serves until `shutdown` is done, then gives open requests a second to finish.
pub async fn serve(listener: TcpListener, config: Config, shutdown: impl Future<Output = ()>) {
    let emulator = Arc::new(Emulator::new(config));
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
                // The process is out of descriptors, or the client left early; both pass.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }
    drop(listener);
    stop.cancel();
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        connections.shutdown().await;
    }
}

#[derive(Debug)]
struct Emulator {
    service: Mutex<Service>,
    start: Instant,
    clock: Clock,
    latency: Duration,
    jitter: Duration,
    connect_latency: Duration,
    service_time: Duration,
    random: Random,
}

/// The connection is to end here.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

impl Emulator {
    fn new(config: Config) -> Self {
        Self {
            start: Instant::now(),
            clock: config.clock.clone(),
            latency: config.latency,
            jitter: config.jitter,
            connect_latency: config.connect_latency,
            service_time: config.service_time,
            // Not the one that makes ids: those shall not depend on how often the network was
            // asked.
            random: Random::seeded(config.seed.wrapping_add(1)),
            service: Mutex::new(Service::new(config)),
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, stop: CancellationToken) {
        // Small answers leave at once; without this they are only later.
        let _ = stream.set_nodelay(true);
        pass(self.connect_latency).await;
        let cut = Arc::new(AtomicBool::new(false));
        let service = service_fn(|request| self.clone().respond(request, cut.clone()));
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let stopped = tokio::select! {
            _ = &mut connection => false,
            () = stop.cancelled() => true,
        };
        if stopped {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            // How a connection ended is the client's affair.
            let _ = (&mut connection).await;
        }
        if cut.load(Ordering::Relaxed) {
            // Closing a socket that does not linger sends a reset instead of an orderly end.
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
        }
    }

    async fn respond(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        cut: Arc<AtomicBool>,
    ) -> Result<hyper::Response<UnsyncBoxBody<Bytes, Cut>>, Cut> {
        let call = read(request).await?;
        let answer = if call.path.starts_with(control::PREFIX) {
            self.control(&call)
        } else {
            // A task of its own: what was sent arrives, even if the client is gone by then.
            let task = tokio::spawn(self.process(call));
            task.await.map_err(|_| Cut)?
        };
        match answer {
            Answer::Never => pending().await,
            Answer::Reset => {
                cut.store(true, Ordering::Relaxed);
                Err(Cut)
            }
            Answer::Respond(response) => http_response(response, cut),
        }
    }

    async fn process(self: Arc<Self>, call: Call) -> Answer {
        self.service().under_way += 1;
        pass(self.travel()).await;
        let outcome = {
            let mut service = self.service();
            service.under_way -= 1;
            service.receive(&call, self.start.elapsed(), self.clock.now())
        };
        if outcome.served {
            pass(self.service_time).await;
        }
        pass(self.travel()).await;
        outcome.into_answer()
    }

    fn control(&self, call: &Call) -> Answer {
        let (status, shown) = control::handle(&mut self.service(), call, self.start.elapsed());
        let body = Bytes::from(shown.to_string());
        Answer::Respond(Response {
            status,
            date: self.clock.now(),
            content_type: "application/json",
            headers: Vec::new(),
            length: body.len() as u64,
            body: vec![Step::Send(body)],
        })
    }

    /// How long one way takes: half the latency, give or take half the jitter.
    fn travel(&self) -> Duration {
        let longest = (self.latency + self.jitter) / 2;
        longest.saturating_sub(self.random.up_to(self.jitter))
    }

    /// A panic of another call has not left anything half-written that matters to this one.
    fn service(&self) -> std::sync::MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Call, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await;
    Ok(Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.map_err(|_| Cut)?.to_bytes(),
    })
}

fn http_response(
    response: Response,
    cut: Arc<AtomicBool>,
) -> Result<hyper::Response<UnsyncBoxBody<Bytes, Cut>>, Cut> {
    let mut head = hyper::Response::builder()
        .status(response.status)
        .header(DATE, httpdate::fmt_http_date(response.date))
        .header(CONTENT_TYPE, response.content_type)
        .header(CONTENT_LENGTH, response.length);
    for (name, value) in response.headers {
        head = head.header(name, value);
    }
    let steps = stream::unfold(response.body.into_iter(), move |mut steps| {
        let cut = cut.clone();
        async move {
            loop {
                match steps.next()? {
                    Step::Pause(pause) => pass(pause).await,
                    Step::Send(bytes) => return Some((Ok(Frame::data(bytes)), steps)),
                    Step::Cut => {
                        cut.store(true, Ordering::Relaxed);
                        return Some((Err(Cut), steps));
                    }
                }
            }
        }
    });
    head.body(BodyExt::boxed_unsync(StreamBody::new(steps)))
        .map_err(|_| Cut)
}

/// Nothing at all for no time: a timer would round it up to a millisecond.
async fn pass(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

#[cfg(test)]
mod tests;
