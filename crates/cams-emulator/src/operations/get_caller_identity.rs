//! `GetCallerIdentity`: the account and the identity of the caller.

use serde_json::json;

use super::{EmulatedOperation, FieldWriter, Rejection, ServiceState, Visit, fields};
use crate::keys::CallerKind;

pub(super) const OPERATION: EmulatedOperation = EmulatedOperation {
    name: "GetCallerIdentity",
    essential: &["AccountId"],
    run,
    ..EmulatedOperation::STS
};

/// As documented, only users and accounts have a `UserId`, and only roles a `RoleId`.
fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Result<FieldWriter, Rejection> {
    let (keys, generated) = (&state.keys, state.generated);
    let caller = call.caller()?;
    let account = &caller.account_id;
    let mut answer = match &caller.identity {
        CallerKind::Root => json!({
            "IdentityType": "Account",
            "PrincipalId": account,
            "UserId": account,
            "Arn": format!("acs:ram::{account}:root"),
        }),
        CallerKind::User { name } => json!({
            "IdentityType": "RAMUser",
            "PrincipalId": generated.digits(&["principal", account, name]),
            "UserId": generated.digits(&["user", account, name]),
            "Arn": format!("acs:ram::{account}:user/{name}"),
        }),
        CallerKind::Role { role, session_name } => {
            let id = keys.role_id(account, role);
            json!({
                "IdentityType": "AssumedRoleUser",
                "PrincipalId": format!("{id}:{session_name}"),
                "RoleId": id,
                "Arn": format!("acs:ram::{account}:assumed-role/{role}/{session_name}"),
            })
        }
    };
    answer["AccountId"] = account.as_str().into();
    Ok(fields(answer))
}
