//! The operations that RAM has to allow, and what calls each of them.

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

/// All operations in the order of the report, each with what calls it.
pub(crate) fn operations() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut operations: Vec<_> = CORE.iter().map(|action| (*action, Vec::new())).collect();
    for (caller, called) in callers() {
        for action in called {
            match operations.iter_mut().find(|(known, _)| *known == action) {
                Some((_, callers)) if callers.contains(&caller) => {}
                Some((_, callers)) => callers.push(caller),
                None => operations.push((action, vec![caller])),
            }
        }
    }
    operations
}

/// What calls operations, and which.
fn callers() -> Vec<(&'static str, Vec<&'static str>)> {
    let codes = number_verification_code::OPERATIONS.to_vec();
    let mut callers = vec![
        (
            "cams_number_migration",
            number_migration::OPERATIONS.to_vec(),
        ),
        ("cams_number_verification_code", codes.clone()),
        ("cams_send_verification_code", codes),
        (
            "cams_number_verification",
            number_verification::OPERATIONS.to_vec(),
        ),
        (
            "cams_number_registration",
            number_registration::OPERATIONS.to_vec(),
        ),
        ("cams_phone_webhook", phone_webhook::OPERATIONS.to_vec()),
    ];
    let of_data_sources = data_sources::CALLERS.iter();
    callers.extend(of_data_sources.map(|(caller, called)| (*caller, called.to_vec())));
    callers.extend([
        ("all list resources", vec![QueryChatappPhoneNumbers::ACTION]),
        (
            "doctor",
            Probe::ALL.iter().map(|probe| probe.action()).collect(),
        ),
    ]);
    callers
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
