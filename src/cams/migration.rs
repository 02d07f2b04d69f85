//! Operations on the migration of a number.

use serde::Deserialize;

use crate::openapi::Body;
use crate::openapi::lenient::text_field;

use super::phone::PhoneNumber;
use super::phone_numbers::{filled, meta_id};
use super::{Call, Client, Error, Operation};

/// A migration that has started, with what the answer says of the number.
///
/// The documentation promises all three fields of `Data`. The migration has started without them too: `Code: OK` says
/// so, and nothing else does.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Migration {
    /// The number's id at Meta, `Data.Id`.
    #[serde(deserialize_with = "text_field")]
    pub id: Option<String>,
    /// Country code and number, `Data.PhoneNumber`, as the service writes them.
    #[serde(deserialize_with = "text_field")]
    pub phone_number: Option<String>,
    /// `Data.Status`, for which only `MIGRATING` is documented.
    #[serde(deserialize_with = "text_field")]
    pub status: Option<String>,
    /// The id of the request that started the migration.
    #[serde(skip)]
    pub request_id: Option<String>,
}

impl Client {
    /// `CreateChatappMigrationInitiate`: starts moving a number into a space.
    ///
    /// There is no idempotency token, so only a request that certainly had no effect is sent again. An error that
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
        Ok(started(&body))
    }
}

fn started(body: &Body) -> Migration {
    let data: Option<Migration> = body.object("Data");
    let data = data.unwrap_or_default();
    Migration {
        id: meta_id(data.id),
        phone_number: filled(data.phone_number),
        status: filled(data.status),
        request_id: body.text(&["RequestId"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str) -> Migration {
        started(&body.parse().expect("an object"))
    }

    #[test]
    fn every_field_of_a_whole_answer_is_read_as_text_or_number() {
        for data in [
            r#"{"Id":"1","PhoneNumber":"861","Status":"MIGRATING","New":[]}"#,
            r#"{"Id":1,"PhoneNumber":861,"Status":"MIGRATING"}"#,
        ] {
            let migration = answered(&format!(r#"{{"RequestId":"R","Data":{data}}}"#));
            assert_eq!(migration.id.as_deref(), Some("1"), "{data}");
            assert_eq!(migration.phone_number.as_deref(), Some("861"), "{data}");
            assert_eq!(migration.status.as_deref(), Some("MIGRATING"), "{data}");
            assert_eq!(migration.request_id.as_deref(), Some("R"), "{data}");
        }
    }

    #[test]
    fn a_success_without_its_data_is_a_migration_all_the_same() {
        for body in [
            "{}",
            r#"{"Data":null}"#,
            r#"{"Data":"x"}"#,
            r#"{"Data":[]}"#,
            r#"{"Data":{"Id":"","PhoneNumber":null,"Status":{}}}"#,
        ] {
            assert_eq!(answered(body), Migration::default(), "{body}");
        }
    }
}
