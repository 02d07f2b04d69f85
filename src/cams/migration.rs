//! Operations on the migration of a number.

use serde::Deserialize;

use crate::openapi::Body;

use super::phone::PhoneNumber;
use super::{Call, Client, Error, Operation};

/// A migration that has started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The number's id at Meta.
    pub id: String,
    /// Calling code and number.
    pub phone_number: String,
    /// `MIGRATING`.
    pub status: String,
    /// Of the request that started it.
    pub request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    id: Option<String>,
    phone_number: Option<String>,
    status: Option<String>,
}

impl Client {
    /// `CreateChatappMigrationInitiate`: starts moving a number into a space.
    ///
    /// There is no idempotency token, so this sends again only what certainly had no effect. An error that
    /// [is ambiguous](Error::is_ambiguous) leaves open whether the migration has started.
    pub async fn create_chatapp_migration_initiate(
        &self,
        call: &Call,
        cust_space_id: &str,
        number: &PhoneNumber,
    ) -> Result<Migration, Error> {
        let operation = Operation::CREATE_CHATAPP_MIGRATION_INITIATE;
        let parameters = [
            ("CountryCode", number.country_code().as_str()),
            ("CustSpaceId", cust_space_id),
            ("MobileNumber", number.mobile_number()),
        ];
        let body = self
            .send(call, operation, &parameters, &number.masked())
            .await?;
        parse(&body).ok_or_else(|| Self::incomplete(operation, &body))
    }
}

fn parse(body: &Body) -> Option<Migration> {
    let data: Data = body.field("Data").ok()??;
    Some(Migration {
        id: data.id.filter(|id| !id.is_empty())?,
        phone_number: data.phone_number?,
        status: data.status?,
        request_id: body.text(&["RequestId"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Option<Migration> {
        parse(&body.parse().expect("an object"))
    }

    #[test]
    fn an_answer_without_its_data_is_no_migration() {
        let whole = r#"{"RequestId":"R","Data":{"Id":"1","PhoneNumber":"861","Status":"MIGRATING","New":[]}}"#;
        assert_eq!(
            parsed(whole).expect("a migration").request_id.as_deref(),
            Some("R")
        );
        for body in [
            "{}",
            r#"{"Data":null}"#,
            r#"{"Data":"x"}"#,
            r#"{"Data":{"PhoneNumber":"861","Status":"MIGRATING"}}"#,
            r#"{"Data":{"Id":"","PhoneNumber":"861","Status":"MIGRATING"}}"#,
            r#"{"Data":{"Id":7,"PhoneNumber":"861","Status":"MIGRATING"}}"#,
        ] {
            assert_eq!(parsed(body), None, "{body}");
        }
    }
}
