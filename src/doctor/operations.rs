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
        "all resources, data sources and lists for numbers",
    ),
    (
        "GetPhoneNumberVerificationStatus",
        "all resources for numbers",
    ),
];

/// The operations that a configuration needs only if it uses what is named here.
pub(crate) const OPTIONAL: [(&str, &str); 9] = [
    (
        "GetMigrationVerifyCode",
        "cams_number_verification_code and cams_send_verification_code",
    ),
    ("ChatappMigrationVerified", "cams_number_verification"),
    ("ChatappMigrationRegister", "cams_number_registration"),
    (
        "ChatappSyncPhoneNumber",
        "cams_number_registration and the data source cams_phone_numbers",
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
