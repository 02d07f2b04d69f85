//! The operations of CAMS and STS, one file each. To add one, write a file with its `OPERATION`, and
//! name the file here twice: its `mod` line and its line in [`ALL`].

mod assume_role;
mod assume_role_with_oidc;
mod chatapp_migration_register;
mod chatapp_migration_verified;
mod chatapp_phone_number_deregister;
mod chatapp_sync_phone_number;
mod create_chatapp_migration_initiate;
mod get_caller_identity;
mod get_chatapp_open_status;
mod get_migration_verify_code;
mod get_phone_number_verification_status;
mod list_instance;
mod operation;
mod query_chatapp_bind_waba;
mod query_chatapp_phone_numbers;
mod update_phone_webhook;

use crate::request::{Addressee, IncomingRequest};
pub(crate) use operation::EmulatedOperation;

const ALL: &[EmulatedOperation] = &[
    assume_role::OPERATION,
    assume_role_with_oidc::OPERATION,
    chatapp_migration_register::OPERATION,
    chatapp_migration_verified::OPERATION,
    chatapp_phone_number_deregister::OPERATION,
    chatapp_sync_phone_number::OPERATION,
    create_chatapp_migration_initiate::OPERATION,
    get_caller_identity::OPERATION,
    get_chatapp_open_status::OPERATION,
    get_migration_verify_code::OPERATION,
    get_phone_number_verification_status::OPERATION,
    list_instance::OPERATION,
    query_chatapp_bind_waba::OPERATION,
    query_chatapp_phone_numbers::OPERATION,
    update_phone_webhook::OPERATION,
];

/// The operation that the request names, if it is emulated.
pub(crate) fn named(request: &IncomingRequest) -> Option<&'static EmulatedOperation> {
    ALL.iter().find(|operation| {
        operation.api == request.target && Some(operation.name) == request.action()
    })
}

/// The names of the operations of CAMS.
pub(crate) fn of_cams() -> impl Iterator<Item = &'static str> {
    let is_of_cams = |operation: &&EmulatedOperation| operation.api == Addressee::Cams;
    let of_cams = ALL.iter().filter(is_of_cams);
    of_cams.map(|operation| operation.name)
}
