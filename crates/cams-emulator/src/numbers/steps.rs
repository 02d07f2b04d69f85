//! The steps that a number takes from a code to its registration, and back: what each asks of the
//! number, and what it does to it. Why a step is refused stands only in the message, since the
//! documentation has no codes for it; the number in it is that of Meta's error.

use std::sync::Arc;
use std::time::Duration;

use super::record::{Record, SentCode};
use super::{IN_REVIEW, NOT_VERIFIED, Numbers, Patch, SpaceNumber, VERIFIED, id};
use crate::behaviour::{OldCodes, OnRegistered, PENDING, ServiceChoices};
use crate::generated::Generated;
use crate::number_form::NumberForm;
use crate::period::Period;
use crate::refusal::Rejection;

/// A number that the space has, at a time at which a step is taken with it.
#[derive(Debug)]
pub(crate) struct KnownNumber<'a> {
    /// The number before the step.
    pub(crate) number: Arc<SpaceNumber>,
    record: &'a mut Record,
    choices: &'a ServiceChoices,
    generated: Generated,
    at: Duration,
}

impl Numbers {
    /// The number that the space has at this time, if operations know it in this form. It is known
    /// at once, even where list and lookup lag behind.
    ///
    /// # Errors
    ///
    /// The refusal of a number that the space lacks.
    pub(crate) fn known(
        &mut self,
        cust_space_id: &str,
        phone_number: &str,
        at: Duration,
    ) -> Result<KnownNumber<'_>, Rejection> {
        let missing = self.missing();
        let id = id(cust_space_id, phone_number);
        let living = self
            .records
            .get(&id)
            .and_then(|record| record.truth(at).living);
        let number = living.filter(|number| self.accepts(number, phone_number));
        match number.zip(self.records.get_mut(&id)) {
            Some((number, record)) => Ok(KnownNumber {
                number,
                record,
                choices: &self.behaviour,
                generated: self.generated,
                at,
            }),
            None => Err(missing),
        }
    }

    /// The refusal of a number that the space lacks.
    pub(crate) fn missing(&self) -> Rejection {
        let choices = &self.behaviour;
        let message = "The space does not have the phone number.";
        Rejection::new(choices.missing_status, &*choices.missing_code, message)
    }

    /// The last code that the number was sent in any space. The number may have either form.
    pub(crate) fn last_code(&self, phone_number: &str) -> Option<&SentCode> {
        let phone_number = NumberForm::Whatsapp.of(phone_number);
        let mut records = self.records.iter();
        records.find_map(|(id, record)| record.codes.last.as_ref().filter(|_| id.1 == phone_number))
    }
}

impl KnownNumber<'_> {
    /// Sends the number a code: six digits that follow from the seed, the number and the count.
    pub(crate) fn send_code(&mut self, method: &str, locale: &str) -> Result<(), Rejection> {
        let (choices, number, at) = (self.choices, &self.number, self.at);
        let codes = &mut self.record.codes;
        let is_admitted = codes.sends.admit(at, choices.max_codes, choices.code_lock);
        let is_busy = codes.sends.0.len() <= choices.busy_sends;
        let is_verified = number.code_verification_status == VERIFIED;
        let refusal = choices.refusal_code.as_str();
        refuse(
            choices,
            refusal,
            [
                (number.registered, NOT_MIGRATING),
                (
                    is_verified,
                    "(#136024) No code was sent: the phone number is verified already.",
                ),
                (
                    is_busy,
                    "(#136024) No code was sent: servers are busy. Try again in a few minutes.",
                ),
                (
                    !is_admitted,
                    "(#136024) No code was sent: too many codes were requested.",
                ),
            ],
        )?;
        let sent = codes.last.as_ref().map_or(0, |last| last.sent) + 1;
        let parts = ["code", &number.phone_number, &sent.to_string()];
        let code = self.generated.digits(&parts).split_off(9);
        if choices.old_codes == OldCodes::End {
            codes.unused.clear();
        }
        codes.unused.push((code.clone(), at));
        codes.last = Some(SentCode {
            code,
            method: method.into(),
            locale: locale.into(),
            sent,
        });
        Ok(())
    }

    /// Submits a code.
    pub(crate) fn verify(&mut self, code: &str) -> Result<(), Rejection> {
        let (choices, at) = (self.choices, self.at);
        let codes = &mut self.record.codes;
        let is_admitted = codes
            .submissions
            .admit(at, choices.max_tries, choices.try_lock);
        let is_valid = codes.unused.iter().any(|(unused, sent)| {
            unused == code && at.saturating_sub(*sent) < choices.code_expiry.0
        });
        refuse(
            choices,
            &choices.wrong_code_as,
            [
                (self.number.registered, NOT_MIGRATING),
                (
                    !is_admitted,
                    "(#2388093) The phone number could not be verified. Try again later.",
                ),
                (!is_valid, "(#100) Invalid parameter"),
            ],
        )?;
        codes.unused.clear();
        // An earlier verification may have a lapse that is still to come.
        let changes = &mut self.record.changes;
        changes.retain(|change| change.is_over(at, Duration::ZERO));
        self.at_meta(Duration::ZERO, verification, VERIFIED);
        let lapse = |number: &mut SpaceNumber, status: &str| {
            if number.code_verification_status == VERIFIED {
                verification(number, status);
            }
        };
        self.at_meta(choices.verification_lapse.0, lapse, "EXPIRED");
        Ok(())
    }

    /// Registers the number. A name in review lets only the second registration connect it.
    pub(crate) fn register(&mut self) -> Result<(), Rejection> {
        let (choices, number) = (self.choices, &self.number);
        let attempts = &mut self.record.registrations;
        let is_admitted = attempts.admit(
            self.at,
            choices.max_registrations,
            choices.registration_lock,
        );
        let is_pending = number.status == PENDING && !self.record.connects;
        let is_repeated = number.registered && !is_pending;
        let is_verified = number.code_verification_status == VERIFIED;
        if is_repeated && choices.on_registered == OnRegistered::Ok {
            return Ok(());
        }
        refuse(
            choices,
            &choices.refusal_code,
            [
                (!is_admitted, TOO_OFTEN),
                (
                    is_repeated,
                    "(#2388103) The phone number is registered already.",
                ),
                (
                    !number.registered && !is_verified,
                    "(#133006) The phone number has to be verified.",
                ),
                (
                    choices.two_step,
                    "(#133005) Two-step verification is on for the phone number.",
                ),
            ],
        )?;
        let is_reviewed = number.registered || number.name_status != IN_REVIEW;
        self.record.connects = is_reviewed && choices.connect_after != Period(Duration::MAX);
        let pending = |number: &mut SpaceNumber, status: &str| {
            number.status = status.into();
            number.registered = true;
        };
        self.at_meta(Duration::ZERO, pending, PENDING);
        if self.record.connects {
            let connect = |number: &mut SpaceNumber, status: &str| {
                // It may have been deregistered since.
                if number.registered {
                    number.status = status.into();
                    number.name_status = number.name_status.replace(IN_REVIEW, "Approval");
                }
            };
            self.at_meta(choices.connect_after.0, connect, &choices.final_status);
        }
        Ok(())
    }

    /// Deregisters the number.
    pub(crate) fn deregister(&mut self) -> Result<(), Rejection> {
        let choices = self.choices;
        let attempts = &mut self.record.deregistrations;
        let is_admitted = attempts.admit(
            self.at,
            choices.max_registrations,
            choices.registration_lock,
        );
        let is_half = attempts.0.len() <= choices.half_deregistrations;
        refuse(
            choices,
            &choices.refusal_code,
            [
                (!is_admitted, TOO_OFTEN),
                (
                    !self.number.registered,
                    "(#133010) The phone number is not registered.",
                ),
            ],
        )?;
        let status = |number: &mut SpaceNumber, status: &str| number.status = status.into();
        self.at_meta(Duration::ZERO, status, &choices.deregistered_as);
        let half =
            "(#133000) The deregistration is not complete. Deregister the phone number again.";
        refuse(choices, &choices.refusal_code, [(is_half, half)])?;
        self.at_meta(Duration::ZERO, |number, _| number.registered = false, "");
        if !choices.deregister_keeps_verification {
            self.at_meta(Duration::ZERO, verification, NOT_VERIFIED);
        }
        Ok(())
    }

    /// Changes what CAMS itself keeps of the number.
    pub(crate) fn set(&mut self, patch: Patch, text: &str) {
        self.record.patch(self.at, false, patch, text);
    }

    /// Lets a change happen at Meta, now or later.
    fn at_meta(&mut self, after: Duration, patch: Patch, text: &str) {
        self.record
            .patch(self.at.saturating_add(after), true, patch, text);
    }
}

const NOT_MIGRATING: &str = "(#2388091) The phone number is not being migrated.";

const TOO_OFTEN: &str = "(#133016) The phone number was registered or deregistered too often.";

/// Refuses with the first of the messages whose condition holds.
fn refuse<const N: usize>(
    choices: &ServiceChoices,
    code: &str,
    reasons: [(bool, &str); N],
) -> Result<(), Rejection> {
    match reasons.into_iter().find(|(holds, _)| *holds) {
        Some((_, message)) => Err(Rejection::new(choices.business_status, code, message)),
        None => Ok(()),
    }
}

fn verification(number: &mut SpaceNumber, status: &str) {
    number.code_verification_status = status.into();
}
