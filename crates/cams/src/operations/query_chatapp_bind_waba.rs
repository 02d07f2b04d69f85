//! `QueryChatappBindWaba`: which WhatsApp Business Account (WABA) is bound to a space.
//!
//! Page "QueryChatappBindWaba" of the CAMS API reference.

use serde::Deserialize;

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields;

use crate::api::CAMS;

/// The call.
#[derive(Clone, Debug)]
pub struct QueryChatappBindWaba {
    /// The space.
    pub cust_space_id: String,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BoundWaba {
    /// The account that is bound to the space.
    #[serde(deserialize_with = "fields::object")]
    pub data: Waba,
}

/// `Data` of the answer. The map `AuthInternationalRateEligibility` is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Waba {
    /// `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`.
    #[serde(deserialize_with = "fields::text")]
    pub account_review_status: Option<String>,
    /// The id of the business at Meta.
    #[serde(deserialize_with = "fields::text")]
    pub business_id: Option<String>,
    /// The name of the business.
    #[serde(deserialize_with = "fields::text")]
    pub business_name: Option<String>,
    /// The currency of the account, such as `USD`.
    #[serde(deserialize_with = "fields::text")]
    pub currency: Option<String>,
    /// The id of the account.
    #[serde(deserialize_with = "fields::text")]
    pub id: Option<String>,
    /// Whether the WhatsApp Business app uses the account too: `Y` or `N`.
    #[serde(deserialize_with = "fields::text")]
    pub is_on_biz_app: Option<String>,
    /// Whether the account takes part in Marketing Messages Lite.
    #[serde(deserialize_with = "fields::text")]
    pub marketing_message_lite_status: Option<String>,
    /// The namespace of the message templates.
    #[serde(deserialize_with = "fields::text")]
    pub message_template_namespace: Option<String>,
    /// The name of the account.
    #[serde(deserialize_with = "fields::text")]
    pub name: Option<String>,
    /// The location of the business, as Meta writes it.
    #[serde(deserialize_with = "fields::text")]
    pub primary_business_location: Option<String>,
}

impl Operation for QueryChatappBindWaba {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "QueryChatappBindWaba";
    const READS: bool = true;

    type Answer = BoundWaba;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("CustSpaceId", self.cust_space_id.clone())]
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    fn answered(json: &str) -> Waba {
        let call = QueryChatappBindWaba {
            cust_space_id: "cams-1".into(),
        };
        answer(&call, json).expect("every answer will do").data
    }

    #[test]
    fn whole_sparse_and_odd_answers_are_read() {
        let text = |text: &str| Some(text.to_owned());
        let whole = answered(
            r#"{"Data":{"AccountReviewStatus":"APPROVED","BusinessId":5,"BusinessName":"B",
                "AuthInternationalRateEligibility":{"X":1},"Currency":"USD","Id":"7",
                "IsOnBizApp":"N","MarketingMessageLiteStatus":"Y",
                "MessageTemplateNamespace":"n-s","Name":"N","PrimaryBusinessLocation":"L"}}"#,
        );
        let expected = Waba {
            account_review_status: text("APPROVED"),
            business_id: text("5"),
            business_name: text("B"),
            currency: text("USD"),
            id: text("7"),
            is_on_biz_app: text("N"),
            marketing_message_lite_status: text("Y"),
            message_template_namespace: text("n-s"),
            name: text("N"),
            primary_business_location: text("L"),
        };
        assert_eq!(whole, expected);
        let sparse = answered(r#"{"Data":{"AccountReviewStatus":"PENDING","Name":"None"}}"#);
        let expected = Waba {
            account_review_status: text("PENDING"),
            ..Waba::default()
        };
        assert_eq!(sparse, expected);
        for odd in [
            r#"{"Data":null}"#,
            r#"{"Data":[1]}"#,
            r#"{"Data":{"Id":{}}}"#,
            "{}",
        ] {
            assert_eq!(answered(odd), Waba::default(), "{odd}");
        }
    }
}
