//! Which operations RAM lets the caller use, as far as reading shows it.

use cams::operations::{
    GetChatappOpenStatus, GetPhoneNumberVerificationStatus, QueryChatappBindWaba,
    QueryChatappPhoneNumbers,
};
use cams::{Error, ErrorKind, Inspected, Operation};

use super::super::resources::number_migration::OPERATIONS;
use super::observations::{Answers, Asked};

/// Whether the caller may use an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    Denied,
    Granted,
    /// The operation would change something, so it was not called.
    NotTried,
    /// The question was not asked, or failed before RAM was.
    Unknown,
}

/// The operations that are of interest: those that the provider needs, and two more that only
/// `doctor` calls.
pub(super) fn operations() -> impl Iterator<Item = &'static str> {
    let of_doctor = [GetChatappOpenStatus::ACTION, QueryChatappBindWaba::ACTION];
    OPERATIONS.into_iter().chain(of_doctor)
}

/// Whether the provider itself calls the operation.
pub(super) fn is_needed(operation: &'static str) -> bool {
    OPERATIONS.contains(&operation)
}

/// What the answers show of one operation.
pub(super) fn permission(operation: &'static str, answers: &Answers) -> Permission {
    match operation {
        GetChatappOpenStatus::ACTION => judge(&[shown(&answers.open_status)]),
        QueryChatappBindWaba::ACTION => judge(&[shown(&answers.waba)]),
        QueryChatappPhoneNumbers::ACTION => judge(&[shown(&answers.list)]),
        GetPhoneNumberVerificationStatus::ACTION => judge(&[
            shown(&answers.missing),
            shown(&answers.malformed),
            shown(&answers.known),
        ]),
        _ => Permission::NotTried,
    }
}

/// One answer that proves the permission is enough: the service has then refused the others for
/// reasons of its own, whatever their codes look like.
fn judge(shown: &[Permission]) -> Permission {
    [Permission::Granted, Permission::Denied]
        .into_iter()
        .find(|permission| shown.contains(permission))
        .unwrap_or(Permission::Unknown)
}

fn shown<T>(asked: &Asked<T>) -> Permission {
    match asked {
        Some(Ok(Inspected { .. })) => Permission::Granted,
        Some(Err(error)) => of_error(error),
        None => Permission::Unknown,
    }
}

/// RAM is asked before the service looks at what was asked for. Whether it is asked before the
/// subscription is not documented.
fn of_error(error: &Error) -> Permission {
    match error.kind {
        ErrorKind::AccessDenied => Permission::Denied,
        ErrorKind::Incomplete => Permission::Granted,
        _ if error.refuses_request() => Permission::Granted,
        _ => Permission::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use cams::LookupData;
    use cams::operations::CreateChatappMigrationInitiate;

    use super::super::testing::{answered, refused};
    use super::*;

    #[test]
    fn the_starting_operation_is_never_tried() {
        let operation = CreateChatappMigrationInitiate::ACTION;
        let permission = permission(operation, &Answers::default());
        assert_eq!(permission, Permission::NotTried);
    }

    #[test]
    fn one_answer_that_ram_let_through_proves_the_permission() {
        let lookup = GetPhoneNumberVerificationStatus::ACTION;
        let denied = || refused(ErrorKind::AccessDenied, "Ram.PermissionDeny", 400);
        let invalid = || refused(ErrorKind::InvalidParameter, "InvalidParameter.X", 400);
        let unsubscribed = || refused(ErrorKind::NotSubscribed, "Product.Unsubscript", 400);
        for (missing, malformed, expected) in [
            (None, None, Permission::Unknown),
            (unsubscribed(), unsubscribed(), Permission::Unknown),
            (denied(), denied(), Permission::Denied),
            (denied(), invalid(), Permission::Granted),
            (invalid(), None, Permission::Granted),
            (answered(LookupData::Null), None, Permission::Granted),
        ] {
            let answers = Answers {
                missing,
                malformed,
                ..Answers::default()
            };
            assert_eq!(permission(lookup, &answers), expected, "{answers:?}");
        }
    }
}
