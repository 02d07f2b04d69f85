//! `GetCallerIdentity`: the account and the identity of the caller.

use serde_json::json;

use super::{Call, Fields, Operation, Refusal, State, fields};
use crate::keys::Identity;

pub(super) const OPERATION: Operation = Operation {
    name: "GetCallerIdentity",
    essential: &["AccountId"],
    run,
    ..Operation::STS
};

/// As documented, only users and accounts have a `UserId`, and only roles a `RoleId`.
fn run(call: &mut Call<'_>, state: &mut State) -> Result<Fields, Refusal> {
    let (keys, generated) = (&state.keys, state.generated);
    let caller = call.caller()?;
    let account = &caller.account_id;
    let mut answer = match &caller.identity {
        Identity::Root => json!({
            "IdentityType": "Account",
            "PrincipalId": account,
            "UserId": account,
            "Arn": format!("acs:ram::{account}:root"),
        }),
        Identity::User { name } => json!({
            "IdentityType": "RAMUser",
            "PrincipalId": generated.digits(&["principal", account, name]),
            "UserId": generated.digits(&["user", account, name]),
            "Arn": format!("acs:ram::{account}:user/{name}"),
        }),
        Identity::Role { role, session_name } => {
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
