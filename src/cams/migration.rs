//! Operations on the migration of a number.

use crate::openapi::Body;

use super::phone::PhoneNumber;
use super::phone_numbers::meta_id;
use super::retry::Class;
use super::{Call, Client, Error, Operation};

/// A migration that has started, with what the answer says of the number.
///
/// The documentation promises all fields of `Data`. The migration has started without them too:
/// `Code: OK` says so, and nothing else does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The number's id at Meta, `Data.Id`.
    pub id: Option<String>,
    /// `Data.Status`, for which only `MIGRATING` is documented.
    pub status: Option<String>,
    /// The id of the request that started the migration.
    pub request_id: Option<String>,
}

impl Client {
    /// `CreateChatappMigrationInitiate`: starts moving a number into a space.
    ///
    /// There is no idempotency token, so only a request that certainly had no effect is sent again.
    /// An error that [is ambiguous](Error::is_ambiguous) leaves open whether the migration has
    /// started. So does an answer that is about another number: perhaps it answers another request,
    /// and nobody knows what became of this one.
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
        let data = data(&body);
        Self::check_number(operation, &body, &data, number, Class::Ambiguous)?;
        Ok(started(&body, &data))
    }
}

fn data(body: &Body) -> Body {
    let data = body.object("Data", &["Id", "PhoneNumber", "Status"]);
    data.unwrap_or_default()
}

fn started(body: &Body, data: &Body) -> Migration {
    Migration {
        id: meta_id(data.text(&["Id"])),
        status: data.text(&["Status"]),
        request_id: body.text(&["RequestId"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str) -> Migration {
        let body = body.parse().expect("an object");
        started(&body, &data(&body))
    }

    #[test]
    fn every_field_of_a_whole_answer_is_read_as_text_or_number() {
        for data in [
            r#"{"Id":"1","PhoneNumber":"861","Status":"MIGRATING","New":[]}"#,
            r#"{"Id":1,"PhoneNumber":861,"Status":"MIGRATING"}"#,
        ] {
            let migration = answered(&format!(r#"{{"RequestId":"R","Data":{data}}}"#));
            assert_eq!(migration.id.as_deref(), Some("1"), "{data}");
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
