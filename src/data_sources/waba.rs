//! `cams_waba`: the WhatsApp Business Account (WABA) that is bound to a space.

use cams::operations::{QueryChatappBindWaba, Waba};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::{Attribute, Schema};

use crate::Cams;
use crate::reader::{self, Reader};

use super::shown::shown;

/// The data source `cams_waba`.
pub(crate) struct WabaDataSource;

shown! {
    /// Configuration, and what is read.
    struct Model(Waba) { cust_space_id }
    id: "Id of the WABA.",
    name: "Name of the WABA.",
    account_review_status: "Review of the WABA: `PENDING`, `APPROVED`, `REJECTED` or `DISABLED`.",
    business_id: "Id of the business at Meta.",
    business_name: "Name of the business at Meta.",
    currency: "Currency of the WABA, such as `USD`.",
    is_on_biz_app: "Whether the WhatsApp Business app uses the WABA too: `Y` or `N`.",
    marketing_message_lite_status: "Status of the Marketing Messages Lite API for the WABA.",
    message_template_namespace: "Namespace of the message templates.",
    primary_business_location: "Location of the business.",
}

impl DataSource for WabaDataSource {
    type Provider = Cams;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "cams_waba"
    }

    fn schema(&self) -> Schema {
        let space = [reader::cust_space_id().computed()].into_iter();
        Schema {
            description: "Reads which WhatsApp Business Account (WABA) is bound to a space, and \
                whether Meta has approved it (`QueryChatappBindWaba`). It is an error if none is \
                bound.\n\nA number can be moved only into a WABA that is `APPROVED`: a precondition \
                of the resource that moves it can require that."
                .into(),
            attributes: space.chain(Model::attributes()).collect(),
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
        if waba == Waba::default() {
            return Err(not_bound(&space).into());
        }
        Ok(Model::of(waba, space))
    }
}

pub(crate) fn not_bound(space: &str) -> Diagnostic {
    let text = format!(
        "QueryChatappBindWaba succeeded without an account, so no WABA is bound to space {space}. \
         Bind one in the CAMS console, or check cust_space_id."
    );
    Diagnostic::error("No WABA Bound", text).at(Path::root().attribute("cust_space_id"))
}
