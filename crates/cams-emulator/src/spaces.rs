//! The spaces of the account, and which of them are owned and bound.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A space. It is the body of `PUT /_emulator/spaces`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpaceSettings {
    pub(crate) cust_space_id: String,
    /// Whether the caller owns the space. If not, operations on it are refused with the code
    /// `Unknown.ResourceOwnerId`.
    #[serde(default = "yes")]
    pub(crate) owned: bool,
    /// Whether a WhatsApp Business Account is bound to the space.
    #[serde(default = "yes")]
    pub(crate) bound: bool,
    /// The review of that account: `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`.
    #[serde(default = "approved")]
    pub(crate) account_review_status: String,
}

/// All spaces. Every id names one, which is owned, bound and approved unless it was changed.
#[derive(Debug, Default)]
pub(crate) struct Spaces(BTreeMap<String, SpaceSettings>);

impl Spaces {
    pub(crate) fn get(&self, cust_space_id: &str) -> SpaceSettings {
        let changed = self.0.get(cust_space_id).cloned();
        changed.unwrap_or_else(|| SpaceSettings {
            cust_space_id: cust_space_id.into(),
            owned: true,
            bound: true,
            account_review_status: approved(),
        })
    }

    pub(crate) fn change(&mut self, space: SpaceSettings) {
        self.0.insert(space.cust_space_id.clone(), space);
    }
}

fn yes() -> bool {
    true
}

fn approved() -> String {
    "APPROVED".into()
}
