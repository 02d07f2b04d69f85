//! Makes the configured provider from the provider block and the environment.
//!
//! This file is longer than 300 lines because all settings are read together, so that all errors
//! are told at once.

use std::collections::BTreeSet;
use std::time::Duration;

use alibaba_cloud::credentials::{Context, Credentials, Files, Source};
use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use cams::{self, Account, Client, Endpoint, HttpSettings};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::{Attribute, Schema};

use super::block::Config;
use super::credentials;
use super::setting::{Declaration, or_report};
use super::settings;
use super::throttling;
use super::{Cams, NoClient, network};

/// How long an answer with credentials may take. The official SDKs wait as long.
const LONGEST_FETCH: Duration = Duration::from_secs(10);

/// The blocks within the provider block, and what they are for.
const BLOCKS: [(&str, &str); 3] = [
    (
        "assume_role",
        "Role that the credentials are exchanged for, as in terraform-provider-alicloud.",
    ),
    (
        "assume_role_with_oidc",
        "Role that the token of an identity provider is exchanged for, as in CI jobs and in \
         Kubernetes.",
    ),
    (
        "throttle",
        "How the account's call quota is kept. The defaults keep it for everything that runs on \
         one machine.",
    ),
];

/// The schema of the provider block. Each setting has its attribute, in a block or in none.
pub fn schema() -> Schema {
    let within = |block: Option<&str>| {
        let settings = settings::ALL.into_iter();
        let settings = settings.filter(move |setting| match setting.names() {
            [outer, _] => block == Some(outer),
            _ => block.is_none(),
        });
        settings.map(Declaration::attribute).collect::<Vec<_>>()
    };
    let mut attributes = within(None);
    for (name, description) in BLOCKS {
        attributes.push(Attribute::block(name, within(Some(name))).describe(description));
    }
    Schema {
        version: 0,
        description:
            "Moves WhatsApp phone numbers into Alibaba Cloud CAMS (Chat App Message Service). An \
             argument that is an empty text counts as not set, in the provider block and in its \
             blocks."
                .into(),
        attributes,
    }
}

/// Makes the configured provider, and the warnings about its configuration.
///
/// A value that is known only during apply is no error yet, because a plan that needs no call
/// succeeds without it. `long_wait` is the time after which a wait for the quota is told.
pub fn configure(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
    clock: Clock,
    random: Random,
    long_wait: Duration,
) -> Result<(Cams, Diagnostics), Diagnostics> {
    let unknown = unknown(config);
    if unknown.has_errors() {
        let cust_space_id = cust_space_id(config, environment)?;
        let unknown = Err(NoClient::NotKnownYet(unknown));
        let cams = Cams::new(unknown, cust_space_id, None, clock, random);
        return Ok((cams, Diagnostics::default()));
    }
    let (settings, throttled) = both(
        read(config, terraform_version, environment),
        throttling::configure(config, environment),
    )?;
    let directory = Some(throttled.directory.clone());
    let credentials = match settings.source {
        Ok(source) => {
            let context = Context {
                clock: clock.clone(),
                random: random.clone(),
                user_agent: settings.http.user_agent.clone(),
                network: settings.http.network.clone(),
                connect_timeout: settings.http.connect_timeout,
                read_timeout: settings.http.read_timeout.min(LONGEST_FETCH),
            };
            Credentials::new(source, context)
        }
        Err(missing) => {
            let missing = Err(NoClient::NoCredentials(missing));
            let space = settings.cust_space_id;
            let cams = Cams::new(missing, space, Some(throttled), clock, random);
            return Ok((cams, settings.warnings));
        }
    };
    let endpoint = &settings.http.endpoint;
    let emulator = endpoint.is_loopback().then(|| endpoint.host().to_owned());
    let client = Client::new(cams::Config {
        account: Account::new(settings.account_id, directory, emulator, clock.clone()),
        credentials,
        region: settings.region,
        http: settings.http,
        throttle: throttled.throttle.clone(),
        requests_per_second: throttled.requests_per_second,
        long_wait,
        clock: clock.clone(),
        random: random.clone(),
    });
    let client = client.map_err(|failure| {
        Diagnostic::error(
            "HTTP Client Not Usable",
            format!(
                "No HTTP client could be made: {failure}. Without certificates of known \
                 authorities no service can be trusted: install the package ca-certificates, or \
                 set SSL_CERT_FILE to a file that has them."
            ),
        )
    })?;
    let space = settings.cust_space_id;
    let cams = Cams::new(Ok(client), space, Some(throttled), clock, random);
    Ok((cams, settings.warnings))
}

/// An error for each attribute that the client needs and that is known only during apply.
fn unknown(config: &Config) -> Diagnostics {
    let unknown: BTreeSet<&str> = settings::ALL
        .into_iter()
        .filter(|setting| setting.is_unknown(config))
        .filter_map(|setting| setting.names().first().copied())
        // The resources deal with an unknown space themselves, and the client does not need it.
        .filter(|name| *name != "cust_space_id")
        .collect();
    unknown
        .into_iter()
        .map(|name| {
            Diagnostic::error(
                "Provider Configuration Not Known Yet",
                format!(
                    "The provider's {name} depends on something that is known only after apply, \
                     but the API must be called now. Apply the source of the value first \
                     (terraform apply -target=…), set {name} to a fixed value, or use its \
                     environment variable."
                ),
            )
        })
        .collect()
}

/// The endpoint of the API that the environment alone leads to.
pub(super) fn endpoint(environment: &Environment) -> Result<Endpoint, Diagnostic> {
    let nothing = Config::default();
    match settings::ENDPOINT.read(&nothing, environment)? {
        Some(endpoint) => Ok(endpoint),
        None => Ok(settings::REGION.require(&nothing, environment)?.endpoint),
    }
}

/// The values of the settings that the client and the resources are made of.
struct Settings {
    /// The error says that there are no credentials, which not every operation needs.
    source: Result<Source, Diagnostic>,
    account_id: Option<String>,
    cust_space_id: Field<String>,
    http: HttpSettings,
    region: String,
    warnings: Diagnostics,
}

/// Reads all settings but those of the throttle. The error holds what is wrong with all of them.
fn read(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
) -> Result<Settings, Diagnostics> {
    let mut errors = Diagnostics::default();
    let account_id = or_report(settings::ACCOUNT_ID.read(config, environment), &mut errors);
    let cust_space_id = or_report(cust_space_id(config, environment), &mut errors);
    let endpoint = or_report(settings::ENDPOINT.read(config, environment), &mut errors);
    let region = or_report(settings::REGION.require(config, environment), &mut errors);
    let signature_method = settings::SIGNATURE_METHOD.require(config, environment);
    let signature_method = or_report(signature_method, &mut errors);
    let connect_timeout = settings::CONNECT_TIMEOUT.require(config, environment);
    let connect_timeout = or_report(connect_timeout, &mut errors);
    let read_timeout = settings::READ_TIMEOUT.require(config, environment);
    let read_timeout = or_report(read_timeout, &mut errors);
    let source = source(config, environment, region.as_ref(), endpoint.as_ref());
    let source = source.map_err(|wrong| errors.extend(wrong)).ok();
    let (network, mut warnings) = network::configure(environment);
    let api = match (&endpoint, &region) {
        (Some(Some(endpoint)), _) => Some(endpoint),
        (Some(None), Some(region)) => Some(&region.endpoint),
        (Some(None), None) | (None, _) => None,
    };
    let proxied = api.and_then(|api| or_report(network::check(&network, api), &mut errors));
    let (
        Some(source),
        Some(account_id),
        Some(cust_space_id),
        Some(endpoint),
        Some(region),
        Some(signature_method),
        Some(connect_timeout),
        Some(read_timeout),
        Some(()),
    ) = (
        source,
        account_id,
        cust_space_id,
        endpoint,
        region,
        signature_method,
        connect_timeout,
        read_timeout,
        proxied,
    )
    else {
        return Err(errors);
    };
    let source = source.map(|(source, more)| {
        warnings.extend(more);
        source
    });
    if endpoint.is_none() && region.id != settings::DOCUMENTED_REGION {
        warnings.push(undocumented_region(&region));
    }
    Ok(Settings {
        source,
        account_id,
        cust_space_id,
        http: HttpSettings {
            endpoint: endpoint.unwrap_or(region.endpoint),
            signature_method,
            connect_timeout,
            read_timeout,
            user_agent: network::user_agent(terraform_version, environment),
            network,
        },
        region: region.id,
        warnings,
    })
}

/// What the credentials come from, with warnings. The inner error says that nothing is configured.
fn source(
    config: &Config,
    environment: &Environment,
    region: Option<&settings::Region>,
    endpoint: Option<&Option<Endpoint>>,
) -> Result<Result<(Source, Diagnostics), Diagnostic>, Diagnostics> {
    let endpoint = endpoint.and_then(Option::as_ref);
    let region = region.map(|region| region.id.as_str());
    let configured = credentials::configured(config, environment, region, endpoint)?;
    credentials::find(&configured, environment, &Files::of_system())
}

fn undocumented_region(region: &settings::Region) -> Diagnostic {
    Diagnostic::warning(
        "Region Not Documented for CAMS",
        format!(
            "CAMS is documented to run in {} only, and the region is {}, whose API would be at {}. \
             Check the provider's region and the variables {}.",
            settings::DOCUMENTED_REGION,
            region.id,
            region.endpoint.host(),
            settings::REGION.variables.join(" and ")
        ),
    )
    .at(settings::REGION.place())
}

/// The space of resources that name none. It may be known only during apply.
fn cust_space_id(config: &Config, environment: &Environment) -> Result<Field<String>, Diagnostic> {
    if settings::CUST_SPACE_ID.is_unknown(config) {
        return Ok(Field::Unknown);
    }
    let space = settings::CUST_SPACE_ID.read(config, environment)?;
    Ok(space.into())
}

/// Both values, or all errors.
fn both<A, B>(
    one: Result<A, Diagnostics>,
    other: Result<B, Diagnostics>,
) -> Result<(A, B), Diagnostics> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(mut errors), Err(more)) => {
            errors.extend(more);
            Err(errors)
        }
        (Err(errors), _) | (_, Err(errors)) => Err(errors),
    }
}
