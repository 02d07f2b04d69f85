//! The sources that hand out sessions to whoever may reach them: the metadata service of an
//! instance, a credentials URI, and CloudSSO.

mod cloud_sso;
mod credentials_uri;
mod metadata;

use std::time::{Duration, SystemTime};

use super::api::Api;
use super::issuance::Issuance;
use super::keys::{Caller, Identity, Issued, Keys};
use super::reply::Reply;
use super::request::HttpRequest;
use base::secret::Secret;
use metadata::Metadata;

/// All sources, and what they remember.
#[derive(Debug)]
pub(super) struct Sources {
    metadata: Metadata,
    /// The only access token that CloudSSO accepts. Without it any token passes.
    sso_access_token: Option<Secret>,
}

/// What a source answers.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) reply: Reply,
    /// The id of the key that the answer holds, if it holds one.
    pub(super) issued: Option<String>,
    /// The time that the source takes beyond that of any request.
    pub(super) delay: Duration,
}

/// What a source needs beside its own memory to answer a request.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) keys: &'a mut Keys,
    pub(super) issuance: &'a Issuance,
    pub(super) request_id: &'a str,
    pub(super) now: SystemTime,
}

impl Sources {
    pub(super) fn new(sso_access_token: Option<Secret>) -> Self {
        Self {
            metadata: Metadata::default(),
            sso_access_token,
        }
    }

    /// Forgets what is handed out more than once, so that it is issued anew in another way.
    pub(super) fn forget(&mut self) {
        self.metadata.forget();
    }

    /// Answers a request to a source. `None` if the request is addressed to an API.
    pub(super) fn answer(
        &mut self,
        api: Api,
        request: &HttpRequest,
        desk: &mut Desk<'_>,
    ) -> Option<Handed> {
        match api {
            Api::Cams | Api::Sts => None,
            Api::CloudSso => Some(cloud_sso::answer(
                request,
                self.sso_access_token.as_ref(),
                desk,
            )),
            Api::CredentialsUri => Some(credentials_uri::answer(request, desk)),
            Api::Metadata => Some(self.metadata.answer(request, desk)),
        }
    }
}

/// The name that a request to a source has in the journal and in faults. `None` if the request is
/// addressed to an API, whose requests name an action themselves.
pub(super) fn action(api: Api, request: &HttpRequest) -> Option<&'static str> {
    match api {
        Api::Cams | Api::Sts => None,
        Api::CloudSso => Some("GetCloudCredentials"),
        Api::CredentialsUri => Some("GetCredentialsUri"),
        Api::Metadata => Some(metadata::action(request)),
    }
}

impl Desk<'_> {
    /// Starts a session of this role in the account of the emulator.
    fn issue(&mut self, role: &str, session_name: &str) -> Issued {
        let caller = Caller {
            account_id: self.keys.first_account().to_owned(),
            identity: Identity::Role {
                role: role.into(),
                session_name: session_name.into(),
            },
        };
        self.keys.issue(caller, self.issuance, None, self.now)
    }
}

impl Handed {
    /// An answer without credentials, which takes no longer than any other.
    fn only(reply: Reply) -> Self {
        Self {
            reply,
            issued: None,
            delay: Duration::ZERO,
        }
    }
}
