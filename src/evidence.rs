//! What the answers of CAMS prove about a number, as a function without I/O.
//!
//! Two operations can say something about a number: the list of its space
//! (`QueryChatappPhoneNumbers`) and the lookup of the number alone
//! (`GetPhoneNumberVerificationStatus`). Neither documents what it says about a number that is
//! migrating, and the lookup does not document how it reports a number that the space lacks. So
//! only what an answer proves is used, and only [`weigh`] combines the two answers.

use cams::Listed;

/// The status of a row that shows a number which has moved to another provider.
const MIGRATED: &str = "MIGRATED";
/// The `CodeVerificationStatus` of a number whose phone was proved.
pub(crate) const VERIFIED: &str = "VERIFIED";

/// What the lookup of a number says.
///
/// A number that has two forms is looked up in both, and the greater answer counts: an id in one of
/// them is the number's id. Only both together prove that it does not exist, since CAMS may know it
/// in one form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lookup {
    /// It answered with an error that is known to mean a missing number.
    NotFound,
    /// It answered without an id, or with an error that is not known to mean a missing number.
    Inconclusive,
    /// It answered with the number's id.
    Found(String),
}

/// What is known about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing proves that the number is in the space, and nothing proves that it is not.
    Inconclusive,
    /// The number has left the space, or never was in it.
    Absent,
    /// The number is in the space.
    Present(Presence),
}

/// A number that is in the space, or was when its state was stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence {
    /// Its id at Meta, if it is known.
    pub(crate) id: Option<String>,
    /// Its status, if it is known.
    pub(crate) status: Option<String>,
}

/// The rule. `list` and `lookup` are `None` if the operation failed or was not called. `known` is
/// what the state holds.
///
/// A number is present when the list shows it in the space, or the lookup gives its id: even where
/// the list shows it as deleted, since the list may be old. But where the list shows it as deleted
/// and the lookup gives another id than the known one, the two answers are about different things.
/// A number is absent when a complete list does not show it in the space and the lookup says that
/// it does not exist. The caller makes sure that the list is not older than its question before it
/// acts on [`Evidence::Absent`]. In every other case the answers prove nothing.
///
/// A number that left the space and came back has several rows. Those that show it in the space
/// count, and among them the row with the known status, so that the state does not change with the
/// order of the list.
pub(crate) fn weigh(list: Option<&Listed>, lookup: Option<&Lookup>, known: &Presence) -> Evidence {
    let rows = list.map_or(&[][..], |list| &list.rows);
    let present = rows.iter().filter(|row| !row.has_left());
    let statuses = present.map(|row| row.status.as_deref().unwrap_or_default());
    let mut present: Vec<&str> = statuses.map(str::trim).collect();
    present.sort_unstable();
    let has_rows = !rows.is_empty();
    let shown_as_absent = present.is_empty() && has_rows;
    let not_shown = present.is_empty() && (has_rows || list.is_some_and(|list| list.complete));
    let id = match lookup {
        Some(Lookup::Found(id))
            if shown_as_absent && known.id.as_ref().is_some_and(|known| known != id) =>
        {
            return Evidence::Inconclusive;
        }
        Some(Lookup::Found(id)) => Some(id.clone()),
        Some(Lookup::NotFound) if not_shown => return Evidence::Absent,
        Some(Lookup::NotFound | Lookup::Inconclusive) | None => None,
    };
    if id.is_none() && present.is_empty() {
        return Evidence::Inconclusive;
    }
    let known = known.status.as_deref();
    let known = known.filter(|known| present.contains(known));
    let status = known.or_else(|| present.into_iter().find(|status| !status.is_empty()));
    Evidence::Present(Presence {
        id,
        status: status.map(str::to_owned),
    })
}

/// Whether this `CodeVerificationStatus` says that somebody proved to have the phone.
pub(crate) fn is_verified(status: &str) -> bool {
    status.trim().eq_ignore_ascii_case(VERIFIED)
}

/// Whether a row of the number shows that it has moved to another provider or account.
pub(crate) fn has_moved_out(list: &Listed) -> bool {
    let mut statuses = list.rows.iter().filter_map(|row| row.status.as_deref());
    statuses.any(|status| status.trim().eq_ignore_ascii_case(MIGRATED))
}

#[cfg(test)]
mod tests {
    use cams::operations::ListedNumber;
    use tokio::time::Instant;

    use super::*;

    fn list(statuses: &[&str], complete: bool) -> Option<Listed> {
        let rows = statuses.iter().map(|status| ListedNumber {
            status: Some((*status).to_owned()),
            ..ListedNumber::default()
        });
        Some(Listed {
            rows: rows.collect(),
            complete,
            asked_at: Instant::now(),
            sync_failed: None,
        })
    }

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
        use Evidence::{Absent, Inconclusive};
        let connected = || list(&["CONNECTED"], true);
        let without_status = || list(&[""], true);
        let missing = || list(&[], true);
        let left = || list(&["DELETED"], true);
        let unclear = || list(&[], false);
        let there = |id| present(id, Some("CONNECTED"));
        let table = [
            (connected(), Some(found()), there(Some("7"))),
            (connected(), Some(Lookup::NotFound), there(None)),
            (connected(), Some(Lookup::Inconclusive), there(None)),
            (connected(), None, there(None)),
            (
                without_status(),
                Some(Lookup::NotFound),
                present(None, None),
            ),
            (missing(), Some(found()), present(Some("7"), None)),
            (missing(), Some(Lookup::NotFound), Absent),
            (missing(), Some(Lookup::Inconclusive), Inconclusive),
            (missing(), None, Inconclusive),
            (left(), Some(found()), present(Some("7"), None)),
            (left(), Some(Lookup::NotFound), Absent),
            (left(), Some(Lookup::Inconclusive), Inconclusive),
            (left(), None, Inconclusive),
            (unclear(), Some(found()), present(Some("7"), None)),
            (unclear(), Some(Lookup::NotFound), Inconclusive),
            (unclear(), Some(Lookup::Inconclusive), Inconclusive),
            (unclear(), None, Inconclusive),
            (None, Some(found()), present(Some("7"), None)),
            (None, Some(Lookup::NotFound), Inconclusive),
            (None, Some(Lookup::Inconclusive), Inconclusive),
            (None, None, Inconclusive),
        ];
        for (list, lookup, expected) in table {
            let weighed = weigh(list.as_ref(), lookup.as_ref(), &Presence::default());
            assert_eq!(weighed, expected, "{list:?}, {lookup:?}");
        }
    }

    #[test]
    fn the_lookups_of_both_forms_say_together_what_is_certain() {
        use Lookup::{Inconclusive, NotFound};
        for (one, other, together) in [
            (found(), NotFound, found()),
            (NotFound, NotFound, NotFound),
            (NotFound, Inconclusive, Inconclusive),
            (Inconclusive, Inconclusive, Inconclusive),
        ] {
            let max = one.clone().max(other.clone());
            assert_eq!(max, together, "{one:?}, {other:?}");
            let max = other.clone().max(one.clone());
            assert_eq!(max, together, "{other:?}, {one:?}");
        }
    }

    #[test]
    fn a_deleted_row_and_another_id_prove_nothing_about_a_known_number() {
        let weighed = |id: &str| {
            let known = Presence {
                id: Some(id.into()),
                status: None,
            };
            weigh(list(&["DELETED"], true).as_ref(), Some(&found()), &known)
        };
        assert_eq!(weighed("7"), present(Some("7"), None));
        assert_eq!(weighed("8"), Evidence::Inconclusive);
    }

    #[test]
    fn the_row_that_shows_a_number_in_the_space_counts_wherever_it_stands() {
        let in_space = |status: &str| present(None, Some(status).filter(|text| !text.is_empty()));
        for (statuses, expected) in [
            (&[][..], Evidence::Absent),
            (&["DELETED"], Evidence::Absent),
            (&["deleted", "MIGRATED "], Evidence::Absent),
            (&["DELETED", "PENDING"], in_space("PENDING")),
            (&["PENDING", "DELETED"], in_space("PENDING")),
            (&["MIGRATED", "PENDING", "DELETED"], in_space("PENDING")),
            (&["UNKNOWN"], in_space("UNKNOWN")),
            (&["", "BANNED"], in_space("BANNED")),
            (&[""], in_space("")),
        ] {
            let list = list(statuses, true);
            let weighed = weigh(list.as_ref(), Some(&Lookup::NotFound), &Presence::default());
            assert_eq!(weighed, expected, "{statuses:?}");
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_change_the_status() {
        let both = [["BANNED", "CONNECTED"], ["CONNECTED", "BANNED"]];
        for (status, expected) in [
            (None, "BANNED"),
            (Some("CONNECTED"), "CONNECTED"),
            (Some("PENDING"), "BANNED"),
        ] {
            for statuses in &both {
                let known = Presence {
                    id: None,
                    status: status.map(str::to_owned),
                };
                let list = list(statuses, true);
                let weighed = weigh(list.as_ref(), None, &known);
                assert_eq!(weighed, present(None, Some(expected)), "{statuses:?}");
            }
        }
    }

    #[test]
    fn a_number_shown_only_in_rows_that_left_is_absent_even_in_an_incomplete_list() {
        let weighed = |statuses: &[&str]| {
            let list = list(statuses, false);
            weigh(list.as_ref(), Some(&Lookup::NotFound), &Presence::default())
        };
        assert_eq!(weighed(&["DELETED"]), Evidence::Absent);
        assert_eq!(weighed(&[]), Evidence::Inconclusive);
    }
}
