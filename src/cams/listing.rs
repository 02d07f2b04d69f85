//! One list call for all who want to know about numbers of the same space.
//!
//! A refresh asks for each number by itself, ten at a time or a hundred; the API lists a whole space in one answer. So
//! whoever asks while a list is on its way, or within [`FRESH`] after it came, shares it. That is safe because nobody
//! takes a number's absence from a list for its absence: a list that is a little old costs a single lookup, no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep_until};

use super::phone::PhoneNumber;
use super::retry::Class;
use super::{Call, Client, Error, ErrorKind};

/// How long a list is shared. A plan over ten thousand numbers refreshes well within it.
const FRESH: Duration = Duration::from_secs(60);

/// The status by phone number, or why there is no list; and when that was known.
type Listed = (Result<Arc<HashMap<String, String>>, Arc<Error>>, Instant);
type Pending = Shared<BoxFuture<'static, Listed>>;

/// A list on its way, or there.
#[derive(Clone, Debug)]
struct Listing {
    pending: Pending,
    /// Until when whoever began the call had time for it.
    deadline: Instant,
}

/// The lists of a process, by space.
#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<HashMap<String, Listing>>);

impl Client {
    /// The status that the space's list shows for a number; `None` if it does not show the number.
    pub async fn listed_status(
        &self,
        call: &Call,
        cust_space_id: &str,
        number: &PhoneNumber,
    ) -> Result<Option<String>, Error> {
        loop {
            let Listing { pending, deadline } = self.list(call, cust_space_id);
            let listed = tokio::select! {
                biased;
                (listed, _) = pending => listed,
                () = call.stopped() => return Err(stopped()),
                // Whoever began the call hears from the call itself why it did not end in time.
                () = sleep_until(call.deadline()), if call.deadline() < deadline => return Err(too_late()),
            };
            match listed {
                Ok(statuses) => return Ok(statuses.get(&number.to_string()).cloned()),
                // Whoever began the call had less time than we have.
                Err(error) if error.out_of_time && deadline < call.deadline() => {}
                Err(error) => return Err(Error::clone(&error)),
            }
        }
    }

    /// Forgets the list of a space: the next question asks the API.
    pub fn forget_list(&self, cust_space_id: &str) {
        self.listings().lock().remove(cust_space_id);
    }

    fn list(&self, call: &Call, cust_space_id: &str) -> Listing {
        let mut spaces = self.listings().lock();
        if let Some(listing) = spaces.get(cust_space_id) {
            match listing.pending.peek() {
                None => return listing.clone(),
                Some((Ok(_), at)) if at.elapsed() < FRESH => return listing.clone(),
                Some(_) => {}
            }
        }
        // In a task of its own, so that one who leaves does not end it for the others.
        let deadline = call.deadline();
        let (client, call, space) = (self.clone(), call.clone(), cust_space_id.to_owned());
        let task = tokio::spawn(async move {
            let numbers = client
                .query_chatapp_phone_numbers(&call, &space)
                .await
                .map_err(Arc::new)?;
            let statuses = numbers.into_iter().filter_map(|number| {
                let digits = number.phone_number?.trim_start_matches('+').to_owned();
                Some((
                    digits,
                    number.status.unwrap_or_else(|| "UNKNOWN".to_owned()),
                ))
            });
            Ok(Arc::new(statuses.collect()))
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
        let listing = Listing { pending, deadline };
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
    Error::local(kind, action, message.to_owned(), Class::NeverSent, 0)
}
