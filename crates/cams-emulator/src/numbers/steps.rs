//! The steps that a number takes from a code to its registration, and back: what each asks of the
//! number, and what it does to it. Why a step is refused stands only in the message, since the
//! documentation has no codes for it; the number in it is that of Meta's error.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::record::{NumberRecord, SpaceNumber};
use super::{IN_REVIEW, NOT_VERIFIED, Numbers, VERIFIED, id};
use crate::behaviour::{OldCodes, OnRegistered, PENDING, ServiceChoices};
use crate::generated::Generated;
use crate::number_form::NumberForm;
use crate::period::Period;
use crate::refusal::Result;

/// A number that the space has, at a time at which a step is taken with it.
pub(crate) struct KnownNumber<'a> {
    /// The number before the step.
    pub(crate) number: Arc<SpaceNumber>,
    record: &'a mut NumberRecord,
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
    ) -> Result<KnownNumber<'_>> {
        let choices = &self.behaviour;
        let record = self.records.get_mut(&id(cust_space_id, phone_number));
        let record = record.ok_or_else(|| choices.missing())?;
        let living = record.truth(at).living;
        let known = living.filter(|number| choices.accepts(phone_number, &number.phone_number));
        Ok(KnownNumber {
            number: known.ok_or_else(|| choices.missing())?,
            record,
            choices,
            generated: self.generated,
            at,
        })
    }

    /// The last code that the number was sent in any space. The number may have either form.
    pub(crate) fn last_code(&self, phone_number: &str) -> Option<&Value> {
        let phone_number = NumberForm::Whatsapp.of(phone_number);
        let of_number = self.records.iter().filter(|(id, _)| id.1 == phone_number);
        let mut codes = of_number.map(|(_, record)| &record.last_code);
        codes.find(|code| !code.is_null())
    }
}

/// Sends the number a code: six digits that follow from the seed, the number and the count.
pub(crate) fn send_code(known: &mut KnownNumber<'_>, method: &str, locale: &str) -> Result<()> {
    let (choices, number, at) = (known.choices, &known.number, known.at);
    let record = &mut *known.record;
    let is_admitted = record.sends.admit(at, choices.max_codes, choices.code_lock);
    let is_busy = record.sends.0.len() <= choices.busy_sends;
    let is_verified = number.code_verification_status == VERIFIED;
    let refuse_if = |holds, why| choices.refuse_if(holds, &choices.refusal_code, why);
    refuse_if(number.registered, NOT_MIGRATING)?;
    refuse_if(is_verified, VERIFIED_ALREADY)?;
    refuse_if(is_busy, BUSY)?;
    refuse_if(!is_admitted, TOO_MANY_CODES)?;

    record.codes_sent += 1;
    let parts = ["code", &number.phone_number, &record.codes_sent.to_string()];
    let code = known.generated.digits(&parts).split_off(9);
    if choices.old_codes == OldCodes::End {
        record.unused_codes.clear();
    }
    record.last_code = json!({
        "code": code,
        "method": method,
        "locale": locale,
        "sent": record.codes_sent,
    });
    record.unused_codes.push((code, at));
    Ok(())
}

/// Submits a code.
pub(crate) fn verify(known: &mut KnownNumber<'_>, code: &str) -> Result<()> {
    let (choices, record, at) = (known.choices, &mut *known.record, known.at);
    let tries = &mut record.submissions;
    let is_admitted = tries.admit(at, choices.max_tries, choices.try_lock);
    let is_current = |sent: Duration| at.saturating_sub(sent) < choices.code_expiry.0;
    let mut unused = record.unused_codes.iter();
    let is_valid = unused.any(|(unused, sent)| unused == code && is_current(*sent));
    let refuse_if = |holds, why| choices.refuse_if(holds, &choices.wrong_code_as, why);
    refuse_if(known.number.registered, NOT_MIGRATING)?;
    refuse_if(!is_admitted, TOO_MANY_TRIES)?;
    refuse_if(!is_valid, "(#100) Invalid parameter")?;

    record.unused_codes.clear();
    // An earlier verification may have a lapse that is still to come.
    let changes = &mut record.changes;
    changes.retain(|change| change.is_over(at, Duration::ZERO));
    known.at_meta(Duration::ZERO, |number| {
        number.code_verification_status = VERIFIED.into();
    });
    known.at_meta(choices.verification_lapse.0, |number| {
        if number.code_verification_status == VERIFIED {
            number.code_verification_status = "EXPIRED".into();
        }
    });
    Ok(())
}

/// Registers the number. A name in review lets only the second registration connect it.
pub(crate) fn register(known: &mut KnownNumber<'_>) -> Result<()> {
    let (choices, number) = (known.choices, &known.number);
    let (most, within) = (choices.max_registrations, choices.registration_lock);
    let is_admitted = known.record.registrations.admit(known.at, most, within);
    let is_pending = number.status == PENDING && !known.record.connects;
    let is_repeated = number.registered && !is_pending;
    let is_verified = number.code_verification_status == VERIFIED;
    if is_repeated && choices.on_registered == OnRegistered::Ok {
        return Ok(());
    }
    let refuse_if = |holds, why| choices.refuse_if(holds, &choices.refusal_code, why);
    refuse_if(!is_admitted, TOO_OFTEN)?;
    refuse_if(is_repeated, REGISTERED_ALREADY)?;
    refuse_if(!number.registered && !is_verified, UNVERIFIED)?;
    refuse_if(choices.two_step, TWO_STEP)?;

    let is_reviewed = number.registered || number.name_status != IN_REVIEW;
    known.record.connects = is_reviewed && choices.connect_after != Period(Duration::MAX);
    known.at_meta(Duration::ZERO, |number| {
        number.status = PENDING.into();
        number.registered = true;
    });
    if known.record.connects {
        let status = choices.final_status.clone();
        known.at_meta(choices.connect_after.0, move |number| {
            // It may have been deregistered since.
            if number.registered {
                number.status.clone_from(&status);
                number.name_status = number.name_status.replace(IN_REVIEW, "Approval");
            }
        });
    }
    Ok(())
}

/// Deregisters the number.
pub(crate) fn deregister(known: &mut KnownNumber<'_>) -> Result<()> {
    let choices = known.choices;
    let attempts = &mut known.record.deregistrations;
    let (most, within) = (choices.max_registrations, choices.registration_lock);
    let is_admitted = attempts.admit(known.at, most, within);
    let is_half = attempts.0.len() <= choices.half_deregistrations;
    let refuse_if = |holds, why| choices.refuse_if(holds, &choices.refusal_code, why);
    refuse_if(!is_admitted, TOO_OFTEN)?;
    refuse_if(!known.number.registered, NOT_REGISTERED)?;

    let status = choices.deregistered_as.clone();
    let keeps_verification = choices.deregister_keeps_verification;
    known.at_meta(Duration::ZERO, move |number| {
        number.status.clone_from(&status);
    });
    refuse_if(is_half, HALF)?;
    known.at_meta(Duration::ZERO, move |number| {
        number.registered = false;
        if !keeps_verification {
            number.code_verification_status = NOT_VERIFIED.into();
        }
    });
    Ok(())
}

impl KnownNumber<'_> {
    /// Changes what CAMS itself keeps of the number.
    pub(crate) fn set(&mut self, patch: impl Fn(&mut SpaceNumber) + Send + 'static) {
        self.record.patch(self.at, false, patch);
    }

    /// Lets a change happen at Meta, now or later.
    fn at_meta(&mut self, after: Duration, patch: impl Fn(&mut SpaceNumber) + Send + 'static) {
        let at = self.at.saturating_add(after);
        self.record.patch(at, true, patch);
    }
}

// The messages of refusals.
const NOT_MIGRATING: &str = "(#2388091) The phone number is not being migrated.";
const VERIFIED_ALREADY: &str = "(#136024) No code was sent: the phone number is verified already.";
const BUSY: &str = "(#136024) No code was sent: servers are busy. Try again in a few minutes.";
const TOO_MANY_CODES: &str = "(#136024) No code was sent: too many codes were requested.";
const TOO_MANY_TRIES: &str = "(#2388093) The phone number could not be verified. Try again later.";
const TOO_OFTEN: &str = "(#133016) The phone number was registered or deregistered too often.";
const REGISTERED_ALREADY: &str = "(#2388103) The phone number is registered already.";
const UNVERIFIED: &str = "(#133006) The phone number has to be verified.";
const TWO_STEP: &str = "(#133005) Two-step verification is on for the phone number.";
const NOT_REGISTERED: &str = "(#133010) The phone number is not registered.";
const HALF: &str =
    "(#133000) The deregistration is not complete. Deregister the phone number again.";
