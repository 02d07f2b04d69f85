//! The operations that RAM has to allow, in the order of the report, and what needs each of them in
//! words that continue "It is needed by".

/// The operations that every configuration needs.
pub(crate) const INDISPENSABLE: [(&str, &str); 3] = [
    (
        "CreateChatappMigrationInitiate",
        "cams_number_migration to start a migration",
    ),
    (
        "QueryChatappPhoneNumbers",
        "all resources, actions, data sources and lists for numbers",
    ),
    (
        "GetPhoneNumberVerificationStatus",
        "all resources and actions for numbers",
    ),
];

/// The operations that a configuration needs only if it uses what is named here.
pub(crate) const OPTIONAL: [(&str, &str); 9] = [
    (
        "GetMigrationVerifyCode",
        "cams_number_verification_code and cams_send_verification_code",
    ),
    (
        "ChatappMigrationVerified",
        "cams_number_registration and cams_number_verification",
    ),
    ("ChatappMigrationRegister", "cams_number_registration"),
    (
        "ChatappSyncPhoneNumber",
        "cams_number_registration, cams_number_verification, cams_number_verification_code, \
         cams_send_verification_code and the data source cams_phone_numbers",
    ),
    ("ChatappPhoneNumberDeregister", "cams_number_registration"),
    ("UpdatePhoneWebhook", "cams_phone_webhook"),
    (
        "QueryChatappBindWaba",
        "the data source cams_waba and doctor",
    ),
    ("ListInstance", "the data source cams_instances"),
    ("GetChatappOpenStatus", "doctor only"),
];

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::resources::{
        number_migration, number_registration, number_verification, number_verification_code,
        phone_webhook,
    };

    use super::*;

    fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
        INDISPENSABLE.into_iter().chain(OPTIONAL)
    }

    #[test]
    fn every_operation_of_the_client_has_one_row() {
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
        let mut named: Vec<_> = rows().map(|(action, _)| action).collect();
        named.sort_unstable();
        assert_eq!(named, called);
    }

    #[test]
    fn a_row_names_the_resources_that_call_its_operation() {
        for (action, needed_by) in rows() {
            for (resource, called) in [
                ("cams_number_migration", number_migration::OPERATIONS),
                ("cams_number_registration", number_registration::OPERATIONS),
                ("cams_number_verification", number_verification::OPERATIONS),
                (
                    "cams_number_verification_code",
                    number_verification_code::OPERATIONS,
                ),
                ("cams_phone_webhook", phone_webhook::OPERATIONS),
            ] {
                let mut words = needed_by.split([' ', ',']);
                let is_named =
                    needed_by.starts_with("all resources") || words.any(|word| word == resource);
                let is_called = called.contains(&action);
                assert_eq!(is_named, is_called, "{action}, {resource}: {needed_by}");
            }
        }
    }
}
