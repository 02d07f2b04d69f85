//! The operations of CAMS and STS. Each is one file, which has its name, its parameters, what it
//! does and its answer. An operation is added with that file, its `mod` line and its line in
//! [`ALL`].

mod assume_role;
mod assume_role_with_oidc;
mod create_chatapp_migration_initiate;
mod get_caller_identity;
mod get_chatapp_open_status;
mod get_phone_number_verification_status;
mod query_chatapp_bind_waba;
mod query_chatapp_phone_numbers;
mod role_session;

use std::ops::RangeInclusive;

use crate::behaviour::{PHONE_NUMBER_ERROR, ServiceChoices};
use crate::call::{ServiceState, Visit};
use crate::refusal::Rejection;
use crate::reply::{FieldWriter, fields};
use crate::request::{Addressee, IncomingRequest};

/// An operation of an API.
#[derive(Debug)]
pub(crate) struct EmulatedOperation {
    /// The name in the API, which is the action in RAM too.
    pub(crate) name: &'static str,
    /// The API: CAMS or STS.
    pub(crate) api: Addressee,
    /// Whether requests are signed.
    pub(crate) signed: bool,
    /// Whether the account must have subscribed to the product.
    pub(crate) needs_subscription: bool,
    /// The fields that a client needs, in the answer, in its objects and in its rows. Sparse
    /// answers have no others.
    pub(crate) essential: &'static [&'static str],
    /// Executes the operation, and returns the fields of the answer beside those that all answers
    /// have.
    pub(crate) run: fn(&mut Visit<'_>, &mut ServiceState) -> Result<FieldWriter, Rejection>,
}

const ALL: &[&EmulatedOperation] = &[
    &assume_role::OPERATION,
    &assume_role_with_oidc::OPERATION,
    &create_chatapp_migration_initiate::OPERATION,
    &get_caller_identity::OPERATION,
    &get_chatapp_open_status::OPERATION,
    &get_phone_number_verification_status::OPERATION,
    &query_chatapp_bind_waba::OPERATION,
    &query_chatapp_phone_numbers::OPERATION,
];

/// The operation that the request names, if it is emulated.
pub(crate) fn named(request: &IncomingRequest) -> Option<&'static EmulatedOperation> {
    let mut operations = ALL.iter().copied();
    operations.find(|operation| {
        operation.api == request.target && Some(operation.name) == request.action()
    })
}

/// The operations of CAMS.
pub(crate) fn of_cams() -> impl Iterator<Item = &'static EmulatedOperation> {
    let operations = ALL.iter().copied();
    operations.filter(|operation| operation.api == Addressee::Cams)
}

impl EmulatedOperation {
    /// What most operations of CAMS have in common.
    const CAMS: Self = Self {
        name: "",
        api: Addressee::Cams,
        signed: true,
        needs_subscription: true,
        essential: &[],
        run: |_, _| Ok(Box::new(|_| {})),
    };

    /// What most operations of STS have in common.
    const STS: Self = Self {
        api: Addressee::Sts,
        needs_subscription: false,
        ..Self::CAMS
    };
}

/// Whether the text has only digits, and a number of them within `length`. A phone number with its
/// calling code has at most 15 digits (E.164).
fn is_number(text: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The refusal of a request whose number cannot be a phone number.
fn abnormal(behaviour: &ServiceChoices) -> Rejection {
    let message = "The phone number is abnormal.";
    Rejection::new(behaviour.business_status, PHONE_NUMBER_ERROR, message)
}
