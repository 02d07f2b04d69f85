//! This provider: its configuration, its resources, the doctor, and API errors as diagnostics.

pub mod block;
pub mod claims;
pub mod config;
pub mod doctor;
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

pub use crate::framework::server::Mismatch;

use block::Config;
use claims::Claims;
use resources::number_migration::NumberMigration;

/// The address of the provider, which all examples use.
pub const ADDRESS: &str = "registry.terraform.io/terraform-provider-cams/cams";

/// The server that answers Terraform for this provider. Settings that the provider block lacks are
/// taken from `environment`.
///
/// # Errors
///
/// If a model does not match its schema.
pub fn server(
    environment: Environment,
    clock: Clock,
    random: Random,
) -> Result<Server<CamsProvider>, Mismatch> {
    let provider = CamsProvider {
        environment,
        clock,
        random: random.clone(),
    };
    Server::new(provider, random)
}

/// The provider before it is configured.
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

    /// The API client. The error says which part of the configuration is known only during apply.
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
    pub fn call(&self, timeout: Duration, stop: &CancellationToken) -> Call {
        Call::new(timeout, stop.clone())
    }
}
