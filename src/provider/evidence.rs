//! What the answers of CAMS prove about a number. It is decided by a function without I/O.
//!
//! Two operations can say something about a number: the list of its space
//! (`QueryChatappPhoneNumbers`) and the lookup of the number alone
//! (`GetPhoneNumberVerificationStatus`). Neither documents what it says of a number that is
//! migrating, and the lookup does not document how it reports a number that the space lacks. So
//! each answer counts only for what it certainly says, and [`weigh`] is the one place where a
//! conclusion is drawn from both.

use crate::cams::Listed;

/// The statuses of a row that shows that the number has left the space. With every other status the
/// number counts as being there.
const GONE: [&str; 2] = ["DELETED", "MIGRATED"];

/// What the list of the space says of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// There is no list: the operation failed.
    Unavailable,
    /// The list has no row for the number.
    Missing,
    /// The list has only rows that show the number as gone.
    Gone,
    /// The list has a row that shows the number as there, with this status.
    Present(String),
}

/// What the lookup of a number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The operation failed, or was not called.
    Unavailable,
    /// It answered without an id, or with an error that is not known to mean a missing number.
    Inconclusive,
    /// It answered with an error that is recognised as one for a missing number.
    NotFound,
    /// It answered with the number's id.
    Found(String),
}

/// What is known of a number: whether it is in the space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing proves that the number is in the space, and nothing proves that it is not.
    Inconclusive,
    /// The number has left the space, or never was there.
    Gone,
    /// The number is in the space.
    Present(Presence),
}

/// A number that is in the space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The id of the number at Meta, if the lookup gives it.
    pub id: Option<String>,
    /// The status of the number, if the list shows one.
    pub status: Option<String>,
}

impl Row {
    /// What the rows of a number say. A number that left the space and came back has several, of
    /// which the one counts that shows it as there.
    pub fn of(listed: &Listed) -> Self {
        let gone = |status: &str| GONE.iter().any(|gone| status.eq_ignore_ascii_case(gone));
        let present = listed.statuses.iter().find(|status| !gone(status));
        match present {
            Some(status) => Self::Present(status.clone()),
            None if listed.statuses.is_empty() => Self::Missing,
            None => Self::Gone,
        }
    }
}

/// What both answers together prove about a number.
///
/// A number is present when the list shows it as there, or when the lookup gives its id. The lookup
/// counts even where the list shows the number as deleted, since the list may be old. A number is
/// gone when the list does not show it as there and the lookup says by a recognised code that it
/// does not exist. In every other case the answers prove nothing.
///
/// A caller that acts on [`Evidence::Gone`] has to make sure that the list is not older than its
/// question.
pub fn weigh(row: &Row, lookup: &Lookup) -> Evidence {
    match (row, lookup) {
        (Row::Present(status), lookup) => Evidence::Present(Presence {
            id: lookup.id(),
            status: Some(status.clone()),
        }),
        (_, Lookup::Found(id)) => Evidence::Present(Presence {
            id: Some(id.clone()),
            status: None,
        }),
        (Row::Missing | Row::Gone, Lookup::NotFound) => Evidence::Gone,
        _ => Evidence::Inconclusive,
    }
}

impl Lookup {
    fn id(&self) -> Option<String> {
        match self {
            Self::Found(id) => Some(id.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn found() -> Lookup {
        Lookup::Found("7".to_owned())
    }

    fn present(id: Option<&str>, status: Option<&str>) -> Evidence {
        Evidence::Present(Presence {
            id: id.map(str::to_owned),
            status: status.map(str::to_owned),
        })
    }

    #[test]
    fn every_pair_of_answers_has_its_conclusion() {
        use Evidence::{Gone, Inconclusive};
        let connected = || Row::Present("CONNECTED".to_owned());
        let there = |id| present(id, Some("CONNECTED"));
        let table = [
            (connected(), found(), there(Some("7"))),
            (connected(), Lookup::NotFound, there(None)),
            (connected(), Lookup::Inconclusive, there(None)),
            (connected(), Lookup::Unavailable, there(None)),
            (Row::Missing, found(), present(Some("7"), None)),
            (Row::Missing, Lookup::NotFound, Gone),
            (Row::Missing, Lookup::Inconclusive, Inconclusive),
            (Row::Missing, Lookup::Unavailable, Inconclusive),
            (Row::Gone, found(), present(Some("7"), None)),
            (Row::Gone, Lookup::NotFound, Gone),
            (Row::Gone, Lookup::Inconclusive, Inconclusive),
            (Row::Gone, Lookup::Unavailable, Inconclusive),
            (Row::Unavailable, found(), present(Some("7"), None)),
            (Row::Unavailable, Lookup::NotFound, Inconclusive),
            (Row::Unavailable, Lookup::Inconclusive, Inconclusive),
            (Row::Unavailable, Lookup::Unavailable, Inconclusive),
        ];
        for (row, lookup, expected) in table {
            assert_eq!(weigh(&row, &lookup), expected, "{row:?}, {lookup:?}");
        }
    }

    #[test]
    fn the_living_row_of_a_number_counts_wherever_it_stands() {
        let row = |statuses: &[&str]| {
            Row::of(&Listed {
                statuses: statuses.iter().map(|status| (*status).to_owned()).collect(),
                asked_at: Instant::now(),
            })
        };
        let pending = Row::Present("PENDING".to_owned());
        for (statuses, expected) in [
            (&[][..], Row::Missing),
            (&["DELETED"], Row::Gone),
            (&["deleted", "MIGRATED"], Row::Gone),
            (&["DELETED", "PENDING"], pending.clone()),
            (&["PENDING", "DELETED"], pending.clone()),
            (&["MIGRATED", "PENDING", "DELETED"], pending),
            (&["UNKNOWN"], Row::Present("UNKNOWN".to_owned())),
            (&[""], Row::Present(String::new())),
        ] {
            assert_eq!(row(statuses), expected, "{statuses:?}");
        }
    }
}
