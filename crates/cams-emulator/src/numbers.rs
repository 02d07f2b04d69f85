//! The phone numbers of the account, which are kept in memory.
//!
//! This file is longer than 300 lines because everything that changes or shows a number is in it.

mod history;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::behaviour::{AcceptedForms, Behaviour, DeletedRows, NumberForm, OnRepeat};
use super::generated::Generated;
use history::{History, Rows};

/// The status of a number whose migration was started and is not finished.
pub(super) const MIGRATING: &str = "MIGRATING";

/// The status of the row of a number that was deleted.
const DELETED: &str = "DELETED";

/// The statuses of rows whose number is no longer in the space, because it was deleted or moved
/// away.
const GONE: [&str; 2] = [DELETED, "MIGRATED"];

/// A phone number in a space, as the control interface shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Number {
    pub(super) cust_space_id: String,
    pub(super) country_code: String,
    pub(super) mobile_number: String,
    /// The calling code and the national number, digits only, as answers write it.
    pub(super) phone_number: String,
    /// The id that WhatsApp gives it: fifteen digits that follow from seed, space and number,
    /// unless it was placed with another.
    pub(super) id: String,
    pub(super) status: String,
    pub(super) code_verification_status: String,
    pub(super) verified_name: String,
    pub(super) name_status: String,
    pub(super) quality_rating: String,
    pub(super) messaging_limit_tier: String,
    /// Whether `GetPhoneNumberVerificationStatus` knows the number.
    pub(super) lookup: bool,
}

/// What identifies a number. It is the body of `DELETE /_emulator/numbers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) cust_space_id: String,
    pub(super) country_code: String,
    pub(super) mobile_number: String,
}

/// A number to be placed in a space. It is the body of `POST /_emulator/numbers`. What is left out
/// is as in a connected number. The lookup knows the number unless its status says that it is gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Placement {
    cust_space_id: String,
    country_code: String,
    mobile_number: String,
    id: Option<String>,
    status: Option<String>,
    code_verification_status: Option<String>,
    verified_name: Option<String>,
    name_status: Option<String>,
    quality_rating: Option<String>,
    messaging_limit_tier: Option<String>,
    lookup: Option<bool>,
}

/// The outcome of an initiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Initiation {
    /// The number was migrating before, and nothing changed.
    Already(Arc<Number>),
    /// The initiation is refused because the space has the number already.
    Refused,
    /// The migration of the number was started.
    Started(Arc<Number>),
}

/// All phone numbers of the account.
#[derive(Debug)]
pub(super) struct Numbers {
    generated: Generated,
    deleted_rows: DeletedRows,
    on_repeat: OnRepeat,
    list_lag: Duration,
    lookup_lag: Duration,
    number_form: NumberForm,
    accepted_forms: AcceptedForms,
    /// How many initiations gave a number another id, so that each id is a new one.
    new_ids: u64,
    /// What each space had of each number, by space and phone number in WhatsApp's form.
    numbers: BTreeMap<(String, String), History>,
}

impl Numbers {
    pub(super) fn new(seed: u64, behaviour: &Behaviour) -> Self {
        Self {
            generated: Generated { seed },
            deleted_rows: behaviour.deleted_rows,
            on_repeat: behaviour.on_repeat,
            list_lag: behaviour.list_lag.0,
            lookup_lag: behaviour.lookup_lag.0,
            number_form: behaviour.number_form,
            accepted_forms: behaviour.accepted_forms,
            new_ids: 0,
            numbers: BTreeMap::new(),
        }
    }

    /// Starts a migration. It is decided by what is true at that moment, even where list and lookup
    /// still show what was before.
    pub(super) fn initiate(&mut self, key: &Key, at: Duration) -> Initiation {
        let mut number = Number {
            status: MIGRATING.into(),
            code_verification_status: "NOT_VERIFIED".into(),
            ..self.connected(key)
        };
        let history = self.numbers.entry(key.index()).or_default();
        let truth = history.truth();
        if let Some(living) = &truth.living {
            match self.on_repeat {
                _ if living.status != MIGRATING => return Initiation::Refused,
                OnRepeat::Error => return Initiation::Refused,
                OnRepeat::Same => return Initiation::Already(living.clone()),
                OnRepeat::NewId => {
                    self.new_ids += 1;
                    number.id =
                        self.generated
                            .digits(&["again", &number.id, &self.new_ids.to_string()]);
                }
            }
        }
        let number = Arc::new(number);
        let rows = Rows {
            living: Some(number.clone()),
            gone: remaining(truth, self.deleted_rows),
        };
        history.change(at, rows);
        Initiation::Started(number)
    }

    /// The number as the lookup shows it, `at` after the emulator's start, if it knows the number
    /// in this form.
    pub(super) fn find(
        &self,
        cust_space_id: &str,
        phone_number: &str,
        at: Duration,
    ) -> Option<&Number> {
        let key = (
            cust_space_id.to_owned(),
            NumberForm::Whatsapp.of(phone_number),
        );
        let rows = self.numbers.get(&key)?.seen(at, self.lookup_lag);
        let rows = [&rows.living, &rows.gone];
        let mut known = rows.into_iter().flatten().filter(|number| number.lookup);
        let all = self.accepted_forms == AcceptedForms::All;
        let known = known.next().map(Arc::as_ref);
        known.filter(|number| all || number.phone_number == phone_number)
    }

    /// The rows that the list shows for one space, or for all of them, `at` after the emulator's
    /// start. They are in the order of space and number. Of a number that was gone and is there
    /// again, an even seed puts the old row last, and an odd one puts it first.
    pub(super) fn list(&self, cust_space_id: Option<&str>, at: Duration) -> Vec<Arc<Number>> {
        self.rows(cust_space_id, |history| history.seen(at, self.list_lag))
    }

    /// The rows of all spaces that a list without a lag would show.
    pub(super) fn all(&self) -> Vec<Arc<Number>> {
        self.rows(None, History::truth)
    }

    /// Places a number, which list and lookup show at once.
    pub(super) fn place(&mut self, placement: Placement) -> Arc<Number> {
        let key = Key {
            cust_space_id: placement.cust_space_id,
            country_code: placement.country_code,
            mobile_number: placement.mobile_number,
        };
        let mut number = self.connected(&key);
        for (field, given) in [
            (&mut number.id, placement.id),
            (&mut number.status, placement.status),
            (
                &mut number.code_verification_status,
                placement.code_verification_status,
            ),
            (&mut number.verified_name, placement.verified_name),
            (&mut number.name_status, placement.name_status),
            (&mut number.quality_rating, placement.quality_rating),
            (
                &mut number.messaging_limit_tier,
                placement.messaging_limit_tier,
            ),
        ] {
            if let Some(given) = given {
                *field = given;
            }
        }
        let gone = GONE.contains(&&*number.status);
        number.lookup = placement.lookup.unwrap_or(!gone);

        let number = Arc::new(number);
        let history = self.numbers.entry(key.index()).or_default();
        let rows = if gone {
            Rows {
                living: None,
                gone: Some(number.clone()),
            }
        } else {
            Rows {
                living: Some(number.clone()),
                gone: remaining(history.truth(), self.deleted_rows),
            }
        };
        history.replace(rows);
        number
    }

    /// Deletes a number. Returns whether it was there.
    pub(super) fn remove(&mut self, key: &Key, at: Duration) -> bool {
        let Some(history) = self.numbers.get_mut(&key.index()) else {
            return false;
        };
        let Some(living) = &history.truth().living else {
            return false;
        };
        let deleted = Number {
            status: DELETED.into(),
            lookup: false,
            ..Number::clone(living)
        };
        let kept = self.deleted_rows == DeletedRows::Keep;
        let rows = Rows {
            living: None,
            gone: kept.then(|| Arc::new(deleted)),
        };
        history.change(at, rows);
        true
    }

    /// The rows of one space, or of all, where `seen` says which rows there are of a number.
    fn rows<'a>(
        &'a self,
        cust_space_id: Option<&str>,
        seen: impl Fn(&'a History) -> &'a Rows,
    ) -> Vec<Arc<Number>> {
        let gone_last = self.generated.seed.is_multiple_of(2);
        let mut all = Vec::new();
        for ((space, _), history) in &self.numbers {
            if cust_space_id.is_some_and(|id| id != space) {
                continue;
            }
            let rows = seen(history);
            let ordered = if gone_last {
                [&rows.living, &rows.gone]
            } else {
                [&rows.gone, &rows.living]
            };
            all.extend(ordered.into_iter().flatten().cloned());
        }
        all
    }

    /// A number that is connected and has all its other fields as they usually are.
    fn connected(&self, key: &Key) -> Number {
        let (_, number) = key.index();
        Number {
            id: self
                .generated
                .digits(&["number", &key.cust_space_id, &number]),
            phone_number: self.number_form.of(&number),
            cust_space_id: key.cust_space_id.clone(),
            country_code: key.country_code.clone(),
            mobile_number: key.mobile_number.clone(),
            status: "CONNECTED".into(),
            code_verification_status: "VERIFIED".into(),
            verified_name: "Emulated Business".into(),
            name_status: "Approval".into(),
            quality_rating: "GREEN".into(),
            messaging_limit_tier: "TIER_1K".into(),
            lookup: true,
        }
    }
}

impl Key {
    fn index(&self) -> (String, String) {
        let phone_number = format!("{}{}", self.country_code, self.mobile_number);
        let phone_number = NumberForm::Whatsapp.of(&phone_number);
        (self.cust_space_id.clone(), phone_number)
    }
}

/// The row of a deleted number that stays when the number comes back.
fn remaining(rows: &Rows, deleted_rows: DeletedRows) -> Option<Arc<Number>> {
    let kept = deleted_rows == DeletedRows::Keep;
    rows.gone.clone().filter(|_| kept)
}

#[cfg(test)]
mod tests;
