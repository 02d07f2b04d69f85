//! The phone numbers of the account, and what list and lookup show of them.

mod record;
mod steps;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::behaviour::{DeletedRows, ListSource, OnRepeat, PENDING, ServiceChoices};
use crate::generated::Generated;
use crate::number_form::NumberForm;
pub(crate) use record::SpaceNumber;
use record::{NumberChange, NumberRecord, SpaceRows};
pub(crate) use steps::{KnownNumber, deregister, register, send_code, verify};

/// The status of a number whose migration was started and is not finished.
pub(crate) const MIGRATING: &str = "MIGRATING";

/// The `CodeVerificationStatus` of a number that was proven.
pub(crate) const VERIFIED: &str = "VERIFIED";
const NOT_VERIFIED: &str = "NOT_VERIFIED";

/// The `NameStatus` of a name that is not through its review.
const IN_REVIEW: &str = "Pending_Review";

/// The status of the row of a number that was deleted.
const DELETED: &str = "DELETED";

/// The statuses of rows whose number is no longer in the space, because it was deleted or moved
/// away.
const GONE: [&str; 2] = [DELETED, "MIGRATED"];

/// The other statuses of numbers that are not registered.
const UNREGISTERED: [&str; 4] = [MIGRATING, PENDING, "UNVERIFIED", "DISCONNECTED"];

/// What identifies a number. It is the body of `DELETE /_emulator/numbers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) cust_space_id: String,
    pub(crate) country_code: String,
    pub(crate) mobile_number: String,
}

/// What identifies a record: the space, and the phone number in WhatsApp's form.
type Id = (String, String);

/// All phone numbers of the account.
pub(crate) struct Numbers {
    generated: Generated,
    pub(crate) behaviour: ServiceChoices,
    /// How many initiations gave a number another id, so that each id is a new one.
    new_ids: u64,
    records: BTreeMap<Id, NumberRecord>,
}

impl Numbers {
    pub(crate) fn new(generated: Generated, behaviour: ServiceChoices) -> Self {
        Self {
            generated,
            behaviour,
            new_ids: 0,
            records: BTreeMap::new(),
        }
    }

    /// Starts a migration, and returns the number, or `None` if the space has it already. It is
    /// decided by what is true at that moment, even where list and lookup lag behind.
    pub(crate) fn initiate(&mut self, key: &Key, at: Duration) -> Option<Arc<SpaceNumber>> {
        let mut number = SpaceNumber {
            status: MIGRATING.into(),
            registered: false,
            ..self.connected(key)
        };
        if !self.behaviour.arrives_verified {
            number.code_verification_status = NOT_VERIFIED.into();
        }
        if self.behaviour.name_in_review {
            number.name_status = IN_REVIEW.into();
        }
        if let Some(living) = self.living(key, at) {
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
        Some(self.put(number, at, false))
    }

    /// How many numbers the space has beside this one.
    pub(crate) fn others(&self, key: &Key, at: Duration) -> usize {
        let id = key.id();
        let records = self.records.iter();
        let others = records.filter(|(other, _)| other.0 == id.0 && **other != id);
        let living = others.filter_map(|(_, record)| record.truth(at).living);
        living.count()
    }

    /// The number as the lookup shows it, `at` after the emulator's start, if it knows the number
    /// in this form.
    pub(crate) fn find(
        &self,
        cust_space_id: &str,
        phone_number: &str,
        at: Duration,
    ) -> Option<Arc<SpaceNumber>> {
        let record = self.records.get(&id(cust_space_id, phone_number))?;
        let rows = record.seen(at, self.behaviour.lookup_lag.0, false);
        let mut rows = [rows.living, rows.gone].into_iter().flatten();
        let known = rows.find(|number| number.lookup);
        known.filter(|number| self.behaviour.accepts(phone_number, &number.phone_number))
    }

    /// The rows that the list shows for one space, or for all of them, `at` after the emulator's
    /// start. They are in the order of space and number. Of a number that was gone and is there
    /// again, an even seed puts the old row last, and an odd one puts it first.
    pub(crate) fn list(&self, cust_space_id: Option<&str>, at: Duration) -> Vec<Arc<SpaceNumber>> {
        let from_copy = self.behaviour.list_follows == ListSource::Sync;
        self.rows(cust_space_id, at, self.behaviour.list_lag.0, from_copy)
    }

    /// Brings what happened at Meta into the copy of a space that the list shows, and returns its
    /// rows.
    pub(crate) fn sync(&mut self, cust_space_id: &str, at: Duration) -> Vec<Arc<SpaceNumber>> {
        let lag = self.behaviour.sync_lag.0;
        let records = self.records.iter_mut();
        for (_, record) in records.filter(|((space, _), _)| space == cust_space_id) {
            let changes = record.changes.iter_mut();
            for change in changes.filter(|change| change.is_over(at, lag)) {
                change.is_unsynced = false;
            }
        }
        self.rows(Some(cust_space_id), at, Duration::ZERO, true)
    }

    /// The rows of all spaces as they truly are.
    pub(crate) fn all(&self, at: Duration) -> Vec<Arc<SpaceNumber>> {
        self.rows(None, at, Duration::ZERO, false)
    }

    /// Places a number, which list and lookup show at once. The fields that are not given are those
    /// of a connected number. The lookup knows the number unless its status says that it is gone.
    pub(crate) fn place(
        &mut self,
        mut given: Map<String, Value>,
        at: Duration,
    ) -> Result<Arc<SpaceNumber>, serde_json::Error> {
        given.retain(|_, value| !value.is_null());
        let key = ["cust_space_id", "country_code", "mobile_number"];
        let key = key.iter().filter_map(|name| given.get_key_value(*name));
        let key = key.map(|(name, value)| (name.clone(), value.clone()));
        let key = Key::deserialize(key.collect::<Value>())?;
        let usual = self.connected(&key);
        let status = given.get("status").and_then(Value::as_str);
        let status = status.unwrap_or(&usual.status);
        let is_gone = GONE.contains(&status);
        let mut fields = json!(usual);
        fields["lookup"] = (!is_gone).into();
        if status == MIGRATING {
            fields["code_verification_status"] = NOT_VERIFIED.into();
        }
        fields["registered"] = (!is_gone && !UNREGISTERED.contains(&status)).into();
        for (name, value) in given {
            fields[name] = value;
        }
        let number = SpaceNumber {
            phone_number: usual.phone_number,
            ..SpaceNumber::deserialize(fields)?
        };
        Ok(self.put(number, at, true))
    }

    /// Deletes a number. Returns whether the space had it.
    pub(crate) fn remove(&mut self, key: &Key, at: Duration) -> bool {
        let Some(living) = self.living(key, at) else {
            return false;
        };
        let deleted = SpaceNumber {
            status: DELETED.into(),
            lookup: false,
            registered: false,
            ..SpaceNumber::clone(&living)
        };
        self.put(deleted, at, false);
        true
    }

    /// The number that the space has at this time, whatever readers see.
    fn living(&self, key: &Key, at: Duration) -> Option<Arc<SpaceNumber>> {
        self.records.get(&key.id())?.truth(at).living
    }

    /// Replaces what the space has of the number. What was still to come does not happen. Readers
    /// see a number that is placed at once, and its row stays even if deleted rows are dropped.
    fn put(&mut self, number: SpaceNumber, at: Duration, is_placed: bool) -> Arc<SpaceNumber> {
        let keeps_gone = self.behaviour.deleted_rows == DeletedRows::Keep;
        let id = id(&number.cust_space_id, &number.phone_number);
        let record = self.records.entry(id).or_default();
        let number = Arc::new(number);
        let row = Some(number.clone());
        let rows = match GONE.contains(&&*number.status) {
            true => SpaceRows {
                living: None,
                gone: row.filter(|_| keeps_gone || is_placed),
            },
            false => SpaceRows {
                living: row,
                gone: record.truth(at).gone.filter(|_| keeps_gone),
            },
        };
        let changes = &mut record.changes;
        changes.retain(|change| !is_placed && change.is_over(at, Duration::ZERO));
        changes.push(NumberChange {
            at: (!is_placed).then_some(at),
            is_unsynced: false,
            effect: Box::new(move |shown| *shown = rows.clone()),
        });
        number
    }

    /// The rows of one space, or of all, as a reader with this lag sees them.
    fn rows(
        &self,
        cust_space_id: Option<&str>,
        at: Duration,
        lag: Duration,
        from_copy: bool,
    ) -> Vec<Arc<SpaceNumber>> {
        let gone_last = self.generated.seed.is_multiple_of(2);
        let records = self.records.iter();
        records
            .filter(|((space, _), _)| cust_space_id.is_none_or(|id| id == space))
            .map(|(_, record)| record.seen(at, lag, from_copy))
            .flat_map(|rows| match gone_last {
                true => [rows.living, rows.gone],
                false => [rows.gone, rows.living],
            })
            .flatten()
            .collect()
    }

    /// A number that is connected and has all its other fields as they usually are.
    fn connected(&self, key: &Key) -> SpaceNumber {
        let (space, number) = key.id();
        SpaceNumber {
            id: self.generated.digits(&["number", &space, &number]),
            phone_number: self.behaviour.number_form.of(&number),
            cust_space_id: key.cust_space_id.clone(),
            country_code: key.country_code.clone(),
            mobile_number: key.mobile_number.clone(),
            status: "CONNECTED".into(),
            code_verification_status: VERIFIED.into(),
            verified_name: "Emulated Business".into(),
            name_status: "Approval".into(),
            new_name_status: String::new(),
            quality_rating: "GREEN".into(),
            messaging_limit_tier: "TIER_1K".into(),
            is_official: "N".into(),
            http_flag: "N".into(),
            queue_flag: "N".into(),
            up_callback_url: String::new(),
            status_callback_url: String::new(),
            registered: true,
            lookup: true,
        }
    }
}

impl Key {
    fn id(&self) -> Id {
        let phone_number = format!("{}{}", self.country_code, self.mobile_number);
        id(&self.cust_space_id, &phone_number)
    }
}

fn id(cust_space_id: &str, phone_number: &str) -> Id {
    (cust_space_id.into(), NumberForm::Whatsapp.of(phone_number))
}

#[cfg(test)]
mod tests;
