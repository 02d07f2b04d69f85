//! Asks CAMS where a number is, and tells what the answers prove.
//!
//! This file is longer than 300 lines because a caller needs all of it: what is asked, in which
//! order, and what is made of each failure.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use cams::operations::GetPhoneNumberVerificationStatus;
use cams::phone::PhoneNumber;
use cams::{Bounds, Client, Error, ErrorKind};

use super::evidence::{Evidence, Lookup, Presence, Row, weigh};
use super::lookups::{Granted, Lookups, Use};

/// The status of a number whose migration has started: the one status that
/// `CreateChatappMigrationInitiate` documents.
pub const MIGRATING: &str = "MIGRATING";

/// A number in a space: what a migration is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The id of the space.
    pub cust_space_id: String,
    /// The number, with its country code.
    pub number: PhoneNumber,
}

impl Target {
    /// The same number in the same space, however it is written: what is compared with others.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            cust_space_id: self.cust_space_id.clone(),
            number: self.number.canonical(),
        }
    }
}

/// What is asked about a number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// The id that is known already: a number that the list shows then needs no lookup.
    pub known_id: Option<&'a str>,
    /// The status that is known already, which counts if the list shows several.
    pub known_status: Option<&'a str>,
    /// The list must have been asked for at this instant or later. Without it, a list that others
    /// asked for a short while ago will do.
    pub not_before: Option<Instant>,
    /// Whether [`Evidence::Gone`] must rest on a list that was asked for after this question.
    pub prove_gone: bool,
    /// What is asked for the sake of a state that holds the number already. Without it, the number
    /// is looked up whenever the list does not settle the question.
    pub refresh: Option<Refresh<'a>>,
}

/// A refresh: a lookup can then only prove that the number is gone, or tell an id that is not
/// known.
#[derive(Clone, Copy, Debug)]
pub struct Refresh<'a> {
    /// The lookups that are left to the refreshes of this run.
    pub lookups: &'a Lookups,
    /// Whether the state would forget the number if it were proved gone.
    pub may_forget: bool,
}

/// What came of a question.
#[derive(Debug)]
pub struct Finding {
    /// What the answers prove.
    pub evidence: Evidence,
    /// The one operation that failed, if one did: the evidence then rests on the other alone.
    pub failed: Option<Error>,
    /// Whether the number was looked up.
    pub looked_up: bool,
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum FindError {
    /// Both operations failed, each for a reason of its own.
    Both {
        /// Why there is no list.
        list: Box<Error>,
        /// Why there is no lookup.
        lookup: Box<Error>,
    },
    /// One operation failed for a reason that concerns every call, such as refused credentials.
    Service(Box<Error>),
}

/// Asks the list of the space about a number, and the lookup where the list does not settle it.
///
/// The list is shared by all who ask for the same space. An operation that fails alone, or that RAM
/// denies alone, is no reason to give up: the other one is asked, and the finding says what failed.
pub async fn find(
    client: &Client,
    call: &Bounds,
    target: &Target,
    question: Question<'_>,
) -> Result<Finding, FindError> {
    let asked_at = Instant::now();
    let list = list(client, call, target, question, question.not_before).await?;
    if let (Ok((Row::Present(status), _)), Some(id)) = (&list, question.known_id) {
        return Ok(Finding {
            evidence: Evidence::Present(Presence {
                id: Some(id.to_owned()),
                status: status.clone(),
            }),
            failed: None,
            looked_up: false,
        });
    }
    let Some(refresh) = question.refresh else {
        return look_up(client, call, target, question, list, asked_at).await;
    };
    let Some(granted) = grant(refresh, call, target, question).await else {
        return Ok(by_the_list(list, question));
    };
    let found = look_up(client, call, target, question, list, asked_at).await?;
    granted.settle(match &found.evidence {
        Evidence::Gone if refresh.may_forget => Use::ProvedGone,
        Evidence::Present(Presence { id: Some(_), .. }) if question.known_id.is_none() => {
            Use::ToldId
        }
        _ => Use::Nothing,
    });
    Ok(found)
}

/// The right to look the number up for a refresh, if that can be of use.
async fn grant(
    refresh: Refresh<'_>,
    call: &Bounds,
    target: &Target,
    question: Question<'_>,
) -> Option<Granted> {
    if !refresh.may_forget && question.known_id.is_some() {
        return None;
    }
    let lookups = 1 + usize::from(target.number.other_form().is_some());
    tokio::select! {
        granted = refresh.lookups.take(&target.cust_space_id, lookups) => granted,
        () = call.stopped() => None,
        () = sleep_until(call.deadline()) => None,
    }
}

/// What the list alone proves.
fn by_the_list(list: Result<(Row, Instant), Box<Error>>, question: Question<'_>) -> Finding {
    let (row, failed) = match list {
        Ok((row, _)) => (row, None),
        Err(error) => (Row::Unavailable, Some(*error)),
    };
    Finding {
        evidence: weigh(&row, &Lookup::Unavailable, question.known_id),
        failed,
        looked_up: false,
    }
}

/// What the lookup of the number proves together with the list.
async fn look_up(
    client: &Client,
    call: &Bounds,
    target: &Target,
    question: Question<'_>,
    list: Result<(Row, Instant), Box<Error>>,
    asked_at: Instant,
) -> Result<Finding, FindError> {
    let lookup = lookup(client, call, target).await?;
    let finding = |failed: Option<Box<Error>>, row: &Row, lookup: &Lookup| Finding {
        evidence: weigh(row, lookup, question.known_id),
        failed: failed.map(|error| *error),
        looked_up: true,
    };
    let ((row, listed_at), lookup) = match (list, lookup) {
        (Err(list), Err(lookup)) => return Err(FindError::Both { list, lookup }),
        (Err(list), Ok(lookup)) => return Ok(finding(Some(list), &Row::Unavailable, &lookup)),
        (Ok((row, _)), Err(failed)) => {
            return Ok(finding(Some(failed), &row, &Lookup::Unavailable));
        }
        (Ok(list), Ok(lookup)) => (list, lookup),
    };
    let found = finding(None, &row, &lookup);
    if !question.prove_gone || found.evidence != Evidence::Gone || listed_at >= asked_at {
        return Ok(found);
    }
    // The shared list is older than the question: the number may have come since.
    match self::list(client, call, target, question, Some(asked_at)).await? {
        Ok((row, _)) => Ok(finding(None, &row, &lookup)),
        Err(list) => Ok(finding(Some(list), &Row::Unavailable, &lookup)),
    }
}

/// The outcome of one operation: `Err` inside when it failed alone, `Err` outside when the reason
/// concerns all calls.
type Asked<T> = Result<Result<T, Box<Error>>, FindError>;

/// What the list shows, and when it was asked for.
async fn list(
    client: &Client,
    call: &Bounds,
    target: &Target,
    question: Question<'_>,
    not_before: Option<Instant>,
) -> Asked<(Row, Instant)> {
    let (space, number) = (&target.cust_space_id, &target.number);
    let half = call.half();
    let mut listed = client.listed(&half, space, number, not_before).await;
    if only_waited(&listed) {
        listed = client.listed(call, space, number, not_before).await;
    }
    match listed {
        Ok(listed) => {
            let row = Row::of(&listed, question.known_status);
            Ok(Ok((row, listed.asked_at)))
        }
        Err(error) => alone(error),
    }
}

/// What the lookup says.
///
/// CAMS may know a number in one of its forms only. So the form in which the list writes it is
/// asked for first, and if that does not give the id, the other form too.
async fn lookup(client: &Client, call: &Bounds, target: &Target) -> Asked<Lookup> {
    let space = &target.cust_space_id;
    let listed = client.listed_form(space, &target.number);
    let first = listed.as_ref().unwrap_or(&target.number);
    let said = match lookup_form(client, call, space, first).await? {
        Ok(said) => said,
        failed => return Ok(failed),
    };
    match first.other_form() {
        Some(other) if !matches!(said, Lookup::Found(_)) => {
            let more = lookup_form(client, call, space, &other).await?;
            Ok(more.map(|more| said.and(more)))
        }
        _ => Ok(Ok(said)),
    }
}

/// What the lookup says of a number in this form. A refusal for the sake of what was asked is an
/// answer too: it is how the service may report a number that the space lacks.
async fn lookup_form(
    client: &Client,
    call: &Bounds,
    space: &str,
    number: &PhoneNumber,
) -> Asked<Lookup> {
    let operation = GetPhoneNumberVerificationStatus {
        cust_space_id: space.to_owned(),
        number: number.clone(),
    };
    let mut looked_up = client.call(&call.half(), &operation).await;
    if only_waited(&looked_up) {
        looked_up = client.call(call, &operation).await;
    }
    match looked_up {
        Ok(verification) => Ok(Ok(match verification.data.id {
            Some(id) => Lookup::Found(id),
            None => Lookup::Inconclusive,
        })),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Ok(Lookup::NotFound)),
        Err(error) if error.refuses_request() => Ok(Ok(Lookup::Inconclusive)),
        Err(error) => alone(error),
    }
}

/// The number's id by the lookup alone, if it tells one. Nothing depends on it, so a failure is
/// only logged.
pub async fn id(client: &Client, call: &Bounds, target: &Target) -> Option<String> {
    match lookup(client, call, target).await {
        Ok(Ok(Lookup::Found(id))) => Some(id),
        Ok(Ok(_)) => None,
        Ok(Err(error)) | Err(FindError::Service(error)) => {
            tracing::info!(%error, "the number's id is not known yet");
            None
        }
        Err(FindError::Both { .. }) => None,
    }
}

/// Whether a call with half of the time that is left is to be made again with all of it.
///
/// Half of the time is given to each of the two operations at first, so that a service which
/// throttles this one to the end leaves time for the others. A call that only waited in the queue
/// of this provider is another matter: that wait says nothing of the service.
fn only_waited<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(error) if error.kind == ErrorKind::TimedOut)
}

/// Tells a failure of one operation from one that every call would meet.
fn alone<T>(error: Error) -> Asked<T> {
    let error = Box::new(error);
    match error.kind.ends_the_operation() {
        true => Err(FindError::Service(error)),
        false => Ok(Err(error)),
    }
}

/// The waits before each look for a number after an unanswered call: so long the number may take to
/// show.
const PATIENCE: [Duration; 5] = [
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

/// What came of looking for a number whose migration may have started.
#[derive(Debug)]
pub enum ReadBack {
    /// A stop ended the look before it was through.
    CutShort,
    /// The last look ended in an error.
    Failed(FindError),
    /// The number is there.
    Found(Presence),
    /// It did not show within some seconds.
    NotShown,
}

/// Looks several times for a number whose migration may have started. After a stop there is one
/// more look, and a short one.
///
/// When the time of the operation is over, the looks have some seconds of their own.
pub async fn read_back(client: &Client, call: &Bounds, target: &Target) -> ReadBack {
    let aftermath = Bounds::unstoppable(call.time_left().clamp(LAST_LOOKS, READ_BACK));
    let mut seen = ReadBack::NotShown;
    for wait in PATIENCE {
        if wait >= aftermath.time_left() {
            return seen;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = call.stopped() => {}
        }
        let last = call.is_stopped();
        seen = tokio::select! {
            seen = look_again(client, &aftermath, target) => seen,
            () = call.stop_grace_ended() => return ReadBack::CutShort,
        };
        match seen {
            ReadBack::Found(_) => return seen,
            // The number had no time to show.
            ReadBack::NotShown if last => return ReadBack::CutShort,
            _ if last => return seen,
            _ => {}
        }
    }
    seen
}

/// Looks once for a number whose migration may have started, in a list that was asked for after
/// that.
pub async fn look_again(client: &Client, call: &Bounds, target: &Target) -> ReadBack {
    let question = Question {
        not_before: Some(Instant::now()),
        ..Question::default()
    };
    match find(client, call, target, question).await {
        Ok(finding) => match finding.evidence {
            Evidence::Present(presence) => ReadBack::Found(presence),
            Evidence::Inconclusive | Evidence::Gone => ReadBack::NotShown,
        },
        Err(error) => ReadBack::Failed(error),
    }
}
