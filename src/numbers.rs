//! Asks CAMS where a number is.
//!
//! [`Search::find`] is the question before a start and during a refresh: the list of the space,
//! which all who ask for the same space share, and the lookup of the number where the list does not
//! settle it. [`Search::read_back`] is the question after a start without an answer.

pub(crate) mod read_back;

use std::fmt;

use tokio::time::Instant;

use cams::operations::GetPhoneNumberVerificationStatus;
use cams::phone::PhoneNumber;
use cams::{Bounds, Client, Error, ErrorKind, Freshness, Listed};

use super::evidence::{Evidence, Lookup, Presence, is_verified, weigh};
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
    /// How recent the list must be. That a number is absent takes a list that was requested after
    /// the question, or [since](Freshness::Since) the instant that the caller names.
    pub(crate) freshness: Freshness,
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
    /// What the list shows. If it failed, the evidence rests on the lookup alone.
    pub(crate) listed: Result<Listed, Error>,
    /// What the lookup says, if it was made. If it failed, the evidence rests on the list alone.
    pub(crate) looked_up: Option<Result<LookedUp, Error>>,
}

impl Found {
    /// The one operation that failed, if one did.
    pub(crate) fn failed(&self) -> Option<&Error> {
        let looked_up = self.looked_up.as_ref();
        let of_lookup = looked_up.and_then(|looked_up| looked_up.as_ref().err());
        self.listed.as_ref().err().or(of_lookup)
    }
}

/// What the lookup says about a number, in the form in which CAMS knows it.
#[derive(Clone, Debug)]
pub(crate) struct LookedUp {
    /// What it proves.
    pub(crate) lookup: Lookup,
    /// Whether the number is verified.
    pub(crate) verification: Verification,
    /// The form of the number that it knows, or the first one if it knows none.
    pub(crate) number: PhoneNumber,
}

/// What an answer says about the verification of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verification {
    /// The number is not verified, or not known at all.
    Missing,
    /// The number is known, and the answer lacks its verification.
    Unknown,
    /// The number is verified.
    Verified,
}

impl LookedUp {
    /// Whether it says that the number was verified.
    pub(crate) fn is_verified(&self) -> bool {
        self.verification == Verification::Verified
    }

    /// The number's id, if the lookup gives it.
    pub(crate) fn id(&self) -> Option<String> {
        let Lookup::Found(id) = &self.lookup else {
            return None;
        };
        Some(id.clone())
    }

    /// Whether it shows that CAMS knows the number in this form.
    pub(crate) fn knows_number(&self) -> bool {
        self.is_verified() || self.id().is_some()
    }

    /// What the lookups of both forms of a number say together.
    fn and(self, other: Self) -> Self {
        let known = other.knows_number();
        Self {
            lookup: self.lookup.max(other.lookup),
            verification: self.verification.max(other.verification),
            number: if known { other.number } else { self.number },
        }
    }
}

/// Why a question has no answer: the call that failed, and the other call, if both failed. Without
/// the other call, the error is one that every call would meet.
pub(crate) type NoAnswer = Box<(Error, Option<Error>)>;

/// The outcome of one of the two operations. The inner error concerns this operation alone, so the
/// other one may still answer.
type OneAnswer<T> = Result<Result<T, Error>, NoAnswer>;

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
        let list = self.list(question.freshness).await?;
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
                listed: list,
                looked_up: None,
            });
        }
        let (mut list, lookup) = match (list, alone(self.look_up().await)?) {
            (Err(error), Err(other)) => return Err(Box::new((error, Some(other)))),
            answers => answers,
        };
        let proof = lookup.as_ref().ok().map(|looked_up| &looked_up.lookup);
        let mut evidence = weigh(list.as_ref().ok(), proof, known);
        // The number may have come to the space after a shared list was requested.
        let is_old = |list: &Listed| {
            !matches!(question.freshness, Freshness::Since(_)) && list.asked_at < asked_at
        };
        if evidence == Evidence::Absent && list.as_ref().is_ok_and(is_old) {
            list = self.list(Freshness::Since(asked_at)).await?;
            evidence = weigh(list.as_ref().ok(), proof, known);
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
            listed: list,
            looked_up: Some(lookup),
        })
    }

    /// The right to look the number up for a refresh, if one is left.
    async fn grant(&self, lookups: &Lookups) -> Option<Granted> {
        let needed = 1 + usize::from(self.target.number.other_form().is_some());
        let granted = lookups.take(&self.target.cust_space_id, needed);
        self.bounds.within("", granted).await.ok().flatten()
    }

    /// What the list of the space shows of the number.
    ///
    /// # Errors
    ///
    /// If the list call fails.
    pub(crate) async fn listed(&self, freshness: Freshness) -> Result<Listed, Error> {
        let (space, number) = (&self.target.cust_space_id, &self.target.number);
        let listed = self.client.listed(&self.bounds, space, number, freshness);
        listed.await
    }

    /// The number in the form in which the last list writes it.
    pub(crate) fn written(&self) -> PhoneNumber {
        let (space, number) = (&self.target.cust_space_id, &self.target.number);
        self.client.written(space, number)
    }

    /// What the list shows, as one of the two operations that find a number.
    async fn list(&self, freshness: Freshness) -> OneAnswer<Listed> {
        let (space, number) = (&self.target.cust_space_id, &self.target.number);
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
    ///
    /// # Errors
    ///
    /// If a call fails for another reason than that CAMS does not know the number.
    pub(crate) async fn look_up(&self) -> Result<LookedUp, Error> {
        let first = self.written();
        let looked_up = self.lookup_form(&first).await?;
        match first.other_form() {
            Some(other) if looked_up.id().is_none() => {
                Ok(looked_up.and(self.lookup_form(&other).await?))
            }
            _ => Ok(looked_up),
        }
    }

    /// What the lookup says about the number in this form. A refusal of what was asked for is an
    /// answer too: it is how the service may report a number that the space lacks.
    async fn lookup_form(&self, number: &PhoneNumber) -> Result<LookedUp, Error> {
        let lookup = GetPhoneNumberVerificationStatus {
            cust_space_id: self.target.cust_space_id.clone(),
            number: number.clone(),
        };
        let lookup = &lookup;
        let ask = |bounds: Bounds| async move { self.client.call(&bounds, lookup).await };
        let (lookup, verification) = match self.in_halves(ask).await {
            Ok(answer) => {
                let verification = match answer.data.code_verification_status {
                    Some(status) if is_verified(&status) => Verification::Verified,
                    None if answer.data.id.is_some() => Verification::Unknown,
                    _ => Verification::Missing,
                };
                let lookup = answer.data.id.map_or(Lookup::Inconclusive, Lookup::Found);
                (lookup, verification)
            }
            Err(error) if error.kind == ErrorKind::NotFound => {
                (Lookup::NotFound, Verification::Missing)
            }
            Err(error) if error.refuses_request() => (Lookup::Inconclusive, Verification::Missing),
            Err(error) => return Err(error),
        };
        Ok(LookedUp {
            lookup,
            verification,
            number: number.clone(),
        })
    }

    /// The number's id by the lookup alone, if it gives one. Nothing depends on it, so a failure is
    /// only logged.
    pub(crate) async fn id(&self) -> Option<String> {
        let unknown = |error: &Error| tracing::info!(%error, "the number's id is not known yet");
        self.look_up().await.inspect_err(unknown).ok()?.id()
    }

    /// Makes a call with half of the time that is left, so that a service which throttles this
    /// operation to the end leaves time for the other one. A call that only waited in the queue of
    /// this provider says nothing about the service, so it is made again with all of the time.
    async fn in_halves<T, F>(&self, call: impl Fn(Bounds) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match call(self.bounds.with_half_of_time()).await {
            Err(error) if error.kind == ErrorKind::TimedOut => call(self.bounds.clone()).await,
            answer => answer,
        }
    }
}

/// Separates a failure of one operation from one that every call would meet.
fn alone<T>(answer: Result<T, Error>) -> OneAnswer<T> {
    match answer {
        Err(error) if error.kind.ends_the_operation() => Err(Box::new((error, None))),
        answer => Ok(answer),
    }
}
