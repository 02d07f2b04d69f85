//! `GetCallerIdentity`, which tells who calls.

use serde_json::{Map, Value};

use super::{Done, role_id};
use crate::keys::{Caller, Identity, Keys};

/// Tells the account and the identity of the caller. As documented, only users and accounts have a
/// `UserId`, and only roles a `RoleId`.
pub(super) fn tell(caller: &Caller, keys: &Keys) -> Done {
    let account = &caller.account_id;
    let mut fields = Map::new();
    let mut put = |name: &str, value: String| fields.insert(name.into(), Value::String(value));
    put("AccountId", account.clone());
    match &caller.identity {
        Identity::Root => {
            put("IdentityType", "Account".into());
            put("PrincipalId", account.clone());
            put("UserId", account.clone());
            put("Arn", format!("acs:ram::{account}:root"));
        }
        Identity::User { name } => {
            let id = |what| keys.generated().digits(&[what, account, name]);
            put("IdentityType", "RAMUser".into());
            put("PrincipalId", id("principal"));
            put("UserId", id("user"));
            put("Arn", format!("acs:ram::{account}:user/{name}"));
        }
        Identity::Role { role, session_name } => {
            let id = role_id(keys, account, role);
            put("IdentityType", "AssumedRoleUser".into());
            put("PrincipalId", format!("{id}:{session_name}"));
            put("RoleId", id);
            let arn = format!("acs:ram::{account}:assumed-role/{role}/{session_name}");
            put("Arn", arn);
        }
    }
    Done {
        fields,
        issued: None,
    }
}
