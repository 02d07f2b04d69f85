//! Operations on the migration of a number.

use alibaba_cloud::openapi::Body;

use super::phone::PhoneNumber;
use super::phone_numbers::is_of_another;
use super::{Call, Client, Error, Operation};

/// A migration that has started, with what the answer says of the number.
///
/// The documentation promises all fields of `Data`. The migration has started without them too:
/// `Code: OK` says so, and nothing else does. A `Data` that is about another number is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The number's id at Meta, `Data.Id`.
    pub id: Option<String>,
    /// `Data.Status`, for which only `MIGRATING` is documented.
    pub status: Option<String>,
    /// The id of the request that started the migration.
    pub request_id: Option<String>,
    /// Whether `Data` is about another number.
    pub names_another: bool,
}

impl Client {
    /// `CreateChatappMigrationInitiate`: starts moving a number into a space.
    ///
    /// There is no idempotency token, so only a request that certainly had no effect is sent again.
    /// An error that [is ambiguous](Error::is_ambiguous) leaves open whether the migration has
    /// started.
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
        Ok(started(&body, number))
    }
}

fn started(body: &Body, number: &PhoneNumber) -> Migration {
    let data = body.object("Data", &["Id", "PhoneNumber", "Status"]);
    let data = data.unwrap_or_default();
    let names_another = is_of_another(&data, number);
    let own = Some(&data).filter(|_| !names_another);
    Migration {
        id: own.and_then(|data| data.digits("Id")),
        status: own.and_then(|data| data.text(&["Status"])),
        request_id: body.text(&["RequestId"]),
        names_another,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str) -> Migration {
        let number = PhoneNumber::parse("86", "13900001234").expect("a number");
        started(&body.parse().expect("an object"), &number)
    }

    #[test]
    fn every_field_of_a_whole_answer_is_read_as_text_or_number() {
        for data in [
            r#"{"Id":"1","PhoneNumber":"8613900001234","Status":"MIGRATING","New":[]}"#,
            r#"{"Id":1,"PhoneNumber":8613900001234,"Status":"MIGRATING"}"#,
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
            r#"{"Data":{"Id":"None","PhoneNumber":"None","Status":"None"}}"#,
        ] {
            assert_eq!(answered(body), Migration::default(), "{body}");
        }
    }

    #[test]
    fn data_about_another_number_is_left_out() {
        let data = r#"{"Id":"1","PhoneNumber":"8613900009999","Status":"BANNED"}"#;
        let migration = answered(&format!(r#"{{"RequestId":"R","Data":{data}}}"#));
        let expected = Migration {
            request_id: Some("R".to_owned()),
            names_another: true,
            ..Migration::default()
        };
        assert_eq!(migration, expected);
    }
}
