//! One list call for all who want to know about numbers of the same space.
//!
//! A refresh asks for each number by itself, many at a time. The API lists a whole space in one answer. So whoever asks
//! while a list is on its way, or within [`FRESH`] after it came, shares that list. Whoever needs a list that cannot
//! have missed what happened before now says so, and shares it only with others who ask in the meantime.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep_until};

use crate::openapi::Share;

use super::phone::PhoneNumber;
use super::retry::Class;
use super::{Call, Client, Error, ErrorKind};

/// How long a list is shared. A plan over ten thousand numbers refreshes well within it.
const FRESH: Duration = Duration::from_secs(60);

/// The rows of a list, and the memory that is accounted for them.
#[derive(Debug)]
struct Statuses {
    /// The statuses of a number's rows, by phone number.
    by_number: HashMap<String, Vec<String>>,
    _share: Share,
}
/// The rows, or why there is no list; and when that was known.
type Answered = (Result<Arc<Statuses>, Arc<Error>>, Instant);
type Pending = Shared<BoxFuture<'static, Answered>>;

/// What a space's list shows of one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The status of each row for the number, in the order of the list. Without a row it is empty.
    pub statuses: Vec<String>,
    /// When the list was asked for: it shows nothing that happened later, and perhaps less.
    pub asked_at: Instant,
}

/// A list on its way, or there.
#[derive(Clone, Debug)]
struct Listing {
    pending: Pending,
    asked_at: Instant,
    /// Until when whoever began the call had time for it.
    deadline: Instant,
}

/// The lists of a process, by space.
#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<HashMap<String, Listing>>);

impl Client {
    /// What the space's list shows of a number. With `not_before`, the list was asked for then or later.
    pub async fn listed(
        &self,
        call: &Call,
        cust_space_id: &str,
        number: &PhoneNumber,
        not_before: Option<Instant>,
    ) -> Result<Listed, Error> {
        loop {
            let listing = self.list(call, cust_space_id, not_before);
            let deadline = listing.deadline;
            let answered = tokio::select! {
                biased;
                (answered, _) = listing.pending => answered,
                () = call.stopped() => return Err(stopped()),
                // Whoever began the call hears from the call itself why it did not end in time.
                () = sleep_until(call.deadline()), if call.deadline() < deadline => {
                    return Err(too_late());
                }
            };
            match answered {
                Ok(statuses) => {
                    let statuses = statuses.by_number.get(&number.to_string()).cloned();
                    return Ok(Listed {
                        statuses: statuses.unwrap_or_default(),
                        asked_at: listing.asked_at,
                    });
                }
                // Whoever began the call had less time than we have.
                Err(error) if error.out_of_time && deadline < call.deadline() => {}
                Err(error) => return Err(Error::clone(&error)),
            }
        }
    }

    fn list(&self, call: &Call, cust_space_id: &str, not_before: Option<Instant>) -> Listing {
        let mut spaces = self.listings().lock();
        let shared = spaces
            .get(cust_space_id)
            .filter(|listing| not_before.is_none_or(|instant| instant <= listing.asked_at));
        if let Some(listing) = shared {
            match listing.pending.peek() {
                None => return listing.clone(),
                Some((Ok(_), at)) if at.elapsed() < FRESH => return listing.clone(),
                Some(_) => {}
            }
        }
        // In a task of its own, so that one who leaves does not end it for the others.
        let (asked_at, deadline) = (Instant::now(), call.deadline());
        let (client, call, space) = (self.clone(), call.clone(), cust_space_id.to_owned());
        let task = tokio::spawn(async move {
            let (rows, share) = client
                .query_chatapp_phone_numbers(&call, &space)
                .await
                .map_err(Arc::new)?;
            let mut by_number = HashMap::<String, Vec<String>>::new();
            for row in rows {
                let Some(phone_number) = row.phone_number else {
                    continue;
                };
                let digits = phone_number.trim_start_matches('+').to_owned();
                let status = row.status.unwrap_or_else(|| "UNKNOWN".to_owned());
                by_number.entry(digits).or_default().push(status);
            }
            Ok(Arc::new(Statuses {
                by_number,
                _share: share,
            }))
        });
        let pending = task
            .map(|joined| {
                (
                    joined.unwrap_or_else(|_| Err(Arc::new(stopped()))),
                    Instant::now(),
                )
            })
            .boxed()
            .shared();
        let listing = Listing {
            pending,
            asked_at,
            deadline,
        };
        // Lists that nobody would share any more only take memory.
        spaces.retain(|_, listing| {
            let at = listing.pending.peek().map(|(_, at)| *at);
            at.is_none_or(|at| at.elapsed() < FRESH)
        });
        spaces.insert(cust_space_id.to_owned(), listing.clone());
        listing
    }
}

impl Listings {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Listing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stopped() -> Error {
    ended(ErrorKind::Cancelled, "stopped before the list was there")
}

fn too_late() -> Error {
    ended(
        ErrorKind::TimedOut,
        "the time was over before the space's list was there",
    )
}

fn ended(kind: ErrorKind, message: &str) -> Error {
    let action = super::Operation::QUERY_CHATAPP_PHONE_NUMBERS.action;
    Error::local(kind, action, message.to_owned(), Class::NeverSent)
}
