//! Makes the configured provider from the provider block and the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alibaba_cloud::credentials::{Credentials, FetchContext, Source};
use alibaba_cloud::openapi::Failure;
use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use cams::{Account, Client, Endpoint, HttpSettings, Network, Quota};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics, has_errors};
use terraform_plugin::framework::model::{Field, FieldType, Model};
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::framework::ty::Type;
use terraform_plugin::framework::value::Value;

use super::block::Config;
use super::provider::{Cams, NoClient};
use super::setting::Declaration;
use super::throttling::{self, Throttled};
use super::{credentials, network, settings};

/// The provider before it is configured.
#[derive(Debug)]
pub struct CamsProvider {
    pub(crate) environment: Environment,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) long_wait: Duration,
}

/// How long an answer with credentials may take. The official SDKs wait as long.
const LONGEST_FETCH: Duration = Duration::from_secs(10);

/// The blocks within the provider block, and what they are for.
const BLOCKS: &[(&str, &str)] = &[
    (
        "assume_role",
        "RAM role to assume with the credentials, as in terraform-provider-alicloud.",
    ),
    (
        "assume_role_with_oidc",
        "RAM role to assume with the token of an identity provider, as in CI jobs and in \
         Kubernetes.",
    ),
    (
        "throttle",
        "How the provider keeps the account's call quota. The defaults cover everything that runs \
         on one machine.",
    ),
];

/// The schema of the provider block. Each setting has its attribute, in a block or in none.
pub(crate) fn schema() -> Schema {
    let within = |block: Option<&str>| -> Vec<Attribute> {
        let settings = settings::all().filter(|setting| {
            let outer = setting.name().split_once('.').map(|(outer, _)| outer);
            outer == block
        });
        settings.map(Declaration::attribute).collect()
    };
    let mut attributes = within(None);
    for &(name, description) in BLOCKS {
        attributes.push(Attribute::block(name, within(Some(name))).describe(description));
    }
    Schema {
        description:
            "Moves WhatsApp phone numbers into Alibaba Cloud CAMS (Chat App Message Service). An \
             empty string counts as not set, in the provider block and in its nested blocks."
                .into(),
        attributes,
        ..Schema::default()
    }
}

impl FieldType for Config {
    fn ty() -> Type {
        schema().ty()
    }

    fn from_known(value: Value) -> Option<Self> {
        let Value::Map(attributes) = value else {
            return None;
        };
        let mut fields = BTreeMap::new();
        for (name, value) in attributes {
            match value {
                Value::Map(inner) => {
                    let named = |(attribute, value)| (format!("{name}.{attribute}"), value);
                    fields.extend(inner.into_iter().map(named));
                }
                value => fields.extend([(name, value)]),
            }
        }
        BTreeMap::from_known(Value::Map(fields)).map(Self)
    }

    fn into_value(self) -> Value {
        let mut attributes = BTreeMap::new();
        for (name, field) in self.0 {
            let value = field.into_value();
            let Some((block, attribute)) = name.split_once('.') else {
                attributes.insert(name, value);
                continue;
            };
            let block = attributes.entry(block.to_owned());
            if let Value::Map(inner) = block.or_insert_with(|| Value::Map(BTreeMap::new())) {
                inner.insert(attribute.to_owned(), value);
            }
        }
        Value::Map(attributes)
    }
}

impl Model for Config {}

/// Makes the configured provider, and the warnings about its configuration.
///
/// A value that is known only during apply is no error yet, because a plan that needs no call
/// succeeds without it.
///
/// # Errors
///
/// If settings are wrong: one error for each that cannot be parsed, or else one for each part of
/// the provider that cannot be made of them.
pub(crate) fn configure(
    provider: &CamsProvider,
    config: &Config,
    terraform_version: &str,
) -> Result<(Cams, Diagnostics), Diagnostics> {
    let environment = &provider.environment;
    let unknown = unknown(config);
    if has_errors(&unknown) {
        let space = cust_space_id(config, environment)?;
        let no_client = Err(NoClient::NotKnownYet(unknown));
        let cams = provider.configured(no_client, space, None);
        return Ok((cams, Diagnostics::default()));
    }
    let mut errors = settings::errors(config, environment);
    if has_errors(&errors) {
        return Err(errors);
    }
    let (http, region, mut warnings) = http(config, terraform_version, environment)?;
    errors.extend(network::check(&http.network, &http.endpoint).err());
    let source = credentials::source(config, environment, &region, &http.endpoint);
    let source = source.map_err(|error| errors.push(error));
    let throttled = throttling::configure(config, environment);
    let throttled = throttled.map_err(|error| errors.push(error));
    let (Ok(source), Ok(throttled), true) = (source, throttled, errors.is_empty()) else {
        return Err(errors);
    };
    let client = match source {
        Ok((source, more)) => {
            warnings.extend(more);
            let account_id = settings::ACCOUNT_ID.read(config, environment)?;
            Ok(provider.client(http, region, source, account_id, &throttled)?)
        }
        Err(missing) => Err(NoClient::NoCredentials(missing.into())),
    };
    let space = cust_space_id(config, environment)?;
    let cams = provider.configured(client, space, Some(throttled));
    Ok((cams, warnings))
}

impl CamsProvider {
    /// The client of the API. Where the API is on this machine, the account is the emulator's.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be made.
    fn client(
        &self,
        http: HttpSettings,
        region: String,
        source: Source,
        account_id: Option<String>,
        throttled: &Throttled,
    ) -> Result<Client, Diagnostic> {
        let endpoint = &http.endpoint;
        let emulator = endpoint.is_loopback().then(|| endpoint.host().to_owned());
        let directory = Some(throttled.directory.clone());
        let context = FetchContext {
            clock: self.clock.clone(),
            random: self.random.clone(),
            network: Network {
                read_timeout: http.network.read_timeout.min(LONGEST_FETCH),
                ..http.network.clone()
            },
        };
        let quota = Quota {
            account: Account::new(account_id, directory, emulator, self.clock.clone()),
            credentials: Credentials::new(source, context),
            region,
            throttle: throttled.throttle.clone(),
            requests_per_second: throttled.requests_per_second,
            long_wait: self.long_wait,
        };
        let client = Client::new(http, quota, self.clock.clone(), self.random.clone());
        client.map_err(|failure| no_http_client(&failure))
    }

    /// The provider, configured with these parts.
    fn configured(
        &self,
        client: Result<Client, NoClient>,
        cust_space_id: Field<String>,
        throttled: Option<Throttled>,
    ) -> Cams {
        let (clock, random) = (self.clock.clone(), self.random.clone());
        Cams::new(clock, random, client, cust_space_id, throttled)
    }
}

/// The endpoint of the API and how it is called, the region, and warnings about both.
fn http(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
) -> Result<(HttpSettings, String, Diagnostics), Diagnostic> {
    let (region, of_region) = settings::REGION.require(config, environment)?;
    let endpoint = settings::ENDPOINT.read(config, environment)?;
    let (network, mut warnings) = network::configure(environment);
    if endpoint.is_none() && region != settings::DOCUMENTED_REGION {
        warnings.push(undocumented_region(&region, &of_region));
    }
    let http = HttpSettings {
        endpoint: endpoint.unwrap_or(of_region),
        signature_method: settings::SIGNATURE_METHOD.require(config, environment)?,
        network: Network {
            connect_timeout: settings::CONNECT_TIMEOUT.require(config, environment)?,
            read_timeout: settings::READ_TIMEOUT.require(config, environment)?,
            user_agent: network::user_agent(terraform_version, environment),
            ..network
        },
    };
    Ok((http, region, warnings))
}

/// The endpoint of the API that the environment alone leads to.
///
/// # Errors
///
/// If a variable cannot be parsed.
pub(crate) fn endpoint(environment: &Environment) -> Result<Endpoint, Diagnostic> {
    let nothing = Config::default();
    match settings::ENDPOINT.read(&nothing, environment)? {
        Some(endpoint) => Ok(endpoint),
        None => Ok(settings::REGION.require(&nothing, environment)?.1),
    }
}

/// An error for each attribute or block that the client needs and that is known only during apply.
fn unknown(config: &Config) -> Diagnostics {
    let unknown = config.0.iter().filter(|(_, field)| field.is_unknown());
    let names = unknown.filter_map(|(name, _)| name.split('.').next());
    // The resources handle an unknown space themselves, and the client does not need it.
    let needed = names.filter(|name| *name != settings::CUST_SPACE_ID.name);
    let error = |name| {
        let text = format!(
            "The provider's {name} depends on something that is known only after apply, but the \
             API must be called now. Apply the source of the value first (terraform apply \
             -target=…), set {name} to a fixed value, or use its environment variable."
        );
        Diagnostic::error("Provider Configuration Not Known Yet", text)
    };
    let needed: BTreeSet<&str> = needed.collect();
    needed.into_iter().map(error).collect()
}

fn no_http_client(failure: &Failure) -> Diagnostic {
    let text = format!(
        "The HTTP client could not be created: {failure}. The provider needs root certificates: \
         install the package ca-certificates, or set SSL_CERT_FILE to a file that contains them."
    );
    Diagnostic::error("HTTP Client Not Usable", text)
}

fn undocumented_region(region: &str, endpoint: &Endpoint) -> Diagnostic {
    let text = format!(
        "The CAMS documentation lists only the region {}, but the configured region is {region}. \
         The API endpoint would be {}. Check the provider's region and the variables {}.",
        settings::DOCUMENTED_REGION,
        endpoint.host(),
        settings::REGION.variables.join(" and ")
    );
    Diagnostic::warning("Region Not Documented for CAMS", text).at(settings::REGION.location())
}

/// The space of resources that name none. It may be known only during apply.
fn cust_space_id(config: &Config, environment: &Environment) -> Result<Field<String>, Diagnostic> {
    if config.attribute(settings::CUST_SPACE_ID.name).is_unknown() {
        return Ok(Field::Unknown);
    }
    let space = settings::CUST_SPACE_ID.read(config, environment)?;
    Ok(space.into())
}
