//! The sources that issue sessions without a signed request: the metadata service of an instance, a
//! credentials URI, and CloudSSO.

mod cloud_sso;
mod credentials_uri;
mod metadata;

use crate::call::{ServiceState, Visit};
use crate::reply::LazyReply;
use crate::request::{Addressee, IncomingRequest};

/// A source of credentials.
#[derive(Debug)]
pub(crate) struct EmulatedSource {
    target: Addressee,
    /// The name that a request has in the journal and in faults.
    pub(crate) action: fn(&IncomingRequest) -> &'static str,
    pub(crate) answer: fn(&mut Visit<'_>, &mut ServiceState) -> LazyReply,
}

const ALL: &[&EmulatedSource] = &[
    &cloud_sso::SOURCE,
    &credentials_uri::SOURCE,
    &metadata::SOURCE,
];

/// The source that a request is addressed to. `None` if it is addressed to an API.
pub(crate) fn of(request: &IncomingRequest) -> Option<&'static EmulatedSource> {
    let mut sources = ALL.iter().copied();
    sources.find(|source| source.target == request.target)
}
