//! Asks CAMS where a number is.
//!
//! [`Search::find`] is the question before a start and during a refresh: the list of the space,
//! which all who ask for the same space share, and the lookup of the number where the list does not
//! settle it. [`Search::read_back`] is the question after a start without an answer.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use cams::operations::GetPhoneNumberVerificationStatus;
use cams::phone::PhoneNumber;
use cams::{Bounds, Client, Error, ErrorKind, Freshness, Listed};

use super::evidence::{Evidence, Lookup, Presence, has_moved_out, weigh};
use super::lookups::{Granted, Lookups};

/// A number in a space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The id of the space.
    pub(crate) cust_space_id: String,
    /// The number, with its country code.
    pub(crate) number: PhoneNumber,
}

impl Target {
    /// The same number in the same space, however it is written: what is compared with others.
    #[must_use]
    pub(crate) fn canonical(&self) -> Self {
        Self {
            cust_space_id: self.cust_space_id.clone(),
            number: self.number.canonical(),
        }
    }
}

/// The number and its space, such as "8613900001234 in space cams-1".
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in space {}", self.number, self.cust_space_id)
    }
}

/// A search for one number within the bounds of one operation of Terraform.
#[derive(Clone, Debug)]
pub(crate) struct Search<'a> {
    /// The client that makes the calls.
    pub(crate) client: &'a Client,
    /// The bounds of the operation.
    pub(crate) bounds: Bounds,
    /// The number.
    pub(crate) target: &'a Target,
}

/// What is asked about a number.
#[derive(Debug, Default)]
pub(crate) struct Question<'a> {
    /// What is known already. A number whose id is known needs no lookup if the list shows it.
    pub(crate) known: Presence,
    /// The list must have been requested at this instant or later. Without it a shared list is
    /// enough, except to prove that the number is absent.
    pub(crate) not_before: Option<Instant>,
    /// The lookups that are left to the refreshes of this run, if a refresh of a state that holds
    /// the number asks: a lookup can then only prove that the number is absent, or give an id that
    /// is not known. Others look the number up whenever the list does not settle the question.
    pub(crate) lookups: Option<&'a Lookups>,
    /// Whether the state forgets the number if it is proved absent.
    pub(crate) may_forget: bool,
    /// Whether the id of the number is not wanted: a list that shows the number is then enough.
    pub(crate) without_id: bool,
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) struct Found {
    /// What the answers prove.
    pub(crate) evidence: Evidence,
    /// The one operation that failed, if one did: the evidence then rests on the other alone.
    pub(crate) failed: Option<Error>,
    /// Whether the number was looked up.
    pub(crate) looked_up: bool,
    /// Whether the list shows that the number has moved out of the space.
    pub(crate) has_moved_out: bool,
}

/// Why a question has no answer: the call that failed, and the other call, if both failed. Without
/// the other call, the error is one that every call would meet.
pub(crate) type NoAnswer = Box<(Error, Option<Error>)>;

/// The outcome of one of the two operations. The inner error concerns this operation alone, so the
/// other one may still answer.
type Answer<T> = Result<Result<T, Error>, NoAnswer>;

impl Search<'_> {
    /// Asks the list of the space about the number, and the lookup where the list does not settle
    /// the question.
    ///
    /// # Errors
    ///
    /// If neither operation answers, or if one fails for a reason that concerns all calls.
    pub(crate) async fn find(&self, question: Question<'_>) -> Result<Found, NoAnswer> {
        let (known, may_forget) = (&question.known, question.may_forget);
        let has_id = known.id.is_some() || question.without_id;
        let asked_at = Instant::now();
        let list = self.list(question.not_before).await?;
        let evidence = weigh(list.as_ref().ok(), None, known);
        let settled = has_id && matches!(evidence, Evidence::Present(_));
        // A lookup that could change nothing is not made.
        let is_useful = !settled && (may_forget || !has_id);
        let granted = match question.lookups {
            Some(lookups) if is_useful => self.grant(lookups).await,
            _ => None,
        };
        if settled || (question.lookups.is_some() && granted.is_none()) {
            return Ok(Found {
                evidence,
                has_moved_out: list.as_ref().is_ok_and(has_moved_out),
                failed: list.err(),
                looked_up: false,
            });
        }
        let (mut list, lookup) = match (list, alone(self.lookup_forms().await)?) {
            (Err(error), Err(other)) => return Err(Box::new((error, Some(other)))),
            answers => answers,
        };
        let mut evidence = weigh(list.as_ref().ok(), lookup.as_ref().ok(), known);
        // The number may have come to the space after a shared list was requested.
        let is_old = |list: &Listed| question.not_before.is_none() && list.asked_at < asked_at;
        if evidence == Evidence::Absent && list.as_ref().is_ok_and(is_old) {
            list = self.list(Some(asked_at)).await?;
            evidence = weigh(list.as_ref().ok(), lookup.as_ref().ok(), known);
        }
        if let Some(granted) = granted {
            match &evidence {
                Evidence::Absent if may_forget => granted.proved_absent(),
                Evidence::Present(Presence { id: Some(_), .. }) if known.id.is_none() => {}
                _ => granted.showed_nothing(),
            }
        }
        Ok(Found {
            evidence,
            has_moved_out: list.as_ref().is_ok_and(has_moved_out),
            failed: list.err().or(lookup.err()),
            looked_up: true,
        })
    }

    /// The right to look the number up for a refresh, if one is left.
    async fn grant(&self, lookups: &Lookups) -> Option<Granted> {
        let needed = 1 + usize::from(self.target.number.other_form().is_some());
        let granted = lookups.take(&self.target.cust_space_id, needed);
        self.bounds.within("", granted).await.ok().flatten()
    }

    /// What the list shows.
    async fn list(&self, not_before: Option<Instant>) -> Answer<Listed> {
        let (space, number) = (&self.target.cust_space_id, &self.target.number);
        let freshness = not_before.map_or(Freshness::Shared, Freshness::Since);
        let ask = |bounds: Bounds| async move {
            let client = self.client;
            client.listed(&bounds, space, number, freshness).await
        };
        alone(self.in_halves(ask).await)
    }

    /// What the lookup says about the number in its forms.
    ///
    /// CAMS may know a number in one of its forms only. So the form in which the list writes it is
    /// asked for first, and if that does not give the id, the other form too.
    async fn lookup_forms(&self) -> Result<Lookup, Error> {
        let number = &self.target.number;
        let space = &self.target.cust_space_id;
        let listed = self.client.listed_form(space, number);
        let first = listed.as_ref().unwrap_or(number);
        let lookup = self.lookup_form(first).await?;
        match first.other_form() {
            Some(other) if !matches!(lookup, Lookup::Found(_)) => {
                Ok(lookup.and(self.lookup_form(&other).await?))
            }
            _ => Ok(lookup),
        }
    }

    /// What the lookup says about the number in this form. A refusal of what was asked for is an
    /// answer too: it is how the service may report a number that the space lacks.
    async fn lookup_form(&self, number: &PhoneNumber) -> Result<Lookup, Error> {
        let lookup = GetPhoneNumberVerificationStatus {
            cust_space_id: self.target.cust_space_id.clone(),
            number: number.clone(),
        };
        let lookup = &lookup;
        let ask = |bounds: Bounds| async move { self.client.call(&bounds, lookup).await };
        match self.in_halves(ask).await {
            Ok(answer) => Ok(answer.data.id.map_or(Lookup::Inconclusive, Lookup::Found)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Lookup::NotFound),
            Err(error) if error.refuses_request() => Ok(Lookup::Inconclusive),
            Err(error) => Err(error),
        }
    }

    /// The number's id by the lookup alone, if it gives one. Nothing depends on it, so a failure is
    /// only logged.
    pub(crate) async fn id(&self) -> Option<String> {
        match self.lookup_forms().await {
            Ok(Lookup::Found(id)) => Some(id),
            Ok(_) => None,
            Err(error) => {
                tracing::info!(%error, "the number's id is not known yet");
                None
            }
        }
    }

    /// Makes a call with half of the time that is left, so that a service which throttles this
    /// operation to the end leaves time for the other one. A call that only waited in the queue of
    /// this provider says nothing about the service, so it is made again with all of the time.
    async fn in_halves<T, F>(&self, call: impl Fn(Bounds) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match call(self.bounds.half()).await {
            Err(error) if error.kind == ErrorKind::TimedOut => call(self.bounds.clone()).await,
            answer => answer,
        }
    }

    /// Looks several times for a number whose migration may have started. After a stop there is one
    /// more look, and a short one.
    ///
    /// When the time of the operation is over, the looks have some seconds of their own.
    ///
    /// # Errors
    ///
    /// Why the number was not found, in one sentence.
    pub(crate) async fn read_back(&self) -> Result<Presence, String> {
        let time = self.bounds.time_left().clamp(LAST_LOOKS, READ_BACK);
        let aftermath = Search {
            bounds: Bounds::unstoppable(time),
            ..self.clone()
        };
        let mut found = Err(NOT_SHOWN.to_owned());
        for wait in WAITS {
            if wait >= aftermath.bounds.time_left() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.bounds.stopped() => {}
            }
            let is_last = self.bounds.is_stopped();
            found = tokio::select! {
                found = aftermath.look_again() => found,
                () = self.bounds.stop_grace_ended() => Err(NOT_SHOWN.to_owned()),
            };
            if found.is_ok() || is_last {
                break;
            }
        }
        match found {
            Err(reason) if reason == NOT_SHOWN && self.bounds.is_stopped() => {
                Err(STOPPED.to_owned())
            }
            found => found,
        }
    }

    /// Looks once for a number whose migration may have started, in a list that is requested now.
    ///
    /// # Errors
    ///
    /// Why the number was not found, in one sentence.
    pub(crate) async fn look_again(&self) -> Result<Presence, String> {
        let question = Question {
            not_before: Some(Instant::now()),
            ..Question::default()
        };
        match self.find(question).await.map(|found| found.evidence) {
            Ok(Evidence::Present(presence)) => Ok(presence),
            Ok(Evidence::Inconclusive | Evidence::Absent) => Err(NOT_SHOWN.to_owned()),
            Err(failed) => {
                let (error, other) = *failed;
                let other = other.map(|other| format!("; {other}")).unwrap_or_default();
                Err(format!(
                    "Looking for the number failed too: {error}{other}."
                ))
            }
        }
    }
}

pub(crate) const NOT_SHOWN: &str = "The list of the space and the lookup of the number did not show it within \
    some seconds.";
const STOPPED: &str = "Terraform was asked to stop before the list of the space and the lookup of \
    the number could show it.";

/// Separates a failure of one operation from one that every call would meet.
fn alone<T>(answer: Result<T, Error>) -> Answer<T> {
    match answer {
        Err(error) if error.kind.ends_the_operation() => Err(Box::new((error, None))),
        answer => Ok(answer),
    }
}

/// The waits before each look for a number after a call without an answer: CAMS may need this long
/// to show the number.
const WAITS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How long all of these looks may take together: what is left of the time of the operation, but at
/// most this.
const READ_BACK: Duration = Duration::from_secs(30);

/// How long they may take together when the time of the operation is over, or nearly so. A started
/// migration must not be lost, and the user has waited for as long as they wanted to.
const LAST_LOOKS: Duration = Duration::from_secs(5);
