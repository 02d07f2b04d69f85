//! Asks CAMS where a number is, and returns what the answers prove.

use std::time::Duration;

use tokio::time::Instant;

use crate::cams::phone::PhoneNumber;
use crate::cams::{Call, Client, Error, ErrorKind};

use super::evidence::{Evidence, Lookup, Presence, Row, weigh};

/// The status of a number whose migration has started. It is the one status that
/// `CreateChatappMigrationInitiate` documents.
pub const MIGRATING: &str = "MIGRATING";

/// A number and the space that it is moved into: what a migration is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The id of the space.
    pub cust_space_id: String,
    /// The phone number, with its calling code.
    pub number: PhoneNumber,
}

/// What is asked about a number, beside where it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// The id of the number, if it is known already. A number that the list shows then needs no
    /// lookup.
    pub known_id: Option<&'a str>,
    /// The list must have been asked for at this instant or later. Without it, a list is used that
    /// others asked for a short while ago.
    pub not_before: Option<Instant>,
    /// Whether [`Evidence::Gone`] must rest on a list that was asked for after this question.
    pub prove_gone: bool,
}

/// The answer to a question.
#[derive(Debug)]
pub struct Finding {
    /// What the answers prove.
    pub evidence: Evidence,
    /// The error of the one operation that failed, if one did. The evidence then rests on the other
    /// one.
    pub failed: Option<Error>,
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum FindError {
    /// Both operations failed, each for a reason of its own.
    Both {
        /// The error of the list.
        list: Box<Error>,
        /// Why there is no lookup.
        lookup: Box<Error>,
    },
    /// One operation failed for a reason that concerns every call, such as refused credentials.
    Service(Box<Error>),
}

/// Asks the list of the space about a number, and the lookup where the list does not settle it.
///
/// The list is shared by all who ask for the same space. If one operation fails alone, or RAM
/// denies it alone, the other one is asked, and the finding says what failed.
///
/// # Errors
///
/// If both operations fail, or if one fails for a reason that concerns every call.
pub async fn find(
    client: &Client,
    call: &Call,
    target: &Target,
    question: Question<'_>,
) -> Result<Finding, FindError> {
    use Asked::{Answered, FailedAlone};
    let asked_at = Instant::now();
    let list = list(client, call, target, question.not_before).await?;
    if let (Answered((Row::Present(status), _)), Some(id)) = (&list, question.known_id) {
        return Ok(Finding {
            evidence: Evidence::Present(Presence {
                id: Some(id.to_owned()),
                status: Some(status.clone()),
            }),
            failed: None,
        });
    }
    let lookup = lookup(client, call, target).await?;
    let (list, lookup) = match (list, lookup) {
        (FailedAlone(list), FailedAlone(lookup)) => return Err(FindError::Both { list, lookup }),
        (FailedAlone(list), Answered(lookup)) => {
            return Ok(Finding::without(*list, &Row::Unavailable, &lookup));
        }
        (Answered((row, _)), FailedAlone(lookup)) => {
            return Ok(Finding::without(*lookup, &row, &Lookup::Unavailable));
        }
        (Answered(list), Answered(lookup)) => (list, lookup),
    };

    let (row, listed_at) = list;
    let evidence = weigh(&row, &lookup);
    if !question.prove_gone || evidence != Evidence::Gone || listed_at >= asked_at {
        return Ok(Finding {
            evidence,
            failed: None,
        });
    }
    // The shared list is older than the question, and the number may have come since.
    match self::list(client, call, target, Some(asked_at)).await? {
        Answered((row, _)) => Ok(Finding {
            evidence: weigh(&row, &lookup),
            failed: None,
        }),
        FailedAlone(list) => Ok(Finding::without(*list, &Row::Unavailable, &lookup)),
    }
}

impl Finding {
    /// The finding after one operation failed alone, of whose answer nothing is known.
    fn without(failed: Error, row: &Row, lookup: &Lookup) -> Self {
        Self {
            evidence: weigh(row, lookup),
            failed: Some(failed),
        }
    }
}

/// The outcome of one operation.
enum Asked<T> {
    /// The operation answered.
    Answered(T),
    /// It failed, for a reason that does not concern the other operation.
    FailedAlone(Box<Error>),
}

/// What the list shows of the number, and when it was asked for.
async fn list(
    client: &Client,
    call: &Call,
    target: &Target,
    not_before: Option<Instant>,
) -> Result<Asked<(Row, Instant)>, FindError> {
    let listed = client
        .listed(call, &target.cust_space_id, &target.number, not_before)
        .await;
    match listed {
        Ok(listed) => Ok(Asked::Answered((Row::of(&listed), listed.asked_at))),
        Err(error) => alone(error),
    }
}

/// What the lookup says of the number. A refusal because of what was asked is an answer too, since
/// the service may report a number that the space lacks in this way.
async fn lookup(client: &Client, call: &Call, target: &Target) -> Result<Asked<Lookup>, FindError> {
    let looked_up = client
        .get_phone_number_verification_status(call, &target.cust_space_id, &target.number)
        .await;
    match looked_up {
        Ok(verification) => Ok(Asked::Answered(match verification.id {
            Some(id) => Lookup::Found(id),
            None => Lookup::Inconclusive,
        })),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Asked::Answered(Lookup::NotFound)),
        Err(error) if error.is_business_refusal() => Ok(Asked::Answered(Lookup::Inconclusive)),
        Err(error) => alone(error),
    }
}

/// The id of the number, if the lookup gives one. A failure is only logged, because nothing depends
/// on it.
pub async fn id(client: &Client, call: &Call, target: &Target) -> Option<String> {
    let looked_up = client
        .get_phone_number_verification_status(call, &target.cust_space_id, &target.number)
        .await;
    match looked_up {
        Ok(verification) => verification.id,
        Err(error) => {
            tracing::info!(%error, "the number's id is not known yet");
            None
        }
    }
}

/// Distinguishes a failure of one operation from one that every call would meet.
fn alone<T>(error: Error) -> Result<Asked<T>, FindError> {
    let error = Box::new(error);
    match error.kind {
        ErrorKind::Cancelled
        | ErrorKind::ClockDiffers
        | ErrorKind::Credentials
        | ErrorKind::NotSubscribed
        | ErrorKind::Throttled
        | ErrorKind::TimedOut
        | ErrorKind::Unreachable => Err(FindError::Service(error)),
        ErrorKind::AccessDenied
        | ErrorKind::Incomplete
        | ErrorKind::InvalidParameter
        | ErrorKind::NotFound
        | ErrorKind::Other
        | ErrorKind::ResourceOwner
        | ErrorKind::Unanswered
        | ErrorKind::Unavailable => Ok(Asked::FailedAlone(error)),
    }
}

/// The waits before each look for a number after an unanswered call. The number may take as long as
/// all of them together to be shown.
const PATIENCE: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The time that all of these looks may take together.
const READ_BACK: Duration = Duration::from_secs(30);

/// The outcome of looking for a number whose migration may have started.
#[derive(Debug)]
pub enum ReadBack {
    /// A stop ended the look before there was an answer.
    CutShort,
    /// The last look ended in an error.
    Failed(FindError),
    /// The number is in the space.
    Found(Presence),
    /// The number was not shown within some seconds.
    NotShown,
}

/// Looks several times for a number whose migration may have started. After a stop it looks only
/// once more, for a short time.
pub async fn read_back(client: &Client, call: &Call, target: &Target) -> ReadBack {
    let aftermath = Call::aftermath(READ_BACK);
    let mut seen = ReadBack::NotShown;
    for wait in PATIENCE {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = call.stopped() => {}
        }
        let last = call.is_stopped();
        seen = tokio::select! {
            seen = look_again(client, &aftermath, target) => seen,
            () = call.given_up() => return ReadBack::CutShort,
        };
        if last || matches!(seen, ReadBack::Found(_)) {
            return seen;
        }
    }
    seen
}

/// Looks once for a number whose migration may have started. The list that it looks at is asked for
/// after that.
pub async fn look_again(client: &Client, call: &Call, target: &Target) -> ReadBack {
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
