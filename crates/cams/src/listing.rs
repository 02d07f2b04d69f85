//! One list call for all who want to know about numbers of the same space.
//!
//! A refresh asks for each number by itself, many at a time. The API lists a whole space in one
//! answer. So whoever asks while a list is on its way, or within [`FRESH`] after it came, shares
//! that list. Whoever needs a list that cannot have missed what happened before now says so, and
//! shares it only with others who ask in the meantime.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep_until};

use alibaba_cloud::openapi::Share;

use super::phone::PhoneNumber;
use super::phone_numbers::NumberRows;
use super::retry::Class;
use super::{Call, Client, Error, ErrorKind};

/// How long a list is shared, or that RAM denies it. A plan over ten thousand numbers refreshes
/// well within it.
const FRESH: Duration = Duration::from_secs(60);

/// What a list shows of all numbers, and the memory that is accounted for it.
#[derive(Debug, Default)]
struct Table {
    /// The rows of each number, by the digits of its canonical form.
    numbers: HashMap<String, Rows>,
    complete: bool,
    _share: Share,
}

/// The rows of one number.
#[derive(Clone, Debug, Default)]
struct Rows {
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
    /// Until when whoever began the call had time for it.
    deadline: Instant,
}

/// The lists of a process, by space.
#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<HashMap<String, Listing>>);

impl Client {
    /// What the space's list shows of a number. With `not_before`, the list was asked for then or
    /// later.
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
                Ok(table) => {
                    let canonical = number.canonical().to_string();
                    let rows = table.numbers.get(&canonical);
                    return Ok(Listed {
                        statuses: rows.map(|rows| rows.statuses.clone()).unwrap_or_default(),
                        complete: table.complete,
                        asked_at: listing.asked_at,
                    });
                }
                // Whoever began the call had less time than we have.
                Err(error) if error.out_of_time && deadline < call.deadline() => {}
                Err(error) => return Err(Error::clone(&error)),
            }
        }
    }

    /// The form in which the last list of the space writes a number that has two; `None` if it does
    /// not show the number. This makes no call.
    pub fn listed_form(&self, cust_space_id: &str, number: &PhoneNumber) -> Option<PhoneNumber> {
        let other = number.other_form()?;
        let canonical = number.canonical();
        let pending = self.listings().lock().get(cust_space_id)?.pending.clone();
        let (table, _) = pending.peek()?;
        let rows = table.as_ref().ok()?.numbers.get(&canonical.to_string())?;
        let as_asked = rows.in_canonical_form == (canonical == *number);
        Some(if as_asked { number.clone() } else { other })
    }

    fn list(&self, call: &Call, cust_space_id: &str, not_before: Option<Instant>) -> Listing {
        let mut spaces = self.listings().lock();
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
        // In a task of its own, so that one who leaves does not end it for the others.
        let (asked_at, deadline) = (Instant::now(), call.deadline());
        let (client, call, space) = (self.clone(), call.clone(), cust_space_id.to_owned());
        let task = tokio::spawn(async move {
            let list = client
                .query_chatapp_phone_numbers(&call, &space)
                .await
                .map_err(Arc::new)?;
            Ok(Arc::new(Table::of(list)))
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

impl Table {
    fn of(list: NumberRows) -> Self {
        let mut table = Self {
            numbers: HashMap::new(),
            complete: list.complete,
            _share: list.share,
        };
        for row in list.rows {
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

/// Whether another call would be answered alike: a list, or that RAM denies it.
fn lasts(answer: &Result<Arc<Table>, Arc<Error>>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => error.kind == ErrorKind::AccessDenied,
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

#[cfg(test)]
mod tests {
    use super::super::ListedNumber;
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
        let table = Table::of(NumberRows {
            rows: vec![
                row("525512345678", "DELETED"),
                row("+52 1 55 1234 5678", "CONNECTED"),
                row("553196883193", "PENDING"),
                row("551196883193", "PENDING"),
                row("12", "PENDING"),
            ],
            complete: true,
            ..NumberRows::default()
        });
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
