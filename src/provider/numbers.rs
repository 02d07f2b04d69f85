//! Where a number is: what the space's list and the single lookup say together.

use std::time::Duration;

use crate::cams::phone::PhoneNumber;
use crate::cams::{Call, Client, Error, ErrorKind};

/// What CAMS calls a number whose migration has started.
pub const MIGRATING: &str = "MIGRATING";
/// What CAMS calls a number that is no longer there.
const DELETED: &str = "DELETED";

/// A number in a space: what a migration is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The space.
    pub cust_space_id: String,
    /// The number.
    pub number: PhoneNumber,
}

/// What the API says of a number that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id at Meta, where that was asked for.
    pub id: Option<String>,
    /// Its status.
    pub status: String,
}

impl Found {
    /// Whether its migration has started and not ended.
    pub fn migrating(&self) -> bool {
        self.status.eq_ignore_ascii_case(MIGRATING)
    }
}

/// Looks for the number: `None` only when the API itself says that it does not exist, or lists it as deleted.
///
/// The list is shared by all who ask for the same space. It shows a status but no id, and nobody documents whether it
/// shows numbers that are migrating: so a number it does not show is asked for singly, and one that only the single
/// lookup knows is taken to be migrating. The id is looked up unless `known_id` is given.
pub async fn find(
    client: &Client,
    call: &Call,
    target: &Target,
    known_id: Option<&str>,
) -> Result<Option<Found>, Error> {
    let listed = client
        .listed_status(call, &target.cust_space_id, &target.number)
        .await?;
    let status = match listed {
        Some(status) if status.eq_ignore_ascii_case(DELETED) => return Ok(None),
        Some(status) => {
            if let Some(id) = known_id {
                return Ok(Some(Found {
                    id: Some(id.to_owned()),
                    status,
                }));
            }
            Some(status)
        }
        None => None,
    };
    let id = lookup(client, call, target).await?;
    match (id, status) {
        (Some(id), status) => Ok(Some(Found {
            id,
            status: status.unwrap_or_else(|| MIGRATING.to_owned()),
        })),
        (None, Some(status)) => Ok(Some(Found { id: None, status })),
        (None, None) => Ok(None),
    }
}

/// The number's id by the single lookup; `None` when the API says that there is no such number.
async fn lookup(
    client: &Client,
    call: &Call,
    target: &Target,
) -> Result<Option<Option<String>>, Error> {
    match client
        .get_phone_number_verification_status(call, &target.cust_space_id, &target.number)
        .await
    {
        Ok(verification) => Ok(Some(verification.id)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// How long after an unanswered call the number may take to show.
const PATIENCE: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How long all of that may take.
const READ_BACK: Duration = Duration::from_secs(30);

/// What became of looking for a number whose migration may have started.
#[derive(Debug)]
pub enum ReadBack {
    /// A stop ended the look before it was through.
    CutShort,
    /// The last look failed.
    Failed(Error),
    /// It is there.
    Found(Found),
    /// It did not show within some seconds.
    NotShown,
}

/// Looks for a number whose migration may have started, several times. After a stop there is one more look, and a short one.
pub async fn read_back(client: &Client, call: &Call, target: &Target) -> ReadBack {
    let aftermath = Call::aftermath(READ_BACK);
    let mut seen = ReadBack::NotShown;
    for wait in PATIENCE {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = call.stopped() => {}
        }
        let last = call.is_stopped();
        client.forget_list(&target.cust_space_id);
        seen = tokio::select! {
            found = find(client, &aftermath, target, None) => match found {
                Ok(Some(found)) => return ReadBack::Found(found),
                Ok(None) => ReadBack::NotShown,
                Err(error) => ReadBack::Failed(error),
            },
            () = call.given_up() => return ReadBack::CutShort,
        };
        if last {
            return seen;
        }
    }
    seen
}
