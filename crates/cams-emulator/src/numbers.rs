//! The phone numbers of the account, and everything that changes or shows one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::behaviour::{AcceptedForms, DeletedRows, OnRepeat, ServiceChoices};
use crate::generated::Generated;
use crate::number_form::NumberForm;

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
#[derive(Clone, Debug, Default)]
struct SpaceRows {
    living: Option<Arc<SpaceNumber>>,
    gone: Option<Arc<SpaceNumber>>,
}

/// What a space has of a number from a time on, after the emulator's start. Readers see it when
/// their lag has passed, or at once if it has no time.
type Change = (Option<Duration>, SpaceRows);

/// All phone numbers of the account.
#[derive(Debug)]
pub(crate) struct Numbers {
    generated: Generated,
    behaviour: ServiceChoices,
    /// How many initiations gave a number another id, so that each id is a new one.
    new_ids: u64,
    /// What each space had of each number, by space and phone number in WhatsApp's form.
    numbers: BTreeMap<(String, String), Vec<Change>>,
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
        let SpaceRows { living, gone } = self.truth(key);
        if let Some(living) = living {
            match self.behaviour.on_repeat {
                _ if living.status != MIGRATING => return None,
                OnRepeat::Error => return None,
                OnRepeat::Same => return Some(living),
                OnRepeat::NewId => {
                    self.new_ids += 1;
                    let count = self.new_ids.to_string();
                    number.id = self.generated.digits(&["again", &number.id, &count]);
                }
            }
        }
        let number = Arc::new(number);
        let rows = SpaceRows {
            living: Some(number.clone()),
            gone: gone.filter(|_| self.keeps_deleted_rows()),
        };
        self.change(key, Some(at), rows);
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
        let rows = seen(self.numbers.get(&key)?, at, self.behaviour.lookup_lag.0)?;
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
        self.rows(cust_space_id, at, self.behaviour.list_lag.0)
    }

    /// The rows of all spaces that a list without a lag would show.
    pub(crate) fn all(&self) -> Vec<Arc<SpaceNumber>> {
        self.rows(None, Duration::MAX, Duration::ZERO)
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

        let rows = match gone {
            true => SpaceRows {
                living: None,
                gone: Some(number.clone()),
            },
            false => SpaceRows {
                living: Some(number.clone()),
                gone: self.truth(&key).gone.filter(|_| self.keeps_deleted_rows()),
            },
        };
        self.change(&key, None, rows);
        Ok(number)
    }

    /// Deletes a number. Returns whether the space had it.
    pub(crate) fn remove(&mut self, key: &Key, at: Duration) -> bool {
        let Some(living) = self.truth(key).living else {
            return false;
        };
        let deleted = SpaceNumber {
            status: DELETED.into(),
            lookup: false,
            ..SpaceNumber::clone(&living)
        };
        let rows = SpaceRows {
            living: None,
            gone: self.keeps_deleted_rows().then(|| Arc::new(deleted)),
        };
        self.change(key, Some(at), rows);
        true
    }

    fn keeps_deleted_rows(&self) -> bool {
        self.behaviour.deleted_rows == DeletedRows::Keep
    }

    /// What the space has of the number now, whatever readers see.
    fn truth(&self, key: &Key) -> SpaceRows {
        let last = self.numbers.get(&key.index()).and_then(|all| all.last());
        last.map(|(_, rows)| rows.clone()).unwrap_or_default()
    }

    /// Changes what the space has of the number. Without a time all readers see the change at once.
    fn change(&mut self, key: &Key, at: Option<Duration>, rows: SpaceRows) {
        let changes = self.numbers.entry(key.index()).or_default();
        if at.is_none() {
            changes.clear();
        }
        changes.push((at, rows));
    }

    /// The rows of one space, or of all, as a reader with this lag sees them.
    fn rows(
        &self,
        cust_space_id: Option<&str>,
        at: Duration,
        lag: Duration,
    ) -> Vec<Arc<SpaceNumber>> {
        let gone_last = self.generated.seed.is_multiple_of(2);
        let numbers = self.numbers.iter();
        numbers
            .filter(|((space, _), _)| cust_space_id.is_none_or(|id| id == space))
            .filter_map(|(_, changes)| seen(changes, at, lag))
            .flat_map(|rows| match gone_last {
                true => [&rows.living, &rows.gone],
                false => [&rows.gone, &rows.living],
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

/// What a reader sees `at` after the emulator's start, if changes reach it after `lag`.
fn seen(changes: &[Change], at: Duration, lag: Duration) -> Option<&SpaceRows> {
    let reached = |(changed, _): &&Change| changed.is_none_or(|changed| changed + lag <= at);
    changes.iter().rev().find(reached).map(|(_, rows)| rows)
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
