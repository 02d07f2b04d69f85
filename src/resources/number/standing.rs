//! What the list of a space shows of a number, as a function without I/O.

use cams::operations::ListedNumber;

use crate::evidence;

/// The statuses of a number that is registered in the space and in service: page "Manage phone
/// numbers" of the CAMS documentation. All but the first one limit what it may send.
const LIVE: &[&str] = &[CONNECTED, "FLAGGED", "RESTRICTED", "RATE_LIMITED"];
const CONNECTED: &str = "CONNECTED";

/// How the list of a space shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    /// It is registered in the space, and in service.
    Live(&'a ListedNumber),
    /// WhatsApp has banned it.
    Banned(&'a ListedNumber),
    /// It is in the space and not live, with any other status: a registration may be missing or
    /// under way.
    NotLive(&'a ListedNumber),
    /// No row shows it in the space. Rows of a number that has left (`DELETED`, `MIGRATED`) may be
    /// old ones, so they say nothing.
    NotShown,
}

/// The standing of a number, from its rows in the list. Of several rows that show it in the space, a
/// live one counts most, then one that is banned; the order of the rows does not matter.
pub(crate) fn standing(rows: &[ListedNumber]) -> Standing<'_> {
    let of = |row: &ListedNumber| row.status.as_deref().unwrap_or_default().trim().to_owned();
    let in_space = rows.iter().filter(|row| !row.has_left());
    let rank = |row: &&ListedNumber| {
        let status = of(row);
        let rank = match () {
            () if is_live(&status) => 0,
            () if is_banned(&status) => 1,
            () => 2,
        };
        (rank, status)
    };
    match in_space.min_by_key(rank) {
        Some(row) if is_live(&of(row)) => Standing::Live(row),
        Some(row) if is_banned(&of(row)) => Standing::Banned(row),
        Some(row) => Standing::NotLive(row),
        None => Standing::NotShown,
    }
}

impl<'a> Standing<'a> {
    /// The row that shows the number in the space, if one does.
    pub(crate) fn row(self) -> Option<&'a ListedNumber> {
        match self {
            Self::Live(row) | Self::Banned(row) | Self::NotLive(row) => Some(row),
            Self::NotShown => None,
        }
    }

    /// Whether the list says that the number was verified. It may say so later than the lookup.
    pub(crate) fn is_verified(self) -> bool {
        let verification = self
            .row()
            .and_then(|row| row.code_verification_status.as_deref());
        verification.is_some_and(evidence::is_verified)
    }
}

/// Whether a number with this status is registered and in service.
pub(crate) fn is_live(status: &str) -> bool {
    LIVE.iter()
        .any(|live| status.trim().eq_ignore_ascii_case(live))
}

/// Whether a number with this status is in service, but may not send as much as others.
pub(crate) fn is_limited(status: &str) -> bool {
    is_live(status) && !status.trim().eq_ignore_ascii_case(CONNECTED)
}

fn is_banned(status: &str) -> bool {
    status.eq_ignore_ascii_case("BANNED")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str) -> ListedNumber {
        ListedNumber {
            status: Some(status.to_owned()),
            ..ListedNumber::default()
        }
    }

    #[test]
    fn every_set_of_rows_has_its_standing_in_any_order() {
        for (statuses, expected) in [
            (&[][..], "not shown"),
            (&["DELETED"], "not shown"),
            (&["MIGRATED", "deleted "], "not shown"),
            (&["CONNECTED"], "live CONNECTED"),
            (&["connected "], "live connected "),
            (&["FLAGGED"], "live FLAGGED"),
            (&["RESTRICTED"], "live RESTRICTED"),
            (&["RATE_LIMITED"], "live RATE_LIMITED"),
            (&["DELETED", "CONNECTED"], "live CONNECTED"),
            (&["PENDING", "CONNECTED", "BANNED"], "live CONNECTED"),
            (&["FLAGGED", "CONNECTED"], "live CONNECTED"),
            (&["BANNED"], "banned BANNED"),
            (&["PENDING", "BANNED", "MIGRATED"], "banned BANNED"),
            (&["PENDING"], "not live PENDING"),
            (&["UNVERIFIED", "PENDING"], "not live PENDING"),
            (&["MIGRATED", "MIGRATING"], "not live MIGRATING"),
            (&["SOMETHING_NEW"], "not live SOMETHING_NEW"),
            (&["VERIFIED"], "not live VERIFIED"),
            (&[""], "not live "),
        ] {
            let mut rows: Vec<_> = statuses.iter().map(|status| row(status)).collect();
            for _ in 0..2 {
                let standing = standing(&rows);
                let name = match standing {
                    Standing::Live(_) => "live ",
                    Standing::Banned(_) => "banned ",
                    Standing::NotLive(_) => "not live ",
                    Standing::NotShown => "not shown",
                };
                let status = standing.row().and_then(|row| row.status.as_deref());
                let found = format!("{name}{}", status.unwrap_or_default());
                assert_eq!(found, expected, "{statuses:?}");
                rows.reverse();
            }
        }
    }

    #[test]
    fn the_row_in_the_space_says_whether_the_number_is_verified() {
        let with = |status: &str, verification: &str| ListedNumber {
            code_verification_status: Some(verification.to_owned()),
            ..row(status)
        };
        for (rows, expected) in [
            (vec![], false),
            (vec![row("PENDING")], false),
            (vec![with("PENDING", "VERIFIED")], true),
            (vec![with("PENDING", "verified")], true),
            (vec![with("PENDING", "NOT_VERIFIED")], false),
            (vec![with("CONNECTED", "EXPIRED")], false),
            (vec![with("DELETED", "VERIFIED"), row("PENDING")], false),
        ] {
            assert_eq!(standing(&rows).is_verified(), expected, "{rows:?}");
        }
    }
}
