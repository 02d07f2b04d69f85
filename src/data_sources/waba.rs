//! `cams_waba`: the WhatsApp Business Account (WABA) that is bound to a space.

use cams::operations::{QueryChatappBindWaba, Waba as BoundWaba};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::model;

use crate::Cams;
use crate::reader::{self, Reader};

/// The data source `cams_waba`.
pub(crate) struct Waba;

model! {
    /// Configuration, and what is read.
    pub(crate) struct Model {
        cust_space_id: String,
        id: String,
        name: String,
        account_review_status: String,
        business_id: String,
        business_name: String,
        currency: String,
        is_on_biz_app: String,
        marketing_message_lite_status: String,
        message_template_namespace: String,
        primary_business_location: String,
    }
}

impl DataSource for Waba {
    type Provider = Cams;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "cams_waba"
    }

    fn schema(&self) -> Schema {
        let read_only =
            |name, description| Attribute::string(name).computed().describe(description);
        Schema {
            description: "Reads which WhatsApp Business Account (WABA) is bound to a space, and \
                whether Meta has approved it (`QueryChatappBindWaba`). It is an error if none is \
                bound.\n\nA number can be moved only into a WABA that is `APPROVED`: a precondition \
                of the resource that moves it can require that."
                .into(),
            attributes: vec![
                reader::cust_space_id().computed(),
                read_only("id", "Id of the WABA."),
                read_only("name", "Name of the WABA."),
                read_only(
                    "account_review_status",
                    "Review of the WABA: `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`.",
                ),
                read_only("business_id", "Id of the business at Meta."),
                read_only("business_name", "Name of the business at Meta."),
                read_only("currency", "Currency of the WABA, such as `USD`."),
                read_only(
                    "is_on_biz_app",
                    "Whether the WhatsApp Business app uses the WABA too: `Y` or `N`.",
                ),
                read_only(
                    "marketing_message_lite_status",
                    "Status of the Marketing Messages Lite API for the WABA.",
                ),
                read_only(
                    "message_template_namespace",
                    "Namespace of the message templates.",
                ),
                read_only("primary_business_location", "Location of the business."),
            ],
            ..Schema::default()
        }
    }

    async fn read(&self, context: Context<'_, Cams>, config: Model) -> Result<Model, Diagnostics> {
        let reader = Reader::new(context)?;
        let space = reader.space(&config.cust_space_id)?;
        let operation = QueryChatappBindWaba {
            cust_space_id: space.clone(),
        };
        let answer = reader.client.call(&reader.bounds, &operation).await;
        let waba = reader.finish(answer, &format!("space {space}"))?.data;
        if waba == BoundWaba::default() {
            return Err(not_bound(&space).into());
        }
        Ok(Model {
            cust_space_id: space.into(),
            id: waba.id.into(),
            name: waba.name.into(),
            account_review_status: waba.account_review_status.into(),
            business_id: waba.business_id.into(),
            business_name: waba.business_name.into(),
            currency: waba.currency.into(),
            is_on_biz_app: waba.is_on_biz_app.into(),
            marketing_message_lite_status: waba.marketing_message_lite_status.into(),
            message_template_namespace: waba.message_template_namespace.into(),
            primary_business_location: waba.primary_business_location.into(),
        })
    }
}

pub(super) fn not_bound(space: &str) -> Diagnostic {
    let text = format!(
        "QueryChatappBindWaba succeeded without an account, so no WABA is bound to space {space}. \
         Bind one in the CAMS console, or check cust_space_id."
    );
    Diagnostic::error("No WABA Bound", text).at(Path::root().attribute("cust_space_id"))
}
