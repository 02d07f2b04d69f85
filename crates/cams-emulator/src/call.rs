//! A call on its way through the emulator, and the state that operations and sources read and
//! change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::fault::FaultKind;
use crate::generated::Generated;
use crate::issuance::Issuance;
use crate::journal::Entry;
use crate::keys::{Caller, IssuedSession, KnownKeys};
use crate::numbers::{Numbers, SpaceNumber};
use crate::refusal::{Rejection, Result, refuse_if};
use crate::reply::AnswerForm;
use crate::request::IncomingRequest;

/// What operations and sources of credentials read and change.
pub(crate) struct ServiceState {
    pub(crate) generated: Generated,
    /// The spaces that were changed. Every other id names one that is owned, bound and approved.
    pub(crate) spaces: HashMap<String, SpaceSettings>,
    pub(crate) numbers: Numbers,
    /// What the list last truly showed, by the space in the request. A stale list shows it again.
    pub(crate) lists: HashMap<Option<String>, Vec<Arc<SpaceNumber>>>,
    pub(crate) issuance: Issuance,
    pub(crate) keys: KnownKeys,
    /// The digests of all tokens that the file of `--oidc-token-file` held when it was read.
    pub(crate) oidc_tokens: HashSet<Vec<u8>>,
    /// The tokens of the metadata service, and when each ends.
    pub(crate) metadata_tokens: HashMap<String, SystemTime>,
    /// The session that the metadata service hands out.
    pub(crate) metadata_session: Option<IssuedSession>,
}

impl ServiceState {
    /// The space with this id.
    pub(crate) fn space(&self, id: &str) -> SpaceSettings {
        let changed = self.spaces.get(id).cloned();
        changed.unwrap_or_else(|| SpaceSettings {
            cust_space_id: id.into(),
            ..SpaceSettings::default()
        })
    }
}

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

/// A call on its way through the emulator.
pub(crate) struct Visit<'a> {
    pub(crate) request: &'a IncomingRequest,
    /// When the call arrived, after the emulator's start.
    pub(crate) at: Duration,
    /// The true date, which no fault changes.
    pub(crate) now: SystemTime,
    /// The date of the server, which a fault may have changed.
    pub(crate) date: SystemTime,
    /// The journal's entry, in which every step notes what it did.
    pub(crate) entry: Entry,
    /// The last fault that struck the call.
    pub(crate) fault: Option<FaultKind>,
    /// Who signed the request, if it has to be signed.
    pub(crate) caller: Option<Caller>,
    /// The form of the service's answer. There is none if an operation was not reached.
    pub(crate) form: Option<AnswerForm>,
}

impl Visit<'_> {
    /// The space that the request has to name. The caller must own it.
    pub(crate) fn required_space(&self, state: &ServiceState) -> Result<SpaceSettings> {
        let space = self.optional_space(state)?;
        space.ok_or_else(|| Rejection::missing("CustSpaceId"))
    }

    /// The space that the request names, if it names one. The caller must own it.
    pub(crate) fn optional_space(&self, state: &ServiceState) -> Result<Option<SpaceSettings>> {
        let id = self.request.parameter("CustSpaceId");
        let space = id.map(|id| state.space(id));
        let is_foreign = space.as_ref().is_some_and(|space| !space.owned);
        let message = "The specified resource does not belong to the current user.";
        refuse_if(is_foreign, 400, "Unknown.ResourceOwnerId", message)?;
        Ok(space)
    }

    /// Starts a session of this role.
    pub(crate) fn issue(
        &mut self,
        state: &mut ServiceState,
        account_id: &str,
        role: &str,
        name: &str,
        requested: Option<Duration>,
    ) -> IssuedSession {
        let caller = Caller {
            account_id: account_id.into(),
            role: Some(role.into()),
            name: name.into(),
        };
        let lifetime = state.issuance.lifetime(requested);
        let session = state.keys.issue(caller, lifetime, self.now);
        self.entry.issued_key_id = Some(session.access_key_id.clone());
        session
    }
}
