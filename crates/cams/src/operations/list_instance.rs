//! `ListInstance`: the instances of the account, which have the ids of its spaces, in pages.
//!
//! Page "ListInstance" of the CAMS API reference. It names no limit of calls, so the one of the other
//! operations is used.

use serde::{Deserialize, Deserializer};

use alibaba_cloud::client::{Api, Operation};
use alibaba_cloud::openapi::fields::{self, Rows};

use crate::api::CAMS;

/// How many instances a page has at most.
const PAGE_SIZE: u32 = 50;

/// The call, for one page.
#[derive(Clone, Debug)]
pub struct ListInstance {
    /// Only instances with this name. Whether part of a name is enough is not documented.
    pub instance_name: Option<String>,
    /// Only instances of this channel, such as `whatsapp`.
    pub channel_type: Option<String>,
    /// The number of the page, from 1.
    pub page_index: u32,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstancePage {
    /// The instances of the page that could be read.
    pub data: Rows<Instance>,
    /// How many instances all pages have together, if the answer says.
    #[serde(deserialize_with = "count")]
    pub total_count: Option<usize>,
}

/// An instance. The service may extend the values of each field at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Instance {
    /// The channel, such as `whatsapp`.
    #[serde(deserialize_with = "fields::text")]
    pub channel_type: Option<String>,
    /// The id of the space.
    #[serde(deserialize_with = "fields::text")]
    pub cust_space_id: Option<String>,
    /// The id of the instance.
    #[serde(deserialize_with = "fields::text")]
    pub instance_id: Option<String>,
    /// The name of the instance.
    #[serde(deserialize_with = "fields::text")]
    pub instance_name: Option<String>,
    /// The state, such as `published`.
    #[serde(deserialize_with = "fields::text")]
    pub state: Option<String>,
}

impl Operation for ListInstance {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "ListInstance";
    const READS: bool = true;

    type Answer = InstancePage;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("ChannelType", &self.channel_type),
            ("InstanceName", &self.instance_name),
        ];
        let filters = filters.into_iter();
        let filters = filters.filter_map(|(name, value)| Some((name, value.clone()?)));
        let page = [
            ("PageIndex", self.page_index.to_string()),
            ("PageSize", PAGE_SIZE.to_string()),
        ];
        filters.chain(page).collect()
    }
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let written = fields::text(deserializer)?;
    Ok(written.and_then(|written| written.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::*;

    #[test]
    fn whole_sparse_and_odd_pages_are_read() {
        let call = ListInstance {
            instance_name: Some("N".into()),
            channel_type: None,
            page_index: 2,
        };
        let expected = [
            ("InstanceName", "N"),
            ("PageIndex", "2"),
            ("PageSize", "50"),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(call.parameters(), expected);
        let page = |json: &str| answer(&call, json).expect("a page");
        let whole = page(
            r#"{"TotalCount":1,"Data":[{"ChannelType":"whatsapp","CustSpaceId":"cams-1",
                "InstanceId":"I","InstanceName":"N","State":"published","ContactMail":"a@b"}]}"#,
        );
        let text = |text: &str| Some(text.to_owned());
        let expected = Instance {
            channel_type: text("whatsapp"),
            cust_space_id: text("cams-1"),
            instance_id: text("I"),
            instance_name: text("N"),
            state: text("published"),
        };
        assert_eq!(
            (whole.data.rows, whole.total_count),
            (vec![expected], Some(1))
        );
        for (json, rows, complete, count) in [
            (r#"{"Data":[],"TotalCount":"0"}"#, 0, true, Some(0)),
            (
                r#"{"Data":[{"State":"s"},7],"TotalCount":"many"}"#,
                1,
                false,
                None,
            ),
            (r#"{"Data":null,"TotalCount":-1}"#, 0, false, None),
            ("{}", 0, false, None),
        ] {
            let page = page(json);
            let read = (page.data.rows.len(), page.data.complete, page.total_count);
            assert_eq!(read, (rows, complete, count), "{json}");
        }
    }
}
