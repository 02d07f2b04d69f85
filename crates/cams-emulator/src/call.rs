//! A call in the hands of the service: its request, the state that it reads and changes, and its
//! entry in the journal.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base::secret::Secret;

use crate::behaviour::Behaviour;
use crate::generated::Generated;
use crate::issuance::Issuance;
use crate::journal::Entry;
use crate::keys::{Caller, Identity, Keys, Session};
use crate::numbers::{Number, Numbers};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::spaces::{Space, Spaces};

/// What operations and sources of credentials read and change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) behaviour: Behaviour,
    pub(crate) generated: Generated,
    pub(crate) spaces: Spaces,
    pub(crate) numbers: Numbers,
    /// What the list last truly showed, by the space in the request. A stale list shows it again.
    pub(crate) lists: HashMap<Option<String>, Vec<Arc<Number>>>,
    pub(crate) issuance: Issuance,
    pub(crate) keys: Keys,
    /// The digests of all tokens that the file of `--oidc-token-file` held when it was read.
    pub(crate) oidc_tokens: HashSet<Vec<u8>>,
    /// The tokens of the metadata service, and when each ends.
    pub(crate) metadata_tokens: HashMap<String, SystemTime>,
    /// The session that the metadata service hands out.
    pub(crate) metadata_session: Option<Session>,
    /// The only access token that CloudSSO accepts. Without it any token is accepted.
    pub(crate) sso_access_token: Option<Secret>,
}

/// A call that is executed.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    pub(crate) state: &'a mut State,
    /// The journal's entry, in which an operation notes what it did.
    pub(crate) entry: &'a mut Entry,
    /// Who signed the request, if it has to be signed.
    pub(crate) caller: Option<Caller>,
    /// Whether a fault makes the list stale.
    pub(crate) stale_list: bool,
    /// When the call arrived, after the emulator's start.
    pub(crate) at: Duration,
    /// The true date, which no fault changes.
    pub(crate) now: SystemTime,
}

impl Call<'_> {
    /// The space that the request has to name. The caller must own it.
    pub(crate) fn required_space(&self) -> Result<Space, Refusal> {
        let space = self.optional_space()?;
        space.ok_or_else(|| Refusal::missing("CustSpaceId"))
    }

    /// The space that the request names, if it names one. The caller must own it.
    pub(crate) fn optional_space(&self) -> Result<Option<Space>, Refusal> {
        let id = self.request.parameter("CustSpaceId");
        let space = id.map(|id| self.state.spaces.get(id));
        if space.as_ref().is_some_and(|space| !space.owned) {
            let message = "The specified resource does not belong to the current user.";
            return Err(Refusal::new(400, "Unknown.ResourceOwnerId", message));
        }
        Ok(space)
    }

    /// Who signed the request.
    pub(crate) fn caller(&self) -> Result<&Caller, Refusal> {
        let caller = self.caller.as_ref();
        caller.ok_or_else(|| Refusal::missing("AccessKeyId"))
    }

    /// Starts a session of this role.
    pub(crate) fn issue(
        &mut self,
        account_id: String,
        role: &str,
        session_name: &str,
        requested: Option<Duration>,
    ) -> Session {
        let identity = Identity::Role {
            role: role.into(),
            session_name: session_name.into(),
        };
        let caller = Caller {
            account_id,
            identity,
        };
        let State { keys, issuance, .. } = self.state;
        let session = keys.issue(caller, issuance, requested, self.now);
        self.entry.issued_key_id = Some(session.access_key_id.clone());
        session
    }
}
