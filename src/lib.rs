//! A Terraform and OpenTofu provider that moves WhatsApp phone numbers into Alibaba Cloud CAMS.
//!
//! This crate is the provider; the layers below it are the crates under `crates/`.
//!
//! # Map, in reading order
//!
//! | | |
//! |---|---|
//! | `resources` | the resources, one file each: start with `resources/number_migration.rs`; `resources/number` is what they share |
//! | `actions` | what a configuration or a user invokes, one file each |
//! | `data_sources`, `lists` | the data sources, one file each, and the list resources; `reader` is what they share |
//! | `functions` | the functions that configurations call, one file each |
//! | `validators` | reads and checks the attributes that resources for numbers share |
//! | `numbers` | asks CAMS where a number is; `evidence` is the rule, `lookups` the limit of a refresh |
//! | `claims` | keeps two processes from starting the same number |
//! | `changes` | what this process has done to numbers, for its later operations on them |
//! | `planned` | finds numbers that are planned twice |
//! | `errors` | turns a failed call into a diagnostic; `errors/advice.rs` is the table of advice |
//! | `notices` | warnings that concern every resource |
//! | `provider` | the configured provider, which all operations share |
//! | `config` | makes it from the provider block (`block`, `setting`, `settings`, `credentials`, `network`, `throttling`) |
//! | `doctor` | the command that reports what works with an account |
//!
//! # The journey of a create
//!
//! 1. The framework calls `NumberResource::create` with the plan, and that calls `apply` of the model.
//! 2. `claims` takes the claim on the number, and `Search::find` asks CAMS where the number is.
//! 3. If the number is not in the space, the client starts its migration.
//! 4. The answer becomes the state, or `errors` turns the error into a diagnostic.
//! 5. The framework adds the warnings of `notices`.

#![forbid(unsafe_code)]

mod actions;
mod block;
mod changes;
mod claims;
mod config;
mod credentials;
mod data_sources;
pub mod doctor;
mod errors;
mod evidence;
mod functions;
mod lists;
mod lookups;
mod network;
mod notices;
mod numbers;
mod planned;
mod provider;
mod reader;
pub mod resources;
mod setting;
mod settings;
mod throttling;
mod validators;

#[cfg(test)]
mod tests;

use std::time::Duration;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::provider::{Offers, Provider};
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::framework::server::Server;

pub use cams::LONG_WAIT;
pub use terraform_plugin::framework::server::InvalidProvider;

use block::Config;
pub use config::CamsProvider;
use lists::NumberList;
pub use provider::Cams;
use resources::number::NumberResource;
use resources::{
    number_migration, number_registration, number_verification, number_verification_code,
    phone_webhook,
};

/// The address of the provider, which all examples use.
pub const ADDRESS: &str = "registry.terraform.io/terraform-provider-cams/cams";

/// The server that answers Terraform for this provider. Settings that the provider block lacks are
/// taken from `environment`. A call that waited for the quota for `long_wait` leads to a warning.
///
/// # Errors
///
/// If a model does not match its schema, or a schema makes no sense.
pub fn server(
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
        Offers::new()
            .resource(NumberResource::<number_migration::Model>::default())
            .resource(NumberResource::<number_registration::Model>::default())
            .resource(NumberResource::<number_verification::Model>::default())
            .resource(NumberResource::<number_verification_code::Model>::default())
            .resource(NumberResource::<phone_webhook::Model>::default())
            .action(actions::send_verification_code::SendVerificationCode)
            .data_source(data_sources::instances::InstancesDataSource)
            .data_source(data_sources::phone_number::PhoneNumberDataSource)
            .data_source(data_sources::phone_numbers::PhoneNumbersDataSource)
            .data_source(data_sources::waba::WabaDataSource)
            .list(NumberList::<number_migration::Model>::default())
            .list(NumberList::<number_registration::Model>::default())
            .function(functions::format_phone_number::FormatPhoneNumber)
            .function(functions::parse_phone_number::ParsePhoneNumber)
    }

    async fn configure(
        &self,
        config: Config,
        terraform_version: &str,
    ) -> Result<(Cams, Diagnostics), Diagnostics> {
        config::configure(self, &config, terraform_version)
    }

    fn notices(&self, cams: &Cams) -> Diagnostics {
        cams.notices()
    }
}
