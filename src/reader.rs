//! What data sources and list resources share: one call, or the list of a space, and its errors.

use std::collections::BTreeMap;
use std::sync::Arc;

use cams::operations::ListedNumber;
use cams::phone::PhoneNumber;
use cams::{Bounds, Client, Error, Freshness, Listed};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;

use super::Cams;
use super::errors::{self, ErrorContext, advice};
use super::numbers::Target;
use super::resources::number::READ;
use super::resources::number::standing::standing;
use super::validators;

/// One read of a data source or a list resource.
pub(crate) struct Reader<'a> {
    pub(crate) client: &'a Client,
    pub(crate) bounds: Bounds,
    context: Context<'a, Cams>,
}

/// The numbers of a space as its list shows them, by their dialled form.
pub(crate) type RowsByNumber = BTreeMap<PhoneNumber, ListedNumber>;

impl<'a> Reader<'a> {
    /// A read that ends after the time of a refresh, or when Terraform is asked to stop.
    ///
    /// # Errors
    ///
    /// If there is no client: credentials are missing, or configuration is known only during apply.
    pub(crate) fn new(context: Context<'a, Cams>) -> Result<Self, Diagnostics> {
        Ok(Self {
            client: context.provider().client()?,
            bounds: Bounds::new(READ.limit(None).duration, context.stop().clone()),
            context,
        })
    }

    /// The configured space, or else the provider's.
    ///
    /// # Errors
    ///
    /// If there is none, or the provider's is known only during apply.
    pub(crate) fn space(&self, configured: &Field<String>) -> Result<String, Diagnostics> {
        match (configured, &self.context.provider().cust_space_id) {
            (Field::Known(space), _) | (Field::Null, Field::Known(space)) => Ok(space.clone()),
            (Field::Null, Field::Null) => Err(missing_space().into()),
            (Field::Unknown, _) | (_, Field::Unknown) => Err(space_not_known_yet().into()),
        }
    }

    /// The numbers that the list of the space shows. A number with several rows has the one that
    /// gives its [`standing`]; one that left the space has a row that says so.
    ///
    /// # Errors
    ///
    /// If the list call fails.
    pub(crate) async fn numbers(
        &self,
        space: &str,
        freshness: Freshness,
    ) -> Result<RowsByNumber, Diagnostics> {
        let list = self.client.list(&self.bounds, space, freshness).await;
        Ok(by_number(&self.rows(list, space)?))
    }

    /// The row that the list of the space has of one number, as [`numbers`](Self::numbers) would
    /// show it. It searches the shared list, and copies nothing else.
    ///
    /// # Errors
    ///
    /// If the list call fails.
    pub(crate) async fn number(
        &self,
        target: &Target,
        freshness: Freshness,
    ) -> Result<Option<ListedNumber>, Diagnostics> {
        let (space, number) = (&target.cust_space_id, &target.number);
        let listed = self.client.listed(&self.bounds, space, number, freshness);
        let rows = self.rows(listed.await, space)?;
        Ok(row_of(&rows).cloned())
    }

    /// The rows of a list, with warnings about what it may not show.
    fn rows(
        &self,
        list: Result<Listed, Error>,
        space: &str,
    ) -> Result<Arc<[ListedNumber]>, Diagnostics> {
        let list = self.finish(list, &format!("the numbers of space {space}"))?;
        if let Some(error) = &list.sync_failed {
            self.context.warn_once(not_synchronized(error, space));
        }
        if !list.complete {
            self.warn_of_gaps(&format!("list of space {space}"));
        }
        Ok(list.rows)
    }

    /// The answer of a call about `subject`, such as "space cams-1".
    ///
    /// # Errors
    ///
    /// If the call failed.
    pub(crate) fn finish<T>(
        &self,
        answer: Result<T, Error>,
        subject: &str,
    ) -> Result<T, Diagnostics> {
        Cams::warn_of_wait(&self.context, &self.bounds);
        answer.map_err(|error| {
            let limit = &READ.limit(None);
            let outcome = "Nothing was read, and nothing was changed. Run Terraform again.";
            let context = ErrorContext {
                subject,
                limit,
                outcome,
            };
            self.context.provider().failed(&error, None, context).into()
        })
    }

    /// Warns that a part of an answer could not be read.
    pub(crate) fn warn_of_gaps(&self, answer: &str) {
        self.context.warn_once(incomplete(answer));
    }
}

/// The attribute `cust_space_id` of a data source or a list.
pub(crate) fn cust_space_id() -> Attribute {
    Attribute::string("cust_space_id")
        .optional()
        .validate(validators::cust_space_id)
        .describe("Space to read. Default value is the provider's `cust_space_id`.")
}

/// The attributes by which numbers are filtered.
pub(crate) fn filters() -> [Attribute; 2] {
    let filter = |name, description| Attribute::string(name).optional().describe(description);
    [
        filter(
            "status",
            "Only numbers with this status, such as `CONNECTED`. The case does not matter.",
        ),
        filter(
            "quality_rating",
            "Only numbers with this quality rating, such as `GREEN`. The case does not matter.",
        ),
    ]
}

/// Whether a number passes both filters.
pub(crate) fn is_wanted(
    row: &ListedNumber,
    status: &Field<String>,
    quality_rating: &Field<String>,
) -> bool {
    passes(status, row.status.as_deref()) && passes(quality_rating, row.quality_rating.as_deref())
}

/// Whether a value passes a filter. Without a filter everything does, and with one, a value that
/// CAMS does not show does not.
pub(crate) fn passes(filter: &Field<String>, value: Option<&str>) -> bool {
    filter.text().is_none_or(|filter| {
        value.is_some_and(|value| value.trim().eq_ignore_ascii_case(filter.trim()))
    })
}

fn missing_space() -> Diagnostic {
    let text = "No space is set, so there is nothing to read. Set cust_space_id here, in the \
        provider block, or with the environment variable CAMS_CUST_SPACE_ID. The data source \
        cams_instances shows the spaces of the account.";
    Diagnostic::error("Missing Space", text).at(Path::root().attribute("cust_space_id"))
}

fn space_not_known_yet() -> Diagnostic {
    let text = "The provider's cust_space_id is known only after apply, but the space is read \
        during the plan. Set cust_space_id in this block to the same value, so that Terraform \
        defers the read until the value is known.";
    Diagnostic::error("Space Not Known Yet", text).at(Path::root().attribute("cust_space_id"))
}

/// One row for each number, whose rows are side by side. Which one does not depend on the order of
/// the rows, which is not documented.
fn by_number(rows: &[ListedNumber]) -> RowsByNumber {
    let number = |row: &ListedNumber| row.number().map(|number| number.canonical());
    let numbers = rows.chunk_by(|row, next| number(row) == number(next));
    let shown = numbers.filter_map(|rows| Some((number(rows.first()?)?, row_of(rows)?.clone())));
    shown.collect()
}

/// The row that stands for all rows of one number.
fn row_of(rows: &[ListedNumber]) -> Option<&ListedNumber> {
    let in_space = standing(rows).row();
    in_space.or_else(|| rows.iter().min_by_key(|row| &row.status))
}

fn not_synchronized(error: &Error, space: &str) -> Diagnostic {
    let text = format!(
        "The call ChatappSyncPhoneNumber failed for space {space}. The numbers were read all the \
         same, but a change at Meta may be missing.\n\n{}\n{}",
        advice(error),
        errors::particulars(error)
    );
    Diagnostic::warning("Numbers Not Refreshed From Meta", text)
}

fn incomplete(answer: &str) -> Diagnostic {
    let text = format!(
        "The provider could not read a part of the {answer} and left that part out. If this \
         persists, report it to the developers of the provider."
    );
    Diagnostic::warning("Response Partly Unreadable", text)
}

#[cfg(test)]
pub(crate) fn diagnostics() -> Vec<Diagnostic> {
    let denied = crate::tests::error(cams::ErrorKind::AccessDenied, "NoPermission");
    let denied = Error {
        action: "ChatappSyncPhoneNumber",
        ..denied
    };
    vec![
        missing_space(),
        space_not_known_yet(),
        not_synchronized(&denied, "cams-1"),
        incomplete("list of space cams-1"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_row_that_gives_its_standing_in_any_order() {
        for (statuses, expected) in [
            (&["BANNED", "CONNECTED"][..], "CONNECTED"),
            (&["CONNECTED", "DELETED"], "CONNECTED"),
            (&["PENDING", "BANNED"], "BANNED"),
            (&["DELETED", "PENDING"], "PENDING"),
            (&["MIGRATED", "DELETED"], "DELETED"),
        ] {
            // WhatsApp's form and the dialled form of one number.
            let forms = ["5215512345678", "525512345678"];
            let mut rows: Vec<_> = statuses
                .iter()
                .zip(forms)
                .map(|(status, number)| ListedNumber {
                    phone_number: Some(number.to_owned()),
                    status: Some((*status).to_owned()),
                    ..ListedNumber::default()
                })
                .collect();
            for _ in 0..2 {
                let numbers = by_number(&rows);
                let shown: Vec<_> = numbers
                    .iter()
                    .map(|(number, row)| (number.to_string(), row.status.as_deref()))
                    .collect();
                assert_eq!(shown, [("525512345678".to_owned(), Some(expected))]);
                rows.reverse();
            }
        }
    }
}
