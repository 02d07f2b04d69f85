//! The operations that RAM has to allow, and what calls each of them.

use std::iter;

use cams::Operation;
use cams::operations::{
    CreateChatappMigrationInitiate, GetPhoneNumberVerificationStatus, QueryChatappPhoneNumbers,
};

use crate::data_sources;
use crate::resources::{
    number_migration, number_registration, number_verification, number_verification_code,
    phone_webhook,
};

use super::answers::Probe;

/// The operations that move numbers and find them. If RAM denies one, the report shows a problem,
/// although some resources continue with a warning without one of the two that read.
pub(crate) const CORE: &[&str] = &[
    CreateChatappMigrationInitiate::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

/// The resources and the action, each with the operations that it calls.
const CALLERS: &[(&str, &[&str])] = &[
    ("cams_number_migration", number_migration::OPERATIONS),
    (
        "cams_number_verification_code",
        number_verification_code::OPERATIONS,
    ),
    (
        "cams_send_verification_code",
        number_verification_code::OPERATIONS,
    ),
    ("cams_number_verification", number_verification::OPERATIONS),
    ("cams_number_registration", number_registration::OPERATIONS),
    ("cams_phone_webhook", phone_webhook::OPERATIONS),
];

/// All operations in the order of the report, each with what calls it.
pub(crate) fn operations() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut operations: Vec<_> = CORE.iter().map(|action| (*action, Vec::new())).collect();
    for (caller, action) in calls() {
        match operations.iter_mut().find(|(known, _)| *known == action) {
            Some((_, callers)) if callers.contains(&caller) => {}
            Some((_, callers)) => callers.push(caller),
            None => operations.push((action, vec![caller])),
        }
    }
    operations
}

/// What calls an operation, and which.
fn calls() -> impl Iterator<Item = (&'static str, &'static str)> {
    let objects = CALLERS.iter().chain(data_sources::CALLERS);
    let of_objects =
        objects.flat_map(|(caller, called)| called.iter().map(|action| (*caller, *action)));
    let of_lists = iter::once(("all list resources", QueryChatappPhoneNumbers::ACTION));
    let of_doctor = Probe::ALL.iter().map(|probe| ("doctor", probe.action()));
    of_objects.chain(of_lists).chain(of_doctor)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_operation_of_the_client_has_a_caller() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cams/src/operations");
        let files = fs::read_dir(folder).expect("a folder");
        let sources = files.map(|file| fs::read_to_string(file.expect("a file").path()));
        let mut called: Vec<String> = sources
            .filter_map(|source| {
                let source = source.expect("a source");
                let (_, name) = source.split_once("const ACTION: &'static str = \"")?;
                Some(name.split_once('"')?.0.to_owned())
            })
            .collect();
        called.sort_unstable();
        let operations = operations();
        let mut named: Vec<_> = operations.iter().map(|(action, _)| *action).collect();
        named.sort_unstable();
        assert_eq!(named, called);
        for (action, callers) in &operations {
            assert!(!callers.is_empty(), "{action}");
        }
    }
}
