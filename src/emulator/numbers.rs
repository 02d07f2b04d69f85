//! Spaces and their phone numbers, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The status of a number whose migration was started and is not finished.
pub(super) const MIGRATING: &str = "MIGRATING";

/// A phone number in a space, as the control interface shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Number {
    pub(super) cust_space_id: String,
    pub(super) country_code: String,
    pub(super) mobile_number: String,
    /// Country code and number, digits only.
    pub(super) phone_number: String,
    /// The id WhatsApp gives it: fifteen digits that follow from seed, space and number.
    pub(super) id: String,
    pub(super) status: String,
    pub(super) code_verification_status: String,
    pub(super) verified_name: String,
    pub(super) name_status: String,
    pub(super) quality_rating: String,
    pub(super) messaging_limit_tier: String,
}

/// Which number: the body of `DELETE /_emulator/numbers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) cust_space_id: String,
    pub(super) country_code: String,
    pub(super) mobile_number: String,
}

/// A number to put in place: the body of `POST /_emulator/numbers`. What is left out is as in a connected number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Placement {
    cust_space_id: String,
    country_code: String,
    mobile_number: String,
    status: Option<String>,
    code_verification_status: Option<String>,
    verified_name: Option<String>,
    name_status: Option<String>,
    quality_rating: Option<String>,
    messaging_limit_tier: Option<String>,
}

/// What there is to know of a space: the body of `PUT /_emulator/spaces`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Space {
    pub(super) cust_space_id: String,
    /// Whether the caller owns it; `Unknown.ResourceOwnerId` if not.
    #[serde(default = "yes")]
    pub(super) owned: bool,
    /// Whether a WhatsApp Business account is bound to it.
    #[serde(default = "yes")]
    pub(super) bound: bool,
    /// `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`.
    #[serde(default = "approved")]
    pub(super) account_review_status: String,
}

impl Space {
    /// What every space is unless it was changed: owned, bound, approved.
    fn implicit(cust_space_id: &str) -> Self {
        Self {
            cust_space_id: cust_space_id.into(),
            owned: yes(),
            bound: yes(),
            account_review_status: approved(),
        }
    }
}

/// What became of an initiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Initiation {
    /// It was migrating before; nothing changed.
    Already(Arc<Number>),
    /// The space has it, and it is not migrating.
    Exists(Arc<Number>),
    Started(Arc<Number>),
}

/// All spaces and numbers of the account.
#[derive(Debug)]
pub(super) struct Numbers {
    seed: u64,
    spaces: BTreeMap<String, Space>,
    numbers: BTreeMap<(String, String), Arc<Number>>,
}

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            spaces: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// The space: every id names one, which comes to be when it is first asked for.
    pub(super) fn space(&self, cust_space_id: &str) -> Space {
        self.spaces
            .get(cust_space_id)
            .cloned()
            .unwrap_or_else(|| Space::implicit(cust_space_id))
    }

    pub(super) fn set_space(&mut self, space: Space) {
        self.spaces.insert(space.cust_space_id.clone(), space);
    }

    /// Starts a migration. A deleted number may come back this way.
    pub(super) fn initiate(&mut self, key: Key) -> Initiation {
        let at = key.index();
        match self.numbers.get(&at) {
            Some(number) if number.status == MIGRATING => Initiation::Already(number.clone()),
            Some(number) if number.status != "DELETED" => Initiation::Exists(number.clone()),
            _ => {
                let number = Arc::new(Number {
                    status: MIGRATING.into(),
                    code_verification_status: "NOT_VERIFIED".into(),
                    ..self.connected(key)
                });
                self.numbers.insert(at, number.clone());
                Initiation::Started(number)
            }
        }
    }

    /// The number in the space.
    pub(super) fn find(&self, cust_space_id: &str, phone_number: &str) -> Option<&Number> {
        let key = (cust_space_id.to_owned(), phone_number.to_owned());
        self.numbers.get(&key).map(Arc::as_ref)
    }

    /// The numbers of one space, or of all, in the order of space and number.
    pub(super) fn list(&self, cust_space_id: Option<&str>) -> Vec<Arc<Number>> {
        self.numbers
            .values()
            .filter(|number| cust_space_id.is_none_or(|id| id == number.cust_space_id))
            .cloned()
            .collect()
    }

    pub(super) fn place(&mut self, placement: Placement) -> Arc<Number> {
        let key = Key {
            cust_space_id: placement.cust_space_id,
            country_code: placement.country_code,
            mobile_number: placement.mobile_number,
        };
        let at = key.index();
        let mut number = self.connected(key);
        for (field, given) in [
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
        let number = Arc::new(number);
        self.numbers.insert(at, number.clone());
        number
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        self.numbers.remove(&key.index()).is_some()
    }

    /// A number of fifteen digits that follows from the seed and `parts`.
    pub(super) fn generated_id(&self, parts: &[&str]) -> String {
        let mut digest = Sha256::new_with_prefix(self.seed.to_be_bytes());
        for part in parts {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        let number = digest
            .finalize()
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (100_000_000_000_000 + number % 900_000_000_000_000).to_string()
    }

    fn connected(&self, key: Key) -> Number {
        let phone_number = format!("{}{}", key.country_code, key.mobile_number);
        Number {
            id: self.generated_id(&["number", &key.cust_space_id, &phone_number]),
            phone_number,
            cust_space_id: key.cust_space_id,
            country_code: key.country_code,
            mobile_number: key.mobile_number,
            status: "CONNECTED".into(),
            code_verification_status: "VERIFIED".into(),
            verified_name: "Emulated Business".into(),
            name_status: "Approval".into(),
            quality_rating: "GREEN".into(),
            messaging_limit_tier: "TIER_1K".into(),
        }
    }
}

impl Key {
    fn index(&self) -> (String, String) {
        let phone_number = format!("{}{}", self.country_code, self.mobile_number);
        (self.cust_space_id.clone(), phone_number)
    }
}

fn yes() -> bool {
    true
}

fn approved() -> String {
    "APPROVED".into()
}

#[cfg(test)]
mod tests;
