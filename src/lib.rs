//! A Terraform and OpenTofu provider that moves WhatsApp phone numbers into Alibaba Cloud CAMS.
//!
//! This crate is the provider: its configuration, its resources, the doctor, and API errors as
//! diagnostics. What it is made of are the crates under `crates/`; `DESIGN.md` has the map.

#![forbid(unsafe_code)]

pub mod block;
pub mod claims;
pub mod config;
mod credentials;
pub mod doctor;
pub mod errors;
pub mod evidence;
pub mod lookups;
mod network;
mod notices;
pub mod numbers;
pub mod planned;
pub mod resources;
mod setting;
mod settings;
pub mod starts;
pub mod throttling;
pub mod validators;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use cams::{Bounds, Client, LONG_WAIT};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::provider::{Offers, Provider};
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::framework::server::Server;

pub use terraform_plugin::framework::server::InvalidProvider;

use block::Config;
use claims::Claims;
use lookups::Lookups;
use planned::Planned;
use resources::number_migration::NumberMigration;
use starts::Starts;
use throttling::Throttled;

/// The address of the provider, which all examples use.
pub const ADDRESS: &str = "registry.terraform.io/terraform-provider-cams/cams";

/// The server that answers Terraform for this provider. Settings that the provider block lacks are
/// taken from `environment`.
///
/// # Errors
///
/// If a model does not match its schema, or a schema makes no sense.
pub fn server(
    environment: Environment,
    clock: Clock,
    random: Random,
) -> Result<Server<CamsProvider>, InvalidProvider> {
    server_with_long_wait(environment, clock, random, LONG_WAIT)
}

/// The same server, which takes a wait for the quota for a long one after `long_wait`. It is for
/// tests, which cannot wait for a minute.
///
/// # Errors
///
/// If a model does not match its schema, or a schema makes no sense.
#[doc(hidden)]
pub fn server_with_long_wait(
    environment: Environment,
    clock: Clock,
    random: Random,
    long_wait: Duration,
) -> Result<Server<CamsProvider>, InvalidProvider> {
    let provider = CamsProvider {
        environment,
        clock,
        random: random.clone(),
        long_wait,
    };
    Server::new(provider, random)
}

/// The provider before it is configured.
#[derive(Debug)]
pub struct CamsProvider {
    environment: Environment,
    clock: Clock,
    random: Random,
    long_wait: Duration,
}

impl Provider for CamsProvider {
    type Config = Config;
    type Data = Cams;

    fn address(&self) -> &'static str {
        ADDRESS
    }

    fn schema(&self) -> Schema {
        config::schema()
    }

    fn offers(&self) -> Offers<Cams> {
        Offers::new().resource(NumberMigration)
    }

    async fn configure(
        &self,
        config: Config,
        terraform_version: &str,
    ) -> Result<(Cams, Diagnostics), Diagnostics> {
        config::configure(
            &config,
            terraform_version,
            &self.environment,
            self.clock.clone(),
            self.random.clone(),
            self.long_wait,
        )
    }

    fn notices(&self, cams: &Cams) -> Diagnostics {
        cams.notices()
    }
}

/// The configured provider, shared by all operations.
#[derive(Debug)]
pub struct Cams {
    client: Result<Client, NoClient>,
    cust_space_id: Field<String>,
    /// `None` while the configuration is not known.
    throttled: Option<Throttled>,
    claims: Claims,
    starts: Starts,
    planned: Planned,
    lookups: Lookups,
    clock: Clock,
    random: Random,
    told: Mutex<BTreeSet<String>>,
}

/// Why the API cannot be called. What needs no call succeeds all the same.
#[derive(Clone, Debug)]
enum NoClient {
    /// Something in the configuration is known only during apply.
    NotKnownYet(Diagnostics),
    /// There are no credentials. Nothing else is wrong with the configuration.
    NoCredentials(Diagnostic),
}

impl Cams {
    fn new(
        client: Result<Client, NoClient>,
        cust_space_id: Field<String>,
        throttled: Option<Throttled>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let directory = throttled
            .as_ref()
            .map(|throttled| throttled.directory.clone());
        Self {
            client,
            cust_space_id,
            throttled,
            claims: Claims::new(directory.clone()),
            starts: Starts::new(directory),
            planned: Planned::default(),
            lookups: Lookups::default(),
            clock,
            random,
            told: Mutex::default(),
        }
    }

    /// The API client.
    ///
    /// The error says why there is none: credentials are missing, or configuration is known only
    /// during apply. It is told in full once in a run.
    pub fn client(&self) -> Result<&Client, Diagnostics> {
        self.client.as_ref().map_err(|none| {
            let in_full: Diagnostics = match none {
                NoClient::NotKnownYet(unknown) => unknown.clone(),
                NoClient::NoCredentials(missing) => missing.clone().into(),
            };
            let Some(title) = in_full.iter().map(|error| error.summary.clone()).next() else {
                return in_full;
            };
            match self.first_to_tell(&title) {
                true => in_full,
                false => {
                    Diagnostic::error(title, format!("No call: {}", errors::TOLD_BEFORE)).into()
                }
            }
        })
    }

    /// Refuses to plan what will need a call, if there are no credentials for it.
    ///
    /// One error fails the plan, so that it is told for the first resource alone. Configuration
    /// that is known only during apply is no reason to refuse: by then there may be a client. Where
    /// nothing is configured, the machine may still be an instance with a role, which has to be
    /// asked; otherwise credentials are fetched only when they are needed.
    pub async fn plans_a_call(&self) -> Result<(), Diagnostic> {
        let missing = match &self.client {
            Err(NoClient::NoCredentials(missing)) => missing.clone(),
            Ok(client) if client.credentials().source().is_last_resort() => {
                match client.credentials().current().await {
                    Ok(_) => return Ok(()),
                    Err(error) => credentials::missing(&error),
                }
            }
            Ok(_) | Err(NoClient::NotKnownYet(_)) => return Ok(()),
        };
        match self.first_to_tell(&missing.summary) {
            true => Err(missing),
            false => Ok(()),
        }
    }

    /// The space of resources that name none.
    pub fn default_space(&self) -> &Field<String> {
        &self.cust_space_id
    }

    /// The numbers this run has begun to move.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The starts that the processes of this host have noted.
    pub fn starts(&self) -> &Starts {
        &self.starts
    }

    /// The numbers that this run plans to have.
    pub fn planned(&self) -> &Planned {
        &self.planned
    }

    /// The lookups that refreshes may still make.
    pub fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// The generator of random ids.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// The clock that shows the date.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether this is the first diagnostic with this title in this run. Warnings that concern many
    /// resources alike are shown once.
    pub fn first_to_tell(&self, title: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(title.to_owned())
    }

    /// The bounds within which the API may be called for one operation of Terraform.
    pub fn call(&self, timeout: Duration, stop: &CancellationToken) -> Bounds {
        Bounds::new(timeout, stop.clone())
    }
}
