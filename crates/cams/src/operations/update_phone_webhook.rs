//! `UpdatePhoneWebhook`: sets where CAMS delivers the messages and message statuses of a number.
//!
//! Page "UpdatePhoneWebhook" of the CAMS API reference. It does not say what an empty URL or a
//! missing one does, so the caller chooses.

use alibaba_cloud::client::{Api, Operation};
use base::secret::Secret;

use super::NoData;
use crate::api::CAMS;
use crate::phone::PhoneNumber;

/// The call.
#[derive(Clone, Debug)]
pub struct UpdatePhoneWebhook {
    /// The space of the number.
    pub cust_space_id: String,
    /// The number, sent in the form in which it is given here.
    pub number: PhoneNumber,
    /// Whether CAMS sends HTTP requests to the URLs.
    pub http_flag: bool,
    /// Whether CAMS writes to the queues of the account.
    pub queue_flag: bool,
    /// The URL for messages from customers, if it is sent. Its query may have a secret.
    pub up_callback_url: Option<Secret>,
    /// The URL for the statuses of messages, if it is sent. Its query may have a secret.
    pub status_callback_url: Option<Secret>,
}

impl Operation for UpdatePhoneWebhook {
    const API: &'static Api = &CAMS;
    const ACTION: &'static str = "UpdatePhoneWebhook";
    const READS: bool = false;

    type Answer = NoData;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let flag = |is_on| if is_on { "Y" } else { "N" }.to_owned();
        let urls = [
            ("StatusCallbackUrl", &self.status_callback_url),
            ("UpCallbackUrl", &self.up_callback_url),
        ];
        let urls = urls.into_iter();
        let urls = urls.filter_map(|(name, url)| Some((name, url.as_ref()?.expose().to_owned())));
        let others = [
            ("CustSpaceId", self.cust_space_id.clone()),
            ("HttpFlag", flag(self.http_flag)),
            ("PhoneNumber", self.number.to_string()),
            ("QueueFlag", flag(self.queue_flag)),
        ];
        others.into_iter().chain(urls).collect()
    }

    fn subject(&self) -> String {
        self.number.masked()
    }

    /// The queries of the URLs, and each value in them.
    fn secrets(&self) -> Vec<&str> {
        let urls = [&self.up_callback_url, &self.status_callback_url];
        let urls = urls.into_iter().flatten();
        let queries = urls.filter_map(|url| Some(url.expose().split_once('?')?.1));
        let with_values = queries.flat_map(|query| {
            let values = query.split('&').filter_map(|part| part.split_once('='));
            [query].into_iter().chain(values.map(|(_, value)| value))
        });
        with_values.collect()
    }
}
