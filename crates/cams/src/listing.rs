//! One list call for all who want to know about numbers of the same space.
//!
//! A refresh asks for each number by itself, many at a time. The API lists a whole space in one
//! answer. So all calls that ask while a list is on its way, or within [`FRESH`] after it came,
//! share that list. A caller that needs a list which shows everything that happened before now says
//! so, and shares it only with others that ask in the meantime.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep_until};

use alibaba_cloud::client::{Bounds, Error, ErrorKind, Operation};
use alibaba_cloud::credentials::Credentials;

use crate::operations::{PhoneNumbers, QueryChatappPhoneNumbers};
use crate::phone::PhoneNumber;
use crate::quota::Quota;

/// How long a list is shared, or that RAM denies it. A plan over ten thousand numbers refreshes
/// well within it.
const FRESH: Duration = Duration::from_secs(60);

/// What a list shows of all numbers.
#[derive(Debug, Default)]
struct Table {
    /// The rows of each number, by the digits of its canonical form.
    numbers: HashMap<String, NumberRows>,
    complete: bool,
}

/// The rows of one number.
#[derive(Clone, Debug, Default)]
struct NumberRows {
    /// The status of each row. A row may have none.
    statuses: Vec<Option<String>>,
    /// Whether the last row writes the number in its canonical form.
    in_canonical_form: bool,
}

/// The table, or why there is none; and when that was known.
type Answered = (Result<Arc<Table>, Arc<Error>>, Instant);
type Pending = Shared<BoxFuture<'static, Answered>>;

/// What a space's list shows of one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The status of each row for the number, in the order of the list; `None` for a row that tells
    /// none. Without a row it is empty.
    pub statuses: Vec<Option<String>>,
    /// Whether every row of the list could be read, so that a number without a row is not in it.
    pub complete: bool,
    /// When the list was asked for: it shows nothing that happened later, and perhaps less.
    pub asked_at: Instant,
}

/// A list on its way, or there.
#[derive(Clone, Debug)]
struct Listing {
    pending: Pending,
    asked_at: Instant,
    /// The deadline of the caller that asked for it.
    deadline: Instant,
}

/// The lists of a process, by space.
#[derive(Debug, Default)]
pub(crate) struct Listings(Mutex<HashMap<String, Listing>>);

/// The client of the API, with the account's quota as its gate.
pub(crate) type Api = alibaba_cloud::client::Client<Credentials, Quota>;

impl Listings {
    /// What the space's list shows of a number. With `not_before`, the list was asked for then or
    /// later.
    ///
    /// # Errors
    ///
    /// If the call fails, or the bounds end the wait for it.
    pub(crate) async fn listed(
        &self,
        api: &Arc<Api>,
        bounds: &Bounds,
        cust_space_id: &str,
        number: &PhoneNumber,
        not_before: Option<Instant>,
    ) -> Result<Listed, Error> {
        loop {
            let listing = self.list(api, bounds, cust_space_id, not_before);
            let deadline = listing.deadline;
            let answered = tokio::select! {
                biased;
                (answered, _) = listing.pending => answered,
                () = bounds.stopped() => return Err(stopped()),
                // The caller that asked for the list hears from the call why it did not end in time.
                () = sleep_until(bounds.deadline()), if bounds.deadline() < deadline => {
                    return Err(too_late());
                }
            };
            match answered {
                Ok(table) => {
                    let canonical = number.canonical().to_string();
                    let rows = table.numbers.get(&canonical);
                    return Ok(Listed {
                        statuses: rows.map(|rows| rows.statuses.clone()).unwrap_or_default(),
                        complete: table.complete,
                        asked_at: listing.asked_at,
                    });
                }
                // The caller that asked for the list had less time than this one has.
                Err(error) if error.out_of_time && deadline < bounds.deadline() => {}
                Err(error) => return Err(Error::clone(&error)),
            }
        }
    }

    /// The form in which the last list of the space writes a number that has two; `None` if it does
    /// not show the number. This makes no call.
    pub(crate) fn listed_form(
        &self,
        cust_space_id: &str,
        number: &PhoneNumber,
    ) -> Option<PhoneNumber> {
        let other = number.other_form()?;
        let canonical = number.canonical();
        let pending = self.lock().get(cust_space_id)?.pending.clone();
        let (table, _) = pending.peek()?;
        let rows = table.as_ref().ok()?.numbers.get(&canonical.to_string())?;
        let as_asked = rows.in_canonical_form == (canonical == *number);
        Some(if as_asked { number.clone() } else { other })
    }

    fn list(
        &self,
        api: &Arc<Api>,
        bounds: &Bounds,
        cust_space_id: &str,
        not_before: Option<Instant>,
    ) -> Listing {
        let mut spaces = self.lock();
        let shared = spaces
            .get(cust_space_id)
            .filter(|listing| not_before.is_none_or(|instant| instant <= listing.asked_at));
        if let Some(listing) = shared {
            match listing.pending.peek() {
                None => return listing.clone(),
                Some((answer, at)) if lasts(answer) && at.elapsed() < FRESH => {
                    return listing.clone();
                }
                Some(_) => {}
            }
        }
        // In a task of its own, so that a caller that leaves does not end it for the others.
        let (asked_at, deadline) = (Instant::now(), bounds.deadline());
        let (api, bounds) = (Arc::clone(api), bounds.clone());
        let operation = QueryChatappPhoneNumbers {
            cust_space_id: cust_space_id.to_owned(),
        };
        let task = tokio::spawn(async move {
            let list = api.call(&bounds, &operation).await;
            list.map(|list| Arc::new(Table::of(list))).map_err(Arc::new)
        });
        let pending = task
            .map(|joined| {
                let answer = joined.unwrap_or_else(|_| Err(Arc::new(stopped())));
                (answer, Instant::now())
            })
            .boxed()
            .shared();
        let listing = Listing {
            pending,
            asked_at,
            deadline,
        };
        // A list that is not shared any more only takes memory.
        spaces.retain(|_, listing| {
            let at = listing.pending.peek().map(|(_, at)| *at);
            at.is_none_or(|at| at.elapsed() < FRESH)
        });
        spaces.insert(cust_space_id.to_owned(), listing.clone());
        listing
    }
}

impl Table {
    fn of(PhoneNumbers { phone_numbers }: PhoneNumbers) -> Self {
        let mut table = Self {
            numbers: HashMap::new(),
            complete: phone_numbers.complete,
        };
        for row in phone_numbers.rows {
            match row.phone_number.as_deref().and_then(digits) {
                Some(digits) => {
                    let canonical = PhoneNumber::canonical_digits(&digits);
                    let in_canonical_form = canonical == digits;
                    let rows = table.numbers.entry(canonical).or_default();
                    rows.statuses.push(row.status);
                    rows.in_canonical_form = in_canonical_form;
                }
                None => table.complete = false,
            }
        }
        table
    }
}

/// The digits of a number, however it is written: `+86 139-0000-1234`, `008613900001234`, or
/// `8613900001234.0` as some languages write a JSON number. `None` if there is something else in
/// it.
fn digits(written: &str) -> Option<String> {
    let whole = written.strip_suffix(".0").unwrap_or(written);
    let separator = |c: char| c.is_whitespace() || matches!(c, '+' | '-' | '.' | '(' | ')');
    let digits: String = whole.chars().filter(|c| !separator(*c)).collect();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Two zeros are the prefix of an international call; no country code begins with a zero.
    is_number.then(|| digits.trim_start_matches("00").to_owned())
}

impl Listings {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Listing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether another call would be answered alike: with a list, or with a lasting refusal.
fn lasts(answer: &Result<Arc<Table>, Arc<Error>>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => error.kind.is_lasting(),
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
    Error::unanswered(kind, QueryChatappPhoneNumbers::ACTION, message)
}

#[cfg(test)]
mod tests {
    use alibaba_cloud::openapi::fields::Rows;

    use crate::operations::ListedNumber;

    use super::*;

    #[test]
    fn a_number_is_found_however_its_row_is_written() {
        for written in [
            "8613900001234",
            "+86 139-0000-1234",
            "+86 (139) 0000.1234",
            "008613900001234",
            "8613900001234.0",
        ] {
            assert_eq!(
                digits(written).as_deref(),
                Some("8613900001234"),
                "{written}"
            );
        }
        for written in ["", "+", "86139****1234", "8.613900001234e12", "none"] {
            assert_eq!(digits(written), None, "{written}");
        }
    }

    #[test]
    fn both_forms_of_a_number_are_its_rows() {
        let row = |phone_number: &str, status: &str| ListedNumber {
            phone_number: Some(phone_number.to_owned()),
            status: Some(status.to_owned()),
        };
        let phone_numbers = Rows {
            rows: vec![
                row("525512345678", "DELETED"),
                row("+52 1 55 1234 5678", "CONNECTED"),
                row("553196883193", "PENDING"),
                row("551196883193", "PENDING"),
                row("12", "PENDING"),
            ],
            complete: true,
        };
        let table = Table::of(PhoneNumbers { phone_numbers });
        let shown = |digits: &str| {
            let rows = table.numbers.get(digits).expect("rows");
            (rows.statuses.len(), rows.in_canonical_form)
        };
        assert_eq!(table.numbers.len(), 4);
        assert_eq!(shown("525512345678"), (2, false));
        assert_eq!(shown("5531996883193"), (1, false));
        assert_eq!(shown("551196883193"), (1, true));
        assert_eq!(shown("12"), (1, true));
    }
}
