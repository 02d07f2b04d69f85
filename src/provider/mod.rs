//! This provider: its configuration, its resources, and API errors as diagnostics.

pub mod claims;
pub mod config;
pub mod errors;
pub mod evidence;
pub mod numbers;
pub mod resources;
mod setting;
mod settings;
pub mod throttling;
pub mod validators;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cams::{Call, Client};
use crate::clock::Clock;
use crate::environment::Environment;
use crate::framework::diagnostic::Diagnostics;
use crate::framework::model::Field;
use crate::framework::provider::{Provider, Resources};
use crate::framework::schema::Schema;
use crate::framework::server::Server;
use crate::random::Random;

use claims::Claims;
use config::Config;
use resources::number_migration::NumberMigration;

/// The provider's address in all examples.
pub const ADDRESS: &str = "registry.terraform.io/terraform-provider-cams/cams";

/// Answers Terraform for this provider, with defaults from `environment`.
pub fn server(environment: Environment, clock: Clock, random: Random) -> Server<CamsProvider> {
    let provider = CamsProvider {
        environment,
        clock,
        random: random.clone(),
    };
    Server::new(provider, random)
}

/// The CAMS provider.
#[derive(Debug)]
pub struct CamsProvider {
    environment: Environment,
    clock: Clock,
    random: Random,
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

    fn resources(&self) -> Resources<Cams> {
        Resources::none().and(NumberMigration)
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
        )
    }
}

/// The configured provider, shared by all operations.
#[derive(Debug)]
pub struct Cams {
    client: Result<Client, Diagnostics>,
    cust_space_id: Field<String>,
    claims: Claims,
    clock: Clock,
    told: Mutex<BTreeSet<String>>,
}

impl Cams {
    fn new(
        client: Result<Client, Diagnostics>,
        cust_space_id: Field<String>,
        claims: Claims,
        clock: Clock,
    ) -> Self {
        Self {
            client,
            cust_space_id,
            claims,
            clock,
            told: Mutex::default(),
        }
    }

    /// The API client; the error says which configuration is known only during apply.
    pub fn client(&self) -> Result<&Client, Diagnostics> {
        self.client.as_ref().map_err(Clone::clone)
    }

    /// The space of resources that name none.
    pub fn default_space(&self) -> &Field<String> {
        &self.cust_space_id
    }

    /// The numbers this run has begun to move.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The date.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether nothing with this title was told before in this run, for warnings that concern many resources alike.
    pub fn first_to_tell(&self, title: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(title.to_owned())
    }

    /// The bounds of one operation.
    pub fn call(&self, timeout: Duration, stop: &CancellationToken) -> Call {
        Call::new(timeout, stop.clone())
    }
}
