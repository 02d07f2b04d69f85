//! `GetCallerIdentity` of STS: the account and the identity of the caller. As documented, only users
//! have a `UserId`, and only roles a `RoleId`.

use serde_json::json;

use super::operation::{Answer, EmulatedOperation, sts};
use crate::call::{ServiceState, Visit};
use crate::refusal::Rejection;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = sts("GetCallerIdentity", &["AccountId"], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let caller = call.caller.as_ref();
    let caller = caller.ok_or_else(|| Rejection::missing("AccessKeyId"))?;
    let (account, name) = (&caller.account_id, &caller.name);
    let mut answer = match &caller.role {
        None => json!({
            "IdentityType": "RAMUser",
            "PrincipalId": state.generated.digits(&["principal", account, name]),
            "UserId": state.generated.digits(&["user", account, name]),
            "Arn": format!("acs:ram::{account}:user/{name}"),
        }),
        Some(role) => {
            let id = state.keys.role_id(account, role);
            json!({
                "IdentityType": "AssumedRoleUser",
                "PrincipalId": format!("{id}:{name}"),
                "RoleId": id,
                "Arn": format!("acs:ram::{account}:assumed-role/{role}/{name}"),
            })
        }
    };
    answer["AccountId"] = account.as_str().into();
    Ok(fields(answer))
}
