//! The client of CAMS: that of Alibaba Cloud, with the account's quota as its gate.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alibaba_cloud::client::{Bounds, Error, Operation};
use alibaba_cloud::credentials::Credentials;
use alibaba_cloud::openapi::fields::Rows;
use alibaba_cloud::openapi::{Failure, Settings};
use base::clock::Clock;
use base::random::Random;
use call_quota::Throttle;
use tokio::time::Instant;

use crate::account::Account;
use crate::listing::{Api, Freshness, Listed, Listings};
use crate::operations::{Instance, ListInstance};
use crate::phone::PhoneNumber;
use crate::quota::Quota;

/// What a client needs to be made.
#[derive(Debug)]
pub struct Config {
    /// The endpoint and the timeouts.
    pub http: Settings,
    /// What signs the requests.
    pub credentials: Credentials,
    /// The account whose quotas are used.
    pub account: Account,
    /// The region. The service counts each region by itself.
    pub region: String,
    /// The throttle that keeps the quotas.
    pub throttle: Throttle,
    /// How many calls a second each operation may make. `None` stands for its documented limit.
    pub requests_per_second: Option<NonZeroU32>,
    /// The wait for a permit that is recorded as a long one: [`LONG_WAIT`](crate::LONG_WAIT).
    pub long_wait: Duration,
    /// Gives the date for the signature.
    pub clock: Clock,
    /// Gives nonces and jitter.
    pub random: Random,
}

/// A client of CAMS. Clones share connections, quotas and lists.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    api: Arc<Api>,
    listings: Listings,
    /// When the last call of an operation that changes something ended, however it ended.
    last_change: Mutex<Option<Instant>>,
}

impl Client {
    /// Makes a client. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// If the proxy or the certificates of this machine cannot be used.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let leave_within = config.http.network.connect_timeout;
        let quota = Quota {
            account: config.account,
            credentials: config.credentials.clone(),
            region: config.region,
            throttle: config.throttle.for_calls_that_leave_within(leave_within),
            requests_per_second: config.requests_per_second,
            long_wait: config.long_wait,
        };
        let (keys, clock, random) = (config.credentials, config.clock, config.random);
        let api = Api::new(config.http, keys, quota, clock, random)?;
        Ok(Self(Arc::new(Inner {
            api: Arc::new(api),
            listings: Listings::default(),
            last_change: Mutex::default(),
        })))
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
        let answer = self.0.api.call(bounds, operation).await;
        if !O::READS {
            *self.last_change() = Some(Instant::now());
        }
        answer
    }

    /// A list that shows every change that this client has made, as far as the service shows it.
    pub fn since_last_change(&self) -> Freshness {
        let last_change = *self.last_change();
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
        let Inner { api, listings, .. } = &*self.0;
        listings
            .listed(api, bounds, cust_space_id, number, freshness)
            .await
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
        let Inner { api, listings, .. } = &*self.0;
        listings.list(api, bounds, cust_space_id, freshness).await
    }

    /// The form of a number in which the service writes it, as far as lists of the space have shown
    /// it: operations may know a number in that form only. This makes no call.
    #[must_use]
    pub fn written(&self, cust_space_id: &str, number: &PhoneNumber) -> PhoneNumber {
        let listed = self.listed_form(cust_space_id, number);
        listed.unwrap_or_else(|| number.clone())
    }

    /// The form in which the lists of the space wrote a number that has two; `None` if they did not
    /// show the number. This makes no call.
    pub fn listed_form(&self, cust_space_id: &str, number: &PhoneNumber) -> Option<PhoneNumber> {
        self.0.listings.listed_form(cust_space_id, number)
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
        self.0.api.keys()
    }

    /// By how much the service's clock differs from this machine's, in words. `None` unless the
    /// service refused a date, since when requests are signed with the service's clock.
    pub fn clock_difference(&self) -> Option<String> {
        self.0.api.clock().correction()
    }

    /// By how many seconds the service's clock is ahead of this machine's, as the last answer
    /// showed. `None` as long as no answer had a date.
    pub fn service_clock_ahead(&self) -> Option<i64> {
        self.0.api.clock().observed()
    }

    /// Why the quota is counted for the access key and not for the account, in words. `None` if it
    /// is the account's, or if no call was made yet.
    pub fn account_trouble(&self) -> Option<String> {
        self.0.api.gate().account.trouble()
    }

    /// The file by which processes agree on the account, if another process keeps it locked.
    pub fn account_locked(&self) -> Option<PathBuf> {
        self.0.api.gate().account.locked()
    }

    fn last_change(&self) -> MutexGuard<'_, Option<Instant>> {
        let last_change = self.0.last_change.lock();
        last_change.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
