//! What data sources and list resources share: one call, or the list of a space, and its errors.

use std::collections::BTreeMap;

use cams::operations::ListedNumber;
use cams::phone::PhoneNumber;
use cams::{Bounds, Client, Error, ErrorKind, Freshness};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::TimeLimit;

use super::Cams;
use super::errors::{self, ErrorContext, advice};
use super::evidence;
use super::resources::number::READ;
use super::validators;

/// One read of a data source or a list resource.
pub(crate) struct Reader<'a> {
    pub(crate) client: &'a Client,
    pub(crate) bounds: Bounds,
    context: Context<'a, Cams>,
    limit: TimeLimit,
}

/// The numbers of a space as its list shows them, by their dialled form.
pub(crate) type Numbers = BTreeMap<PhoneNumber, ListedNumber>;

impl<'a> Reader<'a> {
    /// A read that ends after the time of a refresh, or when Terraform is asked to stop.
    ///
    /// # Errors
    ///
    /// If there is no client: credentials are missing, or configuration is known only during apply.
    pub(crate) fn new(context: Context<'a, Cams>) -> Result<Self, Diagnostics> {
        let limit = READ.limit(None);
        Ok(Self {
            client: context.provider().client()?,
            bounds: Bounds::new(limit.duration, context.stop().clone()),
            context,
            limit,
        })
    }

    /// The configured space, or else the provider's.
    ///
    /// # Errors
    ///
    /// If there is none, or the provider's is known only during apply.
    pub(crate) fn space(&self, configured: &Field<String>) -> Result<String, Diagnostics> {
        let space = match configured {
            Field::Null => &self.context.provider().cust_space_id,
            configured => configured,
        };
        match space {
            Field::Known(space) => Ok(space.clone()),
            Field::Null => Err(missing_space().into()),
            Field::Unknown => Err(space_not_known_yet().into()),
        }
    }

    /// The numbers that the list of the space shows. A number with several rows has the one that
    /// shows it in the space; a number that left the space may have none of these.
    ///
    /// # Errors
    ///
    /// If the list call fails.
    pub(crate) async fn numbers(
        &self,
        space: &str,
        freshness: Freshness,
    ) -> Result<Numbers, Diagnostics> {
        let list = self.client.list(&self.bounds, space, freshness).await;
        let list = self.finish(list, &format!("the numbers of space {space}"))?;
        if let Some(error) = &list.sync_failed {
            self.context.warn_once(not_synchronized(error, space));
        }
        let mut numbers = Numbers::new();
        for row in list.rows.iter() {
            let Some(number) = row.number() else { continue };
            let known = numbers
                .entry(number.canonical())
                .or_insert_with(|| row.clone());
            // The order of the rows is not documented, so the choice does not depend on it.
            let rank = |row: &ListedNumber| (has_left(row), row.status.clone());
            if rank(row) < rank(known) {
                *known = row.clone();
            }
        }
        if !list.complete {
            self.warn_of_gaps(&format!("list of space {space}"));
        }
        Ok(numbers)
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
            if error.kind == ErrorKind::TimedOut {
                return timed_out(&error, subject).into();
            }
            let limit = &self.limit;
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
            "Only numbers with this status, such as `CONNECTED`. Upper and lower case are the same.",
        ),
        filter(
            "quality_rating",
            "Only numbers with this quality rating, such as `GREEN`. Upper and lower case are the \
             same.",
        ),
    ]
}

/// Whether a row shows a number that has left the space.
pub(crate) fn has_left(row: &ListedNumber) -> bool {
    row.status.as_deref().is_some_and(evidence::has_left)
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
    let text = "No space to read is set. Set cust_space_id here, in the provider block, or with the \
        environment variable CAMS_CUST_SPACE_ID. The data source cams_instances shows the spaces of \
        the account.";
    Diagnostic::error("Missing Space", text).at(Path::root().attribute("cust_space_id"))
}

fn space_not_known_yet() -> Diagnostic {
    let text = "The provider's cust_space_id is known only after apply, and a space is read during \
        the plan. Set cust_space_id here to the same value: Terraform then reads the space when the \
        value is known.";
    Diagnostic::error("Space Not Known Yet", text).at(Path::root().attribute("cust_space_id"))
}

/// The text for resources names their block `timeouts`, which data sources and lists lack.
fn timed_out(error: &Error, subject: &str) -> Diagnostic {
    let text = format!(
        "The call {} for {subject} was not completed within {}. Nothing was read, and nothing was \
         changed. Run fewer operations at once with the same account, then run Terraform again.\n{}",
        error.action,
        READ.default,
        errors::particulars(error)
    );
    Diagnostic::error("Timeout", text)
}

fn not_synchronized(error: &Error, space: &str) -> Diagnostic {
    let text = format!(
        "The call ChatappSyncPhoneNumber failed for space {space}. The numbers were read all the \
         same, but a change at Meta may be missing.\n\n{}\n{}",
        advice(error).text,
        errors::particulars(error)
    );
    Diagnostic::warning("Numbers Not Refreshed From Meta", text)
}

fn incomplete(answer: &str) -> Diagnostic {
    let text = format!(
        "CAMS did not send the whole {answer} in a readable form. What could not be read is left \
         out. If this persists, report it to the developers of the provider."
    );
    Diagnostic::warning("Answer Partly Unreadable", text)
}

#[cfg(test)]
pub(crate) fn diagnostics() -> Vec<Diagnostic> {
    let denied = crate::tests::error(ErrorKind::AccessDenied, "NoPermission");
    let denied = Error {
        action: "ChatappSyncPhoneNumber",
        ..denied
    };
    let timed_out_error = crate::tests::error(ErrorKind::TimedOut, "");
    vec![
        timed_out(&timed_out_error, "the numbers of space cams-1"),
        missing_space(),
        space_not_known_yet(),
        not_synchronized(&denied, "cams-1"),
        incomplete("list of space cams-1"),
    ]
}
