//! The sources that issue sessions without a signed request: the metadata service of an instance, a
//! credentials URI, and CloudSSO.

mod cloud_sso;
mod credentials_uri;
mod metadata;

use crate::call::{Call, State};
use crate::reply::Reply;
use crate::request::{Request, Target};

/// A source of credentials.
#[derive(Debug)]
pub(crate) struct Source {
    target: Target,
    /// The name that a request has in the journal and in faults.
    pub(crate) action: fn(&Request) -> &'static str,
    pub(crate) answer: fn(&mut Call<'_>, &mut State) -> Reply,
}

const ALL: &[&Source] = &[
    &cloud_sso::SOURCE,
    &credentials_uri::SOURCE,
    &metadata::SOURCE,
];

/// The source that a request is addressed to. `None` if it is addressed to an API.
pub(crate) fn of(request: &Request) -> Option<&'static Source> {
    let mut sources = ALL.iter().copied();
    sources.find(|source| source.target == request.target)
}
