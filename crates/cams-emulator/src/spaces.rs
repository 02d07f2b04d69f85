//! The settings of a space of the account.

use serde::Deserialize;

/// A space. It is the body of `PUT /_emulator/spaces`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SpaceSettings {
    pub(crate) cust_space_id: String,
    /// Whether the caller owns the space. If not, operations on it are refused with the code
    /// `Unknown.ResourceOwnerId`.
    pub(crate) owned: bool,
    /// Whether a WhatsApp Business Account is bound to the space.
    pub(crate) bound: bool,
    /// The review of that account: `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`.
    pub(crate) account_review_status: String,
    /// The name and the channel under which `ListInstance` lists the space.
    pub(crate) instance_name: String,
    pub(crate) channel_type: String,
}

impl Default for SpaceSettings {
    fn default() -> Self {
        Self {
            cust_space_id: String::new(),
            owned: true,
            bound: true,
            account_review_status: "APPROVED".into(),
            instance_name: "Emulated space".into(),
            channel_type: "whatsapp".into(),
        }
    }
}
