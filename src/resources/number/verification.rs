//! Proves who has the phone of a number: submits the code that it received.
//!
//! `cams_number_registration` and `cams_number_verification` share this step. A code is good once,
//! and wrong ones may block the number for a while, so it is submitted at most once, and never for a
//! number that is verified.

use crate::claims::Claim;
use crate::errors;
use crate::evidence::Lookup;
use crate::numbers::read_back::NOT_VERIFIED;
use crate::numbers::{Found, LookedUp, Target, Verification};
use base::secret::Secret;
use cams::operations::ChatappMigrationVerified;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::Attribute;

use super::messages::error;
use super::standing::standing;
use super::{NumberModel, NumberOperation};

/// The attribute `verify_code_wo`, which holds the code.
pub(crate) fn verify_code_wo() -> Attribute {
    Attribute::string("verify_code_wo")
        .optional()
        .sensitive()
        .write_only()
        .describe(
            "Code that the phone received. It is required if the number is neither verified nor \
             live. It is submitted once, and never stored. An empty string counts as not set.",
        )
}

/// The code in a configuration, without what people write between its digits; `None` if there is
/// none.
pub(crate) fn code(configured: &Field<Secret>) -> Option<Secret> {
    let digits = configured.known()?.expose().chars();
    let digits: String = digits.filter(|c| !c.is_whitespace() && *c != '-').collect();
    (!digits.is_empty()).then(|| Secret::new(digits))
}

impl<M: NumberModel> NumberOperation<'_, M> {
    /// Submits the code, unless the number is verified already, and gives what the answers say about
    /// the number. `known` is its [verification](Self::verification) before.
    ///
    /// # Errors
    ///
    /// If there is no code, or if CAMS does not show the number as verified after the submission.
    pub(crate) async fn verify(
        &self,
        claim: &mut Claim<'_>,
        known: LookedUp,
        code: Option<Secret>,
    ) -> Result<LookedUp, Diagnostics> {
        let (client, target) = (self.search.client, self.search.target);
        let was = known.verification;
        if known.is_verified() {
            return Ok(known);
        }
        let Some(verify_code) = code else {
            return Err(no_code::<M>(target).into());
        };
        let submit = ChatappMigrationVerified {
            cust_space_id: target.cust_space_id.clone(),
            number: known.number.clone(),
            verify_code,
        };
        claim.keep();
        let claimed = self.search.bounds.clone().only_while(claim.witness());
        let changes = &self.context.provider().changes;
        let failure = match client.call(&claimed, &submit).await {
            Ok(answer) => {
                changes.note(target);
                return Ok(LookedUp {
                    lookup: answer.data.id.map_or(known.lookup, Lookup::Found),
                    verification: Verification::Verified,
                    ..known
                });
            }
            Err(failure) => failure,
        };
        if failure.may_have_had_effect {
            changes.note(target);
            let seen = self.search.look_repeatedly(NOT_VERIFIED, async |search| {
                search.look_for_verification().await
            });
            return seen.await.map_err(|reason| {
                let detail = errors::particulars(&failure);
                unknown_outcome::<M>(target, &reason, &detail).into()
            });
        }
        if !failure.refuses_request() {
            return Err(self.failed(&failure, None));
        }
        // The number may have been verified before, which is a reason to refuse a code.
        let verified = self.search.look_for_verification().await;
        verified.map_err(|_| refused::<M>(target, was, &errors::particulars(&failure)).into())
    }
}

impl<M> NumberOperation<'_, M> {
    /// Whether the number is verified, by the list or else by the lookup, and the form in which CAMS
    /// knows it. `found` is what CAMS says about the number. That the list does not show a
    /// verification proves nothing: it may show it later.
    ///
    /// # Errors
    ///
    /// If the lookup fails for a reason that every call would meet.
    pub(crate) async fn verification(&self, found: &Found) -> Result<LookedUp, Diagnostics> {
        let rows = found.listed.as_ref().map_or(&[][..], |listed| &listed.rows);
        let of_list = |verification| LookedUp {
            lookup: Lookup::Inconclusive,
            verification,
            number: self.search.written(),
        };
        if standing(rows).is_verified() {
            return Ok(of_list(Verification::Verified));
        }
        let looked_up = match &found.looked_up {
            Some(looked_up) => looked_up.as_ref().ok().cloned(),
            None => self.look_up().await?,
        };
        Ok(match looked_up {
            Some(looked_up) if looked_up.knows_number() => looked_up,
            Some(_) => of_list(Verification::Missing),
            None => of_list(Verification::Unknown),
        })
    }

    /// What the lookup says about the number. `None` if it failed, which is a warning.
    async fn look_up(&self) -> Result<Option<LookedUp>, Diagnostics> {
        match self.search.look_up().await {
            Ok(looked_up) => Ok(Some(looked_up)),
            Err(error) if error.kind.ends_the_operation() => Err(self.failed(&error, None)),
            Err(error) => {
                let warning = super::messages::one_failed(&error, self.search.target);
                self.context.warn_once(warning);
                Ok(None)
            }
        }
    }
}

/// How the user gets a code, as the end of a text.
pub(crate) const NEW_CODE: &str = "To send a code, create cams_number_verification_code for the number or \
    change its triggers, or invoke the action cams_send_verification_code. Then set verify_code_wo \
    to the code and apply again within ten minutes.";

/// The number is not verified, and the configuration has no code.
fn no_code<M: NumberModel>(target: &Target) -> Diagnostic {
    let text = format!(
        "CAMS does not show {target} as verified, and verify_code_wo is not set, so nothing was \
         done for this number. {NEW_CODE} No code is needed for a number that is verified already."
    );
    error::<M>("Verification Code Missing", text)
}

/// CAMS refused the code, and does not show the number as verified. Its verification `was` this
/// before.
fn refused<M: NumberModel>(target: &Target, was: Verification, particulars: &str) -> Diagnostic {
    let advice = match was {
        Verification::Unknown => {
            "CAMS does not report whether the number is verified. If an earlier code may have been \
             accepted, remove verify_code_wo from cams_number_registration and apply again: the \
             provider then registers the number without a code.\n\n"
        }
        Verification::Missing | Verification::Verified => "",
    };
    let text = format!(
        "CAMS refused the code for {target}, and does not show the number as verified: the code is \
         probably wrong or expired. A code is valid for about ten minutes and can be used only \
         once. A newer code may invalidate older ones. Several wrong codes may block the number \
         for a while.\n\n{advice}{NEW_CODE}\n{particulars}"
    );
    error::<M>("Verification Code Refused", text)
}

/// The request that submits the code has no usable answer, and the number is not shown as verified,
/// for a reason in one sentence.
fn unknown_outcome<M: NumberModel>(target: &Target, reason: &str, particulars: &str) -> Diagnostic {
    let text = format!(
        "The request that submits the code for {target} was sent, and no usable answer was \
         received. CAMS may have accepted the code. {reason}\n\nApply again. If the number is \
         verified by then, no code is submitted. Otherwise, the code may already be used up. \
         {NEW_CODE}\n{particulars}"
    );
    error::<M>("Verification With Unknown Outcome", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use cams::ErrorKind;

    use crate::resources::number::messages::tests::target;
    use crate::resources::number_migration::Model;
    use crate::tests::error;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        for (configured, expected) in [
            ("123456", Some("123456")),
            (" 123-456\n", Some("123456")),
            ("123 456", Some("123456")),
            ("", None),
            (" - ", None),
        ] {
            let code = code(&configured.into());
            let code = code.as_ref().map(Secret::expose);
            assert_eq!(code, expected, "{configured:?}");
        }
        assert!(code(&Field::Null).is_none());
    }

    /// The diagnostics of the step.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let one = target("86", "13900001234");
        let error = error(ErrorKind::InvalidParameter, "InvalidParameter");
        let particulars = errors::particulars(&error);
        vec![
            no_code::<Model>(&one),
            refused::<Model>(&one, Verification::Missing, &particulars),
            refused::<Model>(&one, Verification::Unknown, &particulars),
            unknown_outcome::<Model>(&one, NOT_VERIFIED, &particulars),
        ]
    }
}
