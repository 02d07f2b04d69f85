//! The actions of the provider, one file each.

pub(crate) mod send_verification_code;
