//! One list call for all callers that ask about numbers of the same space.
//!
//! A refresh asks for each number separately, many at a time. The API lists a whole space in one
//! answer. So all calls that ask while a list is on its way, or within [`FRESH`] after it came,
//! share that list. [`Freshness`] says how recent a list has to be; callers that need a new one
//! share it with others that ask in the meantime.
//!
//! A change at Meta may show in the list only after a synchronization. Callers that wait for such
//! a change share the synchronization too, and those of one space begin at least [`SYNC_INTERVAL`]
//! apart. So any number of callers that ask again as soon as they are answered make two calls in
//! that time.
//!
//! This file is long because the list of a space and its synchronization depend on each other, and
//! share one way to wait for a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep_until};

use alibaba_cloud::client::{Bounds, Error, ErrorKind, Operation};
use alibaba_cloud::credentials::Credentials;
use alibaba_cloud::openapi::fields::Rows;
use base::sync::lock;

use crate::operations::{
    ChatappSyncPhoneNumber, ListedNumber, PhoneNumbers, QueryChatappPhoneNumbers,
};
use crate::phone::PhoneNumber;
use crate::quota::Quota;

/// How long a list is shared, or the error that RAM denies it. A plan over ten thousand numbers
/// refreshes well within it.
const FRESH: Duration = Duration::from_secs(60);

/// The least time between the beginnings of two synchronizations of a space.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// How recent a list has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// A list that is on its way, or that came within the last minute.
    #[default]
    Shared,
    /// A list that was requested at this instant or later.
    Since(Instant),
    /// A list that was requested after a synchronization with Meta (`ChatappSyncPhoneNumber`) that
    /// began at this instant or later. The answer may take [`SYNC_INTERVAL`] longer than its calls.
    SyncedSince(Instant),
}

/// What the list of a space shows, of all numbers or of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The rows, by number. The rows of one number are in the order of the list; a number may have
    /// several, of which some are old. The rows of all numbers are shared and not copied.
    pub rows: Arc<[ListedNumber]>,
    /// Whether every row of the list could be read, so that a number without a row is not in it.
    pub complete: bool,
    /// When the list was requested: it shows nothing that happened later, and perhaps less.
    pub asked_at: Instant,
    /// Why the synchronization failed, if one was asked for and failed: the list may then show what
    /// was true before.
    pub sync_failed: Option<Error>,
}

/// A call that several callers wait for, on its way or answered.
#[derive(Clone, Debug)]
struct Flight<T: Clone> {
    action: &'static str,
    pending: Shared<BoxFuture<'static, Answered<T>>>,
    began: Instant,
    /// The deadline of the caller that began it.
    deadline: Instant,
}

/// The answer to a call, and when it came.
type Answered<T> = (Result<T, Arc<Error>>, Instant);

/// The calls about one space.
#[derive(Debug, Default)]
struct SpaceCalls {
    list: Option<Flight<Listed>>,
    sync: Option<Flight<()>>,
    /// Whether the service writes a number in its canonical form, for each number that was listed
    /// and has two forms, by the digits of the canonical one.
    in_canonical_form: HashMap<String, bool>,
}

/// The lists of a process, by space, and the client that asks for them.
#[derive(Debug)]
pub(crate) struct Listings {
    pub(crate) api: QuotaClient,
    spaces: Mutex<HashMap<String, SpaceCalls>>,
}

/// The client of the API, with the account's quota as its gate.
pub(crate) type QuotaClient = alibaba_cloud::client::Client<Credentials, Quota>;

impl Listings {
    pub(crate) fn new(api: QuotaClient) -> Self {
        Self {
            api,
            spaces: Mutex::default(),
        }
    }

    /// What the space's list shows of all numbers.
    ///
    /// # Errors
    ///
    /// If the list call fails, or the bounds end the wait for it.
    pub(crate) async fn list(
        self: &Arc<Self>,
        bounds: &Bounds,
        cust_space_id: &str,
        freshness: Freshness,
    ) -> Result<Listed, Error> {
        let (since, sync_failed) = match freshness {
            Freshness::Shared => (None, None),
            Freshness::Since(instant) => (Some(instant), None),
            Freshness::SyncedSince(instant) => {
                // The list is made even if the synchronization fails, so half of the time is its.
                let half = bounds.with_half_of_time();
                let begin = || self.sync(&half, cust_space_id, instant);
                let (synced, at) = wait(&half, begin).await;
                (Some(at), synced.err())
            }
        };
        let begin = || self.query(bounds, cust_space_id, since);
        let (list, _) = wait(bounds, begin).await;
        Ok(Listed {
            sync_failed,
            ..list?
        })
    }

    /// What the space's list shows of one number.
    ///
    /// # Errors
    ///
    /// If the list call fails, or the bounds end the wait for it.
    pub(crate) async fn listed(
        self: &Arc<Self>,
        bounds: &Bounds,
        cust_space_id: &str,
        number: &PhoneNumber,
        freshness: Freshness,
    ) -> Result<Listed, Error> {
        let all = self.list(bounds, cust_space_id, freshness).await?;
        let number = Some(number.canonical().to_string());
        let before = all.rows.partition_point(|row| canonical(row) < number);
        let rows = all.rows.iter().skip(before);
        let rows = rows.take_while(|row| canonical(row) == number);
        Ok(Listed {
            rows: rows.cloned().collect(),
            ..all
        })
    }

    /// The form in which the lists of the space wrote a number that has two; `None` if they did not
    /// show it. This makes no call.
    pub(crate) fn listed_form(
        &self,
        cust_space_id: &str,
        number: &PhoneNumber,
    ) -> Option<PhoneNumber> {
        let other = number.other_form()?;
        let canonical = number.canonical();
        let spaces = lock(&self.spaces);
        let forms = &spaces.get(cust_space_id)?.in_canonical_form;
        let as_asked = *forms.get(&canonical.to_string())? == (canonical == *number);
        Some(if as_asked { number.clone() } else { other })
    }

    /// A synchronization that began at this instant or later, or that begins as soon as it may.
    fn sync(
        self: &Arc<Self>,
        bounds: &Bounds,
        cust_space_id: &str,
        not_before: Instant,
    ) -> Flight<()> {
        let mut spaces = lock(&self.spaces);
        let last = &mut spaces.entry(cust_space_id.to_owned()).or_default().sync;
        if let Some(sync) = last.as_ref().filter(|sync| sync.serves(Some(not_before))) {
            return sync.clone();
        }
        let now = Instant::now().max(not_before);
        let earliest = last.as_ref().map(|last| last.began + SYNC_INTERVAL);
        let began = earliest.map_or(now, |earliest| earliest.max(now));
        let (listings, bounds) = (Arc::clone(self), bounds.clone());
        let operation = ChatappSyncPhoneNumber {
            cust_space_id: cust_space_id.to_owned(),
        };
        let (action, deadline) = (ChatappSyncPhoneNumber::ACTION, bounds.deadline());
        let call = async move {
            let call = async {
                sleep_until(began).await;
                listings.api.call(&bounds, &operation).await.map(|_| ())
            };
            // A request that is under way ends with this part of the time too.
            let answer = bounds.within(TOO_LATE, call).await;
            answer.unwrap_or_else(|ended| Err(Error::unanswered(ended.kind, action, ended.message)))
        };
        let sync = Flight::begin(action, began, deadline, call);
        last.insert(sync).clone()
    }

    /// A list that was requested at this instant or later, or one that is requested now.
    fn query(
        self: &Arc<Self>,
        bounds: &Bounds,
        cust_space_id: &str,
        not_before: Option<Instant>,
    ) -> Flight<Listed> {
        let mut spaces = lock(&self.spaces);
        // A list that is not shared any more only takes memory.
        for space in spaces.values_mut() {
            space.list.take_if(|list| list.is_stale());
        }
        let last = &mut spaces.entry(cust_space_id.to_owned()).or_default().list;
        if let Some(list) = last.as_ref().filter(|list| list.serves(not_before)) {
            return list.clone();
        }
        let asked_at = Instant::now();
        let (listings, bounds) = (Arc::clone(self), bounds.clone());
        let operation = QueryChatappPhoneNumbers {
            cust_space_id: cust_space_id.to_owned(),
        };
        let (action, deadline) = (QueryChatappPhoneNumbers::ACTION, bounds.deadline());
        let call = async move {
            let list = Listed::of(listings.api.call(&bounds, &operation).await?, asked_at);
            let mut spaces = lock(&listings.spaces);
            let space = spaces.entry(operation.cust_space_id).or_default();
            space.in_canonical_form.extend(forms(&list.rows));
            Ok(list)
        };
        let list = Flight::begin(action, asked_at, deadline, call);
        last.insert(list).clone()
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Begins a call in a task of its own, so that a caller that leaves does not end it for the
    /// others.
    fn begin(
        action: &'static str,
        began: Instant,
        deadline: Instant,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let pending = tokio::spawn(call).map(move |joined| {
            let answer = joined.unwrap_or_else(|error| match error.try_into_panic() {
                // Every caller panics, so that every operation reports a bug of the provider.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::unanswered(ErrorKind::Cancelled, action, STOPPED)),
            });
            (answer.map_err(Arc::new), Instant::now())
        });
        Self {
            action,
            pending: pending.boxed().shared(),
            began,
            deadline,
        }
    }

    /// Whether this answers a caller that needs a call which began at this instant or later.
    fn serves(&self, not_before: Option<Instant>) -> bool {
        let began_in_time = not_before.is_none_or(|instant| instant <= self.began);
        let would_repeat = match self.pending.peek() {
            // Another call would be answered alike: with success, or with a lasting refusal.
            Some((Err(error), _)) => error.kind.is_lasting(),
            Some((Ok(_), _)) | None => true,
        };
        began_in_time && would_repeat && !self.is_stale()
    }

    fn is_stale(&self) -> bool {
        let answered = self.pending.peek();
        answered.is_some_and(|(_, at)| at.elapsed() >= FRESH)
    }
}

/// Waits for a call that `begin` begins or joins. Returns its answer, or why the bounds ended the
/// wait, and when that was known: all callers of one call hear the same instant.
async fn wait<T: Clone>(
    bounds: &Bounds,
    begin: impl Fn() -> Flight<T>,
) -> (Result<T, Error>, Instant) {
    loop {
        let flight = begin();
        let (action, deadline) = (flight.action, flight.deadline);
        let ended = |kind, message| {
            let error = Error::unanswered(kind, action, message);
            (Err(error), Instant::now())
        };
        let (answer, at) = tokio::select! {
            biased;
            answered = flight.pending => answered,
            () = bounds.stopped() => return ended(ErrorKind::Cancelled, STOPPED),
            // The caller that began the call hears from it why it did not end in time.
            () = sleep_until(bounds.deadline()), if bounds.deadline() < deadline => {
                return ended(ErrorKind::TimedOut, TOO_LATE);
            }
        };
        match answer {
            // The caller that began the call had less time than this one has.
            Err(error) if error.out_of_time && deadline < bounds.deadline() => {}
            answer => return (answer.map_err(|error| Error::clone(&error)), at),
        }
    }
}

const STOPPED: &str = "stopped before the response arrived";
const TOO_LATE: &str = "the response did not arrive in time";

impl Listed {
    fn of(answer: PhoneNumbers, asked_at: Instant) -> Self {
        let Rows { mut rows, complete } = answer.phone_numbers;
        rows.sort_by_cached_key(canonical);
        // Rows without a readable number come first.
        let is_readable = rows.first().is_none_or(|row| row.digits().is_some());
        Self {
            rows: rows.into(),
            complete: complete && is_readable,
            asked_at,
            sync_failed: None,
        }
    }
}

/// The digits of a row's number in its canonical form; `None` if they cannot be read.
fn canonical(row: &ListedNumber) -> Option<String> {
    Some(PhoneNumber::canonical_digits(&row.digits()?))
}

/// Whether the service writes the numbers that have two forms in their canonical one, by the digits
/// of that. Rows that show a number in the space come last, since those of a number that has left
/// may be old ones in another form.
fn forms(rows: &[ListedNumber]) -> impl Iterator<Item = (String, bool)> {
    let left = rows.iter().filter(|row| row.has_left());
    let rows = left.chain(rows.iter().filter(|row| !row.has_left()));
    rows.filter_map(|row| {
        let digits = row.digits()?;
        let [canonical, _] = PhoneNumber::both_forms(&digits)?;
        let is_canonical = canonical == digits;
        Some((canonical, is_canonical))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_reaches_every_caller() {
        let now = Instant::now();
        let flight = Flight::<()>::begin("Test", now, now, async { panic!("a bug") });
        for _ in 0..2 {
            let caller = tokio::spawn(flight.pending.clone());
            assert!(caller.await.unwrap_err().is_panic());
        }
    }

    #[test]
    fn both_forms_of_a_number_are_its_rows() {
        let row = |phone_number: &str, status: &str| ListedNumber {
            phone_number: Some(phone_number.to_owned()),
            status: Some(status.to_owned()),
            ..ListedNumber::default()
        };
        let phone_numbers = Rows {
            rows: vec![
                row("+52 1 55 1234 5678", "CONNECTED"),
                row("525512345678", "DELETED"),
                row("553196883193", "PENDING"),
                row("551196883193", "PENDING"),
                row("12", "PENDING"),
            ],
            complete: true,
        };
        let list = Listed::of(PhoneNumbers { phone_numbers }, Instant::now());
        let numbers: Vec<_> = list.rows.iter().filter_map(canonical).collect();
        let expected = [
            "12",
            "525512345678",
            "525512345678",
            "551196883193",
            "5531996883193",
        ];
        assert_eq!(numbers, expected);
        assert!(list.complete);
        let forms: HashMap<String, bool> = forms(&list.rows).collect();
        let expected = [("525512345678", false), ("5531996883193", false)];
        assert_eq!(
            forms,
            expected.map(|(digits, is)| (digits.to_owned(), is)).into()
        );
    }
}
