//! What the answers of CAMS prove about a number, as a function without I/O.
//!
//! Two operations can say something about a number: the list of its space
//! (`QueryChatappPhoneNumbers`) and the lookup of the number alone
//! (`GetPhoneNumberVerificationStatus`). Neither documents what it says of a number that is
//! migrating, and the lookup does not document how it reports a number that the space lacks. So
//! each answer counts only for what it certainly says, and [`weigh`] is the one place that draws a
//! conclusion from both.

use cams::Listed;

/// The statuses of a row that shows a number which has left the space. Every other status counts as
/// there.
const GONE: [&str; 2] = ["DELETED", "MIGRATED"];

/// What the list of the space says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// There is no list: the operation failed.
    Unavailable,
    /// The list has no row for the number, and rows that could not be read, or no rows at all where
    /// they should be. The number may be among those.
    Unclear,
    /// The list has no row for the number.
    Missing,
    /// The list has only rows that show the number as gone.
    Gone,
    /// The list has a row that shows the number as there, with its status if the row tells one.
    Present(Option<String>),
}

/// What the lookup of the number says, or the lookups of both forms of a number that has two.
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

/// What is known of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing proves that the number is there, and nothing that it is not.
    Inconclusive,
    /// The number has left the space, or never was there.
    Gone,
    /// The number is in the space.
    Present(Presence),
}

/// A number that is in the space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Its id at Meta, if the lookup told it.
    pub id: Option<String>,
    /// Its status, if the list shows one.
    pub status: Option<String>,
}

impl Row {
    /// Reads the number's rows. Where a number left the space and came back there are several, and
    /// those that show it as there count. Of several such rows the one with the `known` status
    /// counts, so that the state does not change with the order of the list.
    pub fn of(listed: &Listed, known: Option<&str>) -> Self {
        if listed.statuses.is_empty() {
            return match listed.complete {
                true => Self::Missing,
                false => Self::Unclear,
            };
        }
        let statuses = listed.statuses.iter();
        let statuses = statuses.map(|status| status.as_deref().unwrap_or_default().trim());
        let gone = |status: &&str| GONE.iter().any(|gone| status.eq_ignore_ascii_case(gone));
        let mut present: Vec<&str> = statuses.filter(|status| !gone(status)).collect();
        present.sort_unstable();
        let filled = present.iter().find(|status| !status.is_empty());
        let known = known.filter(|known| present.contains(known));
        match known.or(filled.copied()) {
            Some(status) => Self::Present(Some(status.to_owned())),
            None if present.is_empty() => Self::Gone,
            None => Self::Present(None),
        }
    }
}

/// The rule. `known_id` is the id that the state has, if the number is in the state.
///
/// A number is present when the list shows it as there, or the lookup gives its id: even where the
/// list shows it as deleted, since the list may be old. But where the list shows it as deleted and
/// the lookup gives another id than the known one, the answers are about two different things. It
/// is gone when a complete list does not show it as there and the lookup recognisably says that it
/// does not exist. The caller sees to it that the list is not older than its question before it
/// acts on [`Evidence::Gone`]. In every other case the answers prove nothing.
pub fn weigh(row: &Row, lookup: &Lookup, known_id: Option<&str>) -> Evidence {
    match (row, lookup) {
        (Row::Present(status), lookup) => Evidence::Present(Presence {
            id: lookup.id(),
            status: status.clone(),
        }),
        (Row::Gone, Lookup::Found(id)) if known_id.is_some_and(|known| known != id) => {
            Evidence::Inconclusive
        }
        (_, Lookup::Found(id)) => Evidence::Present(Presence {
            id: Some(id.clone()),
            status: None,
        }),
        (Row::Missing | Row::Gone, Lookup::NotFound) => Evidence::Gone,
        _ => Evidence::Inconclusive,
    }
}

impl Lookup {
    /// What the lookups of both forms of one number say together. An id in one of them is the
    /// number's. That it does not exist takes both to say, since CAMS may know it in one form.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Found(id), _) | (_, Self::Found(id)) => Self::Found(id),
            (Self::NotFound, Self::NotFound) => Self::NotFound,
            (Self::Unavailable, _) | (_, Self::Unavailable) => Self::Unavailable,
            _ => Self::Inconclusive,
        }
    }

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
        let connected = || Row::Present(Some("CONNECTED".to_owned()));
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
            (Row::Unclear, found(), present(Some("7"), None)),
            (Row::Unclear, Lookup::NotFound, Inconclusive),
            (Row::Unclear, Lookup::Inconclusive, Inconclusive),
            (Row::Unclear, Lookup::Unavailable, Inconclusive),
            (Row::Present(None), Lookup::NotFound, present(None, None)),
            (Row::Unavailable, found(), present(Some("7"), None)),
            (Row::Unavailable, Lookup::NotFound, Inconclusive),
            (Row::Unavailable, Lookup::Inconclusive, Inconclusive),
            (Row::Unavailable, Lookup::Unavailable, Inconclusive),
        ];
        for (row, lookup, expected) in table {
            assert_eq!(weigh(&row, &lookup, None), expected, "{row:?}, {lookup:?}");
        }
    }

    #[test]
    fn the_lookups_of_both_forms_say_together_what_is_certain() {
        use Lookup::{Inconclusive, NotFound, Unavailable};
        for (one, other, together) in [
            (found(), NotFound, found()),
            (NotFound, NotFound, NotFound),
            (NotFound, Inconclusive, Inconclusive),
            (NotFound, Unavailable, Unavailable),
            (Inconclusive, Inconclusive, Inconclusive),
        ] {
            assert_eq!(
                one.clone().and(other.clone()),
                together,
                "{one:?}, {other:?}"
            );
            assert_eq!(
                other.clone().and(one.clone()),
                together,
                "{other:?}, {one:?}"
            );
        }
    }

    #[test]
    fn a_deleted_row_and_another_id_prove_nothing_of_a_known_number() {
        let weighed = |known| weigh(&Row::Gone, &found(), known);
        assert_eq!(weighed(Some("7")), present(Some("7"), None));
        assert_eq!(weighed(Some("8")), Evidence::Inconclusive);
    }

    fn row(statuses: &[&str], known: Option<&str>) -> Row {
        let statuses = statuses.iter().map(|status| Some((*status).to_owned()));
        let listed = Listed {
            statuses: statuses.collect(),
            complete: true,
            asked_at: Instant::now(),
        };
        Row::of(&listed, known)
    }

    #[test]
    fn the_living_row_of_a_number_counts_wherever_it_stands() {
        let present = |status: &str| Row::Present(Some(status.to_owned()));
        for (statuses, expected) in [
            (&[][..], Row::Missing),
            (&["DELETED"], Row::Gone),
            (&["deleted", "MIGRATED "], Row::Gone),
            (&["DELETED", "PENDING"], present("PENDING")),
            (&["PENDING", "DELETED"], present("PENDING")),
            (&["MIGRATED", "PENDING", "DELETED"], present("PENDING")),
            (&["UNKNOWN"], present("UNKNOWN")),
            (&["", "BANNED"], present("BANNED")),
            (&[""], Row::Present(None)),
        ] {
            assert_eq!(row(statuses, None), expected, "{statuses:?}");
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_change_the_status() {
        let both = [["BANNED", "CONNECTED"], ["CONNECTED", "BANNED"]];
        for (known, status) in [
            (None, "BANNED"),
            (Some("CONNECTED"), "CONNECTED"),
            (Some("PENDING"), "BANNED"),
        ] {
            for statuses in &both {
                let expected = Row::Present(Some(status.to_owned()));
                assert_eq!(row(statuses, known), expected, "{statuses:?}, {known:?}");
            }
        }
    }

    #[test]
    fn a_list_with_rows_that_cannot_be_read_does_not_prove_absence() {
        let listed = Listed {
            statuses: Vec::new(),
            complete: false,
            asked_at: Instant::now(),
        };
        assert_eq!(Row::of(&listed, None), Row::Unclear);
    }
}
