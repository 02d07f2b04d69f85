//! The data sources of the provider, one file each. `shown` declares the models of what CAMS shows.

pub(crate) mod instances;
pub(crate) mod phone_number;
pub(crate) mod phone_numbers;
mod shown;
pub(crate) mod waba;

use cams::Operation;
use cams::operations::{
    ChatappSyncPhoneNumber, ListInstance, QueryChatappBindWaba, QueryChatappPhoneNumbers,
};

/// The data sources, each with the operations that it calls.
pub(crate) const CALLERS: &[(&str, &[&str])] = &[
    (
        "the data source cams_phone_number",
        &[QueryChatappPhoneNumbers::ACTION],
    ),
    (
        "the data source cams_phone_numbers",
        &[
            QueryChatappPhoneNumbers::ACTION,
            ChatappSyncPhoneNumber::ACTION,
        ],
    ),
    ("the data source cams_waba", &[QueryChatappBindWaba::ACTION]),
    ("the data source cams_instances", &[ListInstance::ACTION]),
];

#[cfg(test)]
pub(crate) fn diagnostics() -> Vec<terraform_plugin::framework::diagnostic::Diagnostic> {
    let mut all = crate::reader::diagnostics();
    all.extend(phone_number::diagnostics());
    all.push(waba::not_bound("cams-1"));
    all
}
