//! The client of CAMS: that of Alibaba Cloud, with the account's quota as its gate.

use std::sync::{Arc, Mutex};

use alibaba_cloud::client::{Bounds, Error, Operation};
use alibaba_cloud::credentials::Credentials;
use alibaba_cloud::openapi::fields::Rows;
use alibaba_cloud::openapi::{Failure, ServiceClock, Settings};
use base::clock::Clock;
use base::random::Random;
use base::sync::lock;
use tokio::time::Instant;

use crate::account::Account;
use crate::listing::{Freshness, Listed, Listings, QuotaClient};
use crate::operations::{Instance, ListInstance};
use crate::phone::PhoneNumber;
use crate::quota::Quota;

/// A client of CAMS. Clones share connections, quotas and lists.
#[derive(Clone, Debug)]
pub struct Client {
    listings: Arc<Listings>,
    /// When the last call of an operation that changes something ended, however it ended.
    last_change: Arc<Mutex<Option<Instant>>>,
}

impl Client {
    /// Makes a client. Connects to nothing yet. The requests are signed with the quota's credentials,
    /// and dated by this clock.
    ///
    /// # Errors
    ///
    /// If the proxy or the certificates of this machine cannot be used.
    pub fn new(
        http: Settings,
        mut quota: Quota,
        clock: Clock,
        random: Random,
    ) -> Result<Self, Failure> {
        let leave_within = http.network.connect_timeout;
        quota.throttle = quota.throttle.for_calls_that_leave_within(leave_within);
        let api = QuotaClient::new(http, quota.credentials.clone(), quota, clock, random)?;
        Ok(Self {
            listings: Arc::new(Listings::new(api)),
            last_change: Arc::default(),
        })
    }

    /// Calls an operation.
    ///
    /// # Errors
    ///
    /// If no attempt succeeded. [`Error::may_have_had_effect`] says whether the operation may have
    /// been carried out all the same.
    pub async fn call<O: Operation>(
        &self,
        bounds: &Bounds,
        operation: &O,
    ) -> Result<O::Answer, Error> {
        let answer = self.api().call(bounds, operation).await;
        if !O::READS {
            *lock(&self.last_change) = Some(Instant::now());
        }
        answer
    }

    /// A list that shows every change that this client has made, as far as the service shows it.
    pub fn since_last_change(&self) -> Freshness {
        let last_change = *lock(&self.last_change);
        last_change.map_or(Freshness::Shared, Freshness::Since)
    }

    /// What the space's list shows of a number.
    ///
    /// # Errors
    ///
    /// If the list call fails, or the bounds end the wait for it.
    pub async fn listed(
        &self,
        bounds: &Bounds,
        cust_space_id: &str,
        number: &PhoneNumber,
        freshness: Freshness,
    ) -> Result<Listed, Error> {
        let listings = &self.listings;
        let listed = listings.listed(bounds, cust_space_id, number, freshness);
        listed.await
    }

    /// What the space's list shows of all numbers. The call is shared with those about one number.
    ///
    /// # Errors
    ///
    /// If the list call fails, or the bounds end the wait for it.
    pub async fn list(
        &self,
        bounds: &Bounds,
        cust_space_id: &str,
        freshness: Freshness,
    ) -> Result<Listed, Error> {
        self.listings.list(bounds, cust_space_id, freshness).await
    }

    /// The form of a number in which the service writes it, as far as lists of the space have shown
    /// it: operations may know a number in that form only. This makes no call.
    #[must_use]
    pub fn written(&self, cust_space_id: &str, number: &PhoneNumber) -> PhoneNumber {
        let listed = self.listings.listed_form(cust_space_id, number);
        listed.unwrap_or_else(|| number.clone())
    }

    /// The instances of the account, of all pages.
    ///
    /// # Errors
    ///
    /// If a call fails.
    pub async fn instances(
        &self,
        bounds: &Bounds,
        instance_name: Option<&str>,
        channel_type: Option<&str>,
    ) -> Result<Rows<Instance>, Error> {
        let mut all = Rows {
            rows: Vec::new(),
            complete: true,
        };
        let mut operation = ListInstance {
            instance_name: instance_name.map(str::to_owned),
            channel_type: channel_type.map(str::to_owned),
            page_index: 1,
        };
        loop {
            let page = self.call(bounds, &operation).await?;
            all.complete &= page.data.complete;
            let known = all.rows.len();
            // A service that ignored the number of the page would send the same rows for ever.
            let new = page.data.rows.into_iter();
            let new: Vec<_> = new.filter(|row| !all.rows.contains(row)).collect();
            all.rows.extend(new);
            let has_all = page
                .total_count
                .is_some_and(|total| total <= all.rows.len());
            if has_all || all.rows.len() == known {
                return Ok(all);
            }
            operation.page_index += 1;
        }
    }

    /// The credentials that sign the requests.
    pub fn credentials(&self) -> &Credentials {
        self.api().keys()
    }

    /// The service's clock, as the answers show it.
    pub fn clock(&self) -> &ServiceClock {
        self.api().clock()
    }

    /// The account whose quotas the calls count against.
    pub fn account(&self) -> &Account {
        &self.api().gate().account
    }

    fn api(&self) -> &QuotaClient {
        &self.listings.api
    }
}

#[cfg(test)]
mod tests;
