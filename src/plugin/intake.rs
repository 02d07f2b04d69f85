//! Keeps the messages that are read at the same time within one budget of memory.
//!
//! A message is bounded by itself, but many large ones at once would not be. So a call whose
//! message is larger than [`SMALL`] has to be given as much of the budget as the message has bytes,
//! which its prefix tells, before the message is read, and gives it back when the call is answered.
//! It gets all of it at once, so whoever waits holds nothing that others wait for. What waits stays
//! with the sender, apart from [`STREAM_WINDOW`] for each call. A connection takes as much as all
//! its calls may send unread, or else those that wait could keep out the rest of one that is being
//! read.
//!
//! This file is longer than 300 lines because the budget and the finding of prefixes are tested
//! beside each other.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tower_layer::Layer;
use tower_service::Service;

/// How many bytes the messages may have that are read at the same time, small ones not counted.
/// While it is read, a message needs up to three times its size.
const BUDGET: usize = 40 << 20;

/// The largest message that needs no share of the budget. Those of ordinary objects are smaller,
/// and so is the one that asks for a stop, which must not wait for others.
const SMALL: usize = 4 << 10;

/// How much a call may send before it is read.
pub(super) const STREAM_WINDOW: u32 = 4 << 10;

/// The unit in which the budget is counted: a KiB.
const UNIT: usize = 1 << 10;

/// The length of what precedes each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The budget of one server. A clone shares it.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    budget: Arc<Semaphore>,
    /// The largest message that is read at all.
    limit: usize,
}

/// The share of a call, which is given back when both the call and its message are done with.
type Share = Arc<Mutex<Option<OwnedSemaphorePermit>>>;

impl Intake {
    /// A budget for messages of at most `limit` bytes. Larger ones are refused by others.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            budget: Arc::new(Semaphore::new(BUDGET / UNIT)),
            limit: limit.min(BUDGET),
        }
    }
}

impl<S> Layer<S> for Intake {
    type Service = Metered<S>;

    fn layer(&self, service: S) -> Metered<S> {
        Metered {
            service,
            intake: self.clone(),
        }
    }
}

/// A service whose requests keep to the budget.
#[derive(Clone, Debug)]
pub(super) struct Metered<S> {
    service: S,
    intake: Intake,
}

impl<S, R> Service<http::Request<Body>> for Metered<S>
where
    S: Service<http::Request<Body>, Response = R, Future: Send + 'static>,
{
    type Response = R;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<R, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let share = Share::default();
        let request = request.map(|body| {
            Body::new(Incoming {
                body,
                intake: self.intake.clone(),
                share: Arc::clone(&share),
                prefixes: Prefixes::default(),
                waiting: None,
            })
        });
        let response = self.service.call(request);
        Box::pin(async move {
            let response = response.await;
            drop(share);
            response
        })
    }
}

/// The body of a request, of which nothing is passed on that its share does not cover.
struct Incoming {
    body: Body,
    intake: Intake,
    share: Share,
    prefixes: Prefixes,
    waiting: Option<Waiting>,
}

/// A frame that is passed on as soon as the call has its share.
struct Waiting {
    frame: Frame<Bytes>,
    share: Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>,
}

impl Incoming {
    /// The bytes for which the call needs a share before this frame is passed on.
    fn needs(&mut self, frame: &Frame<Bytes>) -> Result<Option<usize>, Status> {
        let Some(data) = frame.data_ref() else {
            return Ok(None);
        };
        let mut needed = None;
        for Message { length, first } in self.prefixes.read(data) {
            if length <= SMALL || length > self.intake.limit {
                continue;
            }
            if !first {
                let text = format!("a further message of the same call has {length} bytes");
                return Err(Status::resource_exhausted(text));
            }
            needed = Some(length);
        }
        Ok(needed)
    }

    fn wait(&self, frame: Frame<Bytes>, length: usize) -> Waiting {
        let budget = Arc::clone(&self.intake.budget);
        // The limit keeps it far below the greatest number.
        let units = u32::try_from(length.div_ceil(UNIT)).unwrap_or(u32::MAX);
        Waiting {
            frame,
            // The budget is never closed.
            share: Box::pin(async move { budget.acquire_many_owned(units).await.ok() }),
        }
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                let share = ready!(waiting.share.as_mut().poll(context));
                *self.share.lock().unwrap_or_else(PoisonError::into_inner) = share;
                return Poll::Ready(self.waiting.take().map(|waiting| Ok(waiting.frame)));
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match self.needs(&frame) {
                Ok(None) => return Poll::Ready(Some(Ok(frame))),
                Ok(Some(length)) => self.waiting = Some(self.wait(frame, length)),
                Err(refusal) => return Poll::Ready(Some(Err(refusal))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Finds the prefixes of the messages in a body that comes in pieces.
#[derive(Debug, Default)]
struct Prefixes {
    prefix: [u8; PREFIX],
    /// How much of the prefix is there.
    filled: usize,
    /// How much of the message is still to come.
    left: usize,
    messages: usize,
}

/// A message that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Message {
    length: usize,
    /// Whether it is the first one of its call.
    first: bool,
}

impl Prefixes {
    /// The messages whose prefix ends in this piece.
    fn read(&mut self, mut piece: &[u8]) -> Vec<Message> {
        let mut begun = Vec::new();
        while !piece.is_empty() {
            let skipped = self.left.min(piece.len());
            self.left -= skipped;
            piece = &piece[skipped..];
            let taken = piece.len().min(PREFIX - self.filled);
            let (start, rest) = piece.split_at(taken);
            self.prefix[self.filled..self.filled + taken].copy_from_slice(start);
            self.filled += taken;
            piece = rest;
            if self.filled == PREFIX {
                let [_, length @ ..] = self.prefix;
                // On all systems that this is built for, a length of 32 bits fits.
                let length = u32::from_be_bytes(length) as usize;
                begun.push(Message {
                    length,
                    first: self.messages == 0,
                });
                self.messages += 1;
                (self.filled, self.left) = (0, length);
            }
        }
        begun
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;

    use super::*;

    fn message(length: u32, content: usize) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(length.to_be_bytes());
        bytes.resize(PREFIX + content, 7);
        bytes
    }

    #[test]
    fn prefixes_are_found_however_a_body_is_cut() {
        let body = [message(3, 3), message(0, 0), message(70_000, 70_000)].concat();
        let begun = [(3, true), (0, false), (70_000, false)];
        let begun = begun.map(|(length, first)| Message { length, first });
        for piece in [1, 2, 4, 5, 6, 1000, body.len()] {
            let mut prefixes = Prefixes::default();
            let found = body.chunks(piece).flat_map(|piece| prefixes.read(piece));
            assert_eq!(found.collect::<Vec<_>>(), begun, "in pieces of {piece}");
        }
    }

    /// A body of these pieces, under the budget of `intake`.
    fn incoming(intake: &Intake, bytes: Vec<u8>) -> (Incoming, Share) {
        let share = Share::default();
        let incoming = Incoming {
            body: Body::new(http_body_util::Full::new(Bytes::from(bytes))),
            intake: intake.clone(),
            share: Arc::clone(&share),
            prefixes: Prefixes::default(),
            waiting: None,
        };
        (incoming, share)
    }

    async fn frame(incoming: &mut Incoming) -> Option<Result<Frame<Bytes>, Status>> {
        std::future::poll_fn(|context| Pin::new(&mut *incoming).poll_frame(context)).await
    }

    #[tokio::test]
    async fn what_is_left_is_waited_for_and_small_messages_do_not_wait() {
        let intake = Intake::new(40 << 20);
        let (mut large, share) = incoming(&intake, message(40 << 20, 10));
        assert!(frame(&mut large).await.is_some_and(|frame| frame.is_ok()));
        let (mut other, _share) = incoming(&intake, message(20 << 20, 10));
        let mut next = Box::pin(frame(&mut other));
        let early = futures_util::poll!(&mut next);
        assert!(early.is_pending());
        let (mut small, _) = incoming(&intake, message(SMALL as u32, 10));
        assert!(frame(&mut small).await.is_some_and(|frame| frame.is_ok()));
        // The message was read, and then the call was answered.
        drop(large);
        assert!(futures_util::poll!(&mut next).is_pending());
        drop(share);
        assert!(next.await.is_some_and(|frame| frame.is_ok()));
    }

    #[tokio::test]
    async fn a_call_has_one_large_message() {
        let intake = Intake::new(40 << 20);
        let two = [message(5000, 5000), message(5000, 5000)].concat();
        let (mut body, _share) = incoming(&intake, two);
        let refused = frame(&mut body)
            .await
            .expect("a frame")
            .expect_err("too much");
        assert!(refused.message().contains("5000 bytes"), "{refused}");
    }
}
