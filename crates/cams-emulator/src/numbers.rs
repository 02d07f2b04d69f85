//! The phone numbers of the account, and everything that changes or shows one.

mod history;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::behaviour::{AcceptedForms, DeletedRows, OnRepeat, ServiceChoices};
use crate::generated::Generated;
use crate::number_form::NumberForm;
use history::History;

/// The status of a number whose migration was started and is not finished.
pub(crate) const MIGRATING: &str = "MIGRATING";

/// The status of the row of a number that was deleted.
const DELETED: &str = "DELETED";

/// The statuses of rows whose number is no longer in the space, because it was deleted or moved
/// away.
const GONE: [&str; 2] = [DELETED, "MIGRATED"];

/// A phone number in a space, as the control interface shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpaceNumber {
    pub(crate) cust_space_id: String,
    pub(crate) country_code: String,
    pub(crate) mobile_number: String,
    /// The calling code and the national number, digits only, as answers write it.
    pub(crate) phone_number: String,
    /// The id that WhatsApp gives it: fifteen digits that follow from seed, space and number,
    /// unless it was placed with another.
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) code_verification_status: String,
    pub(crate) verified_name: String,
    pub(crate) name_status: String,
    pub(crate) quality_rating: String,
    pub(crate) messaging_limit_tier: String,
    /// Whether `GetPhoneNumberVerificationStatus` knows the number.
    pub(crate) lookup: bool,
}

/// What identifies a number. It is the body of `DELETE /_emulator/numbers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) cust_space_id: String,
    pub(crate) country_code: String,
    pub(crate) mobile_number: String,
}

/// What a space has of one number: the number itself if it is present, and the row of the same
/// number that was deleted or moved away before.
#[derive(Debug, Default)]
struct SpaceRows {
    living: Option<Arc<SpaceNumber>>,
    gone: Option<Arc<SpaceNumber>>,
}

/// All phone numbers of the account.
#[derive(Debug)]
pub(crate) struct Numbers {
    generated: Generated,
    behaviour: ServiceChoices,
    /// How many initiations gave a number another id, so that each id is a new one.
    new_ids: u64,
    /// What each space had of each number, by space and phone number in WhatsApp's form.
    numbers: BTreeMap<(String, String), History<SpaceRows>>,
}

impl Numbers {
    pub(crate) fn new(generated: Generated, behaviour: ServiceChoices) -> Self {
        Self {
            generated,
            behaviour,
            new_ids: 0,
            numbers: BTreeMap::new(),
        }
    }

    /// Starts a migration, and returns the number, or `None` if the space has it already. It is
    /// decided by what is true at that moment, even where list and lookup lag behind.
    pub(crate) fn initiate(&mut self, key: &Key, at: Duration) -> Option<Arc<SpaceNumber>> {
        let mut number = SpaceNumber {
            status: MIGRATING.into(),
            code_verification_status: "NOT_VERIFIED".into(),
            ..self.connected(key)
        };
        let keep = self.keeps_deleted_rows();
        let history = self.numbers.entry(key.index()).or_default();
        let truth = history.truth();
        if let Some(living) = &truth.living {
            match self.behaviour.on_repeat {
                _ if living.status != MIGRATING => return None,
                OnRepeat::Error => return None,
                OnRepeat::Same => return Some(living.clone()),
                OnRepeat::NewId => {
                    self.new_ids += 1;
                    let count = self.new_ids.to_string();
                    number.id = self.generated.digits(&["again", &number.id, &count]);
                }
            }
        }
        let number = Arc::new(number);
        let before = truth.gone.clone().filter(|_| keep);
        let rows = SpaceRows {
            living: Some(number.clone()),
            gone: before,
        };
        history.change(at, rows);
        Some(number)
    }

    /// The number as the lookup shows it, `at` after the emulator's start, if it knows the number
    /// in this form.
    pub(crate) fn find(
        &self,
        cust_space_id: &str,
        phone_number: &str,
        at: Duration,
    ) -> Option<&SpaceNumber> {
        let key = (
            cust_space_id.to_owned(),
            NumberForm::Whatsapp.of(phone_number),
        );
        let rows = self
            .numbers
            .get(&key)?
            .seen(at, self.behaviour.lookup_lag.0);
        let rows = [&rows.living, &rows.gone];
        let mut known = rows.into_iter().flatten().filter(|number| number.lookup);
        let all = self.behaviour.accepted_forms == AcceptedForms::All;
        let known = known.next().map(Arc::as_ref);
        known.filter(|number| all || number.phone_number == phone_number)
    }

    /// The rows that the list shows for one space, or for all of them, `at` after the emulator's
    /// start. They are in the order of space and number. Of a number that was gone and is there
    /// again, an even seed puts the old row last, and an odd one puts it first.
    pub(crate) fn list(&self, cust_space_id: Option<&str>, at: Duration) -> Vec<Arc<SpaceNumber>> {
        self.rows(cust_space_id, |history| {
            history.seen(at, self.behaviour.list_lag.0)
        })
    }

    /// The rows of all spaces that a list without a lag would show.
    pub(crate) fn all(&self) -> Vec<Arc<SpaceNumber>> {
        self.rows(None, History::truth)
    }

    /// Places a number, which list and lookup show at once. The fields that are not given are those
    /// of a connected number. The lookup knows the number unless its status says that it is gone.
    pub(crate) fn place(
        &mut self,
        mut given: Map<String, Value>,
    ) -> Result<Arc<SpaceNumber>, serde_json::Error> {
        given.retain(|_, value| !value.is_null());
        let key = ["cust_space_id", "country_code", "mobile_number"];
        let key = key.into_iter().filter_map(|name| given.get_key_value(name));
        let key: Key =
            Key::deserialize(Value::from_iter(key.map(|(k, v)| (k.clone(), v.clone()))))?;
        let usual = self.connected(&key);
        let gone = given
            .get("status")
            .is_some_and(|status| GONE.iter().any(|gone| status == gone));
        let mut fields = json!(usual);
        fields["lookup"] = (!gone).into();
        for (name, value) in given {
            fields[name] = value;
        }
        let number = Arc::new(SpaceNumber {
            phone_number: usual.phone_number,
            ..SpaceNumber::deserialize(fields)?
        });

        let keep = self.keeps_deleted_rows();
        let history = self.numbers.entry(key.index()).or_default();
        let before = history.truth().gone.clone().filter(|_| keep);
        history.replace(match gone {
            true => SpaceRows {
                living: None,
                gone: Some(number.clone()),
            },
            false => SpaceRows {
                living: Some(number.clone()),
                gone: before,
            },
        });
        Ok(number)
    }

    /// Deletes a number. Returns whether the space had it.
    pub(crate) fn remove(&mut self, key: &Key, at: Duration) -> bool {
        let keep = self.keeps_deleted_rows();
        let Some(history) = self.numbers.get_mut(&key.index()) else {
            return false;
        };
        let Some(living) = &history.truth().living else {
            return false;
        };
        let deleted = SpaceNumber {
            status: DELETED.into(),
            lookup: false,
            ..SpaceNumber::clone(living)
        };
        let rows = SpaceRows {
            living: None,
            gone: keep.then(|| Arc::new(deleted)),
        };
        history.change(at, rows);
        true
    }

    fn keeps_deleted_rows(&self) -> bool {
        self.behaviour.deleted_rows == DeletedRows::Keep
    }

    /// The rows of one space, or of all, where `seen` says which rows there are of a number.
    fn rows<'a>(
        &'a self,
        cust_space_id: Option<&str>,
        seen: impl Fn(&'a History<SpaceRows>) -> &'a SpaceRows,
    ) -> Vec<Arc<SpaceNumber>> {
        let gone_last = self.generated.seed.is_multiple_of(2);
        let histories = self.numbers.iter();
        histories
            .filter(|((space, _), _)| cust_space_id.is_none_or(|id| id == space))
            .flat_map(|(_, history)| {
                let rows = seen(history);
                match gone_last {
                    true => [&rows.living, &rows.gone],
                    false => [&rows.gone, &rows.living],
                }
            })
            .flatten()
            .cloned()
            .collect()
    }

    /// A number that is connected and has all its other fields as they usually are.
    fn connected(&self, key: &Key) -> SpaceNumber {
        let (_, number) = key.index();
        SpaceNumber {
            id: self
                .generated
                .digits(&["number", &key.cust_space_id, &number]),
            phone_number: self.behaviour.number_form.of(&number),
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

#[cfg(test)]
mod tests;
