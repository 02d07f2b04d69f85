//! Sends one code: what `cams_number_verification_code` and the action
//! `cams_send_verification_code` share.
//!
//! A code goes to a person, and Meta limits how many a number gets. So a request is made only for a
//! number that needs a code, and is never repeated, whatever its answer.

use cams::operations::{GetMigrationVerifyCode, ListedNumber, VerifyCodeMethod};
use cams::phone::PhoneNumber;
use cams::{Bounds, Freshness};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use tokio::time::Instant;

use crate::evidence::Evidence;
use crate::resources::number::NumberOperation;
use crate::resources::number::messages::{banned, not_in_space};
use crate::resources::number::standing::{Standing, standing};

use super::{Model, messages, schema};

/// What a failure before the request means for the number.
pub(crate) const NOT_SENT: &str = "No code was sent. Apply again to continue.";

/// How a code is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code<'a> {
    pub(crate) method: VerifyCodeMethod,
    /// The language of the message.
    pub(crate) locale: &'a str,
    /// How the user has another code sent, for texts.
    again: &'static str,
}

impl<'a> Code<'a> {
    /// The code that the attributes ask for, whose defaults count where they are null.
    pub(crate) fn new(
        method: &Field<String>,
        locale: &'a Field<String>,
        again: &'static str,
    ) -> Self {
        Self {
            method: method_of(method),
            locale: locale.text().unwrap_or(schema::LOCALE),
            again,
        }
    }
}

/// The warning about a number that cannot receive the SMS, if it is known and its numbering plan
/// says so for certain.
pub(crate) fn fixed_line(
    number: Option<&PhoneNumber>,
    method: &Field<String>,
) -> Option<Diagnostic> {
    let is_sms = !method.is_unknown() && method_of(method) == VerifyCodeMethod::Sms;
    let number = number.filter(|number| is_sms && number.is_fixed_line())?;
    Some(messages::fixed_line(number))
}

impl<M> NumberOperation<'_, M> {
    /// The number in the form in which CAMS knows it, if it needs a code; `None`, with a warning, if
    /// it is live or verified.
    ///
    /// # Errors
    ///
    /// If the list cannot be read, or if the number is banned or not in the space.
    pub(crate) async fn unproved_phone(&self) -> Result<Option<PhoneNumber>, Diagnostics> {
        let target = self.search.target;
        let (found, listed) = self.find_before_sending().await?;
        if let Standing::Banned(_) = standing(&listed.rows) {
            return Err(banned::<Model>(target).into());
        }
        if found.evidence == Evidence::Absent {
            return Err(not_in_space::<Model>(target).into());
        }
        let reason = match needs_none(&listed.rows) {
            Some(reason) => reason,
            None => match self.verification(&found).await? {
                known if known.is_verified() => VERIFIED,
                known => return Ok(Some(known.number)),
            },
        };
        self.context.warn_once(messages::needs_none(target, reason));
        Ok(None)
    }

    /// Sends the code, and says whether CAMS has confirmed that. If it has not and there is no error,
    /// a warning says what is known.
    ///
    /// # Errors
    ///
    /// If no code was sent, and the number is not verified.
    pub(crate) async fn send_code(
        &self,
        bounds: &Bounds,
        phone: PhoneNumber,
        code: &Code<'_>,
    ) -> Result<bool, Diagnostics> {
        let target = self.search.target;
        let call = GetMigrationVerifyCode {
            cust_space_id: target.cust_space_id.clone(),
            number: phone,
            method: code.method,
            locale: code.locale.to_owned(),
        };
        let Err(error) = self.search.client.call(bounds, &call).await else {
            return Ok(true);
        };
        if error.may_have_had_effect {
            let warning = messages::unknown_outcome(target, &error, code.again);
            self.context.warn(warning);
            return Ok(false);
        }
        if !error.refuses_request() {
            return Err(self.failed(&error, None));
        }
        // CAMS refuses a code to a number that is verified, which a list may show late.
        let Some(reason) = self.look_after_refusal().await else {
            return Err(messages::refused(target, &error).into());
        };
        self.context.warn_once(messages::needs_none(target, reason));
        Ok(false)
    }

    /// Why the number whose code was refused needs none, if the lookup or the list says so.
    async fn look_after_refusal(&self) -> Option<&'static str> {
        if self.search.look_for_verification().await.is_ok() {
            return Some(VERIFIED);
        }
        let listed = self.search.listed(Freshness::SyncedSince(Instant::now()));
        needs_none(&listed.await.ok()?.rows)
    }
}

const VERIFIED: &str = "verified";

/// Why a number with these rows needs no code.
fn needs_none(rows: &[ListedNumber]) -> Option<&'static str> {
    match standing(rows) {
        Standing::Live(_) => Some("live"),
        standing => standing.is_verified().then_some(VERIFIED),
    }
}

/// The method, which is checked when the configuration is validated.
fn method_of(method: &Field<String>) -> VerifyCodeMethod {
    let method = method.text().unwrap_or(schema::METHOD);
    let mut all = VerifyCodeMethod::ALL.into_iter();
    let found = all.find(|candidate| candidate.as_str() == method);
    found.unwrap_or(VerifyCodeMethod::Sms)
}
