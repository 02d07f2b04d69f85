//! The provider block: its attributes, and what they become together with the environment.

use std::collections::BTreeSet;

use crate::cams::{self, Client, Endpoint, HttpSettings};
use crate::clock::Clock;
use crate::credentials::{self, AccessKey, Configured, Problem};
use crate::environment::Environment;
use crate::fingerprint::fingerprint;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::path::Path;
use crate::framework::schema::{Attribute, Schema};
use crate::model;
use crate::random::Random;
use crate::secret::Secret;
use crate::state_directory::state_directory;

use super::setting::{Declaration, or_report};
use super::settings;
use super::throttling::{self, Throttling};
use super::{Cams, NoClient};

model! {
    /// The provider block.
    pub struct Config {
        /// The AccessKey id.
        pub access_key: String,
        /// The AccessKey secret.
        pub secret_key: String,
        /// The security token of temporary credentials.
        pub security_token: String,
        /// The region whose API is called.
        pub region: String,
        /// The host or URL of the API.
        pub endpoint: String,
        /// The space of resources that name none.
        pub cust_space_id: String,
        /// How requests are signed.
        pub signature_method: String,
        /// The account that is charged and limited.
        pub account_id: String,
        /// How long a connection may take to be made, in milliseconds.
        pub client_connect_timeout: Number,
        /// How long an answer may take, in milliseconds.
        pub client_read_timeout: Number,
        /// How the call quota is kept.
        pub throttle: Throttling,
    }
}

/// The attributes of the provider block: those of the settings, nested ones within theirs.
pub fn schema() -> Schema {
    let mut attributes = Vec::new();
    let mut throttle = Vec::new();
    for setting in settings::ALL {
        match setting.names() {
            ["throttle", _] => throttle.push(setting.attribute()),
            _ => attributes.push(setting.attribute()),
        }
    }
    attributes.push(Attribute::block("throttle", throttle).describe(
        "How the account's call quota is kept. The defaults keep it for everything that runs on one machine.",
    ));
    Schema {
        version: 0,
        description:
            "Moves WhatsApp phone numbers into Alibaba Cloud CAMS (Chat App Message Service)."
                .into(),
        attributes,
    }
}

/// Makes the configuration usable.
///
/// What is known only during apply is no error yet: a plan that needs no call succeeds without it.
pub fn configure(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
    clock: Clock,
    random: Random,
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
    let directory = state_directory(environment);
    let http = match settings.http {
        Ok(http) => http,
        Err(missing) => {
            let missing = Err(NoClient::NoCredentials(missing));
            let cams = Cams::new(missing, settings.cust_space_id, directory, clock, random);
            return Ok((cams, settings.warnings));
        }
    };
    let account = account(settings.account_id, &http);
    let client = Client::new(cams::Config {
        account,
        region: settings.region,
        http,
        throttle: throttled.throttle,
        requests_per_second: throttled.requests_per_second,
        clock: clock.clone(),
        random: random.clone(),
    });
    let client = client.map_err(|failure| {
        Diagnostic::error(
            "HTTP Client Not Usable",
            format!(
                "No HTTP client could be made: {failure}. Check the system's certificates and the proxy \
                 variables."
            ),
        )
    })?;
    let space = settings.cust_space_id;
    let cams = Cams::new(Ok(client), space, directory, clock, random);
    Ok((cams, settings.warnings))
}

/// An error for each attribute that the client needs and that only apply will tell.
fn unknown(config: &Config) -> Diagnostics {
    let unknown: BTreeSet<&str> = settings::ALL
        .into_iter()
        .filter(|setting| setting.is_unknown(config))
        .filter_map(|setting| setting.names().first().copied())
        // Plans and resources deal with a space that is unknown; no call needs it here.
        .filter(|name| *name != "cust_space_id")
        .collect();
    unknown
        .into_iter()
        .map(|name| {
            Diagnostic::error(
                "Provider Configuration Not Known Yet",
                format!(
                    "The provider's {name} depends on something that is known only after apply, but the \
                     API must be called now. Apply the source of the value first (terraform apply \
                     -target=…), set {name} to a fixed value, or use its environment variable."
                ),
            )
        })
        .collect()
}

/// Where the API is by the environment alone.
pub(super) fn endpoint(environment: &Environment) -> Result<Endpoint, Diagnostic> {
    let nothing = Config::default();
    match settings::ENDPOINT.read(&nothing, environment)? {
        Some(endpoint) => Ok(endpoint),
        None => Ok(settings::REGION.require(&nothing, environment)?.endpoint),
    }
}

/// What the client and the resources are made of.
struct Settings {
    account_id: Option<String>,
    cust_space_id: Field<String>,
    /// The error says that there are no credentials, which not every operation needs.
    http: Result<HttpSettings, Diagnostic>,
    region: String,
    warnings: Diagnostics,
}

fn read(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
) -> Result<Settings, Diagnostics> {
    let mut errors = Diagnostics::default();
    let access_key = or_report(access_key(config, environment), &mut errors);
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
    let (
        Some(access_key),
        Some(account_id),
        Some(cust_space_id),
        Some(endpoint),
        Some(region),
        Some(signature_method),
        Some(connect_timeout),
        Some(read_timeout),
    ) = (
        access_key,
        account_id,
        cust_space_id,
        endpoint,
        region,
        signature_method,
        connect_timeout,
        read_timeout,
    )
    else {
        return Err(errors);
    };
    let mut warnings = Diagnostics::default();
    if endpoint.is_none() && region.id != settings::DOCUMENTED_REGION {
        warnings.push(undocumented_region(&region));
    }
    Ok(Settings {
        account_id,
        cust_space_id,
        http: access_key.map(|access_key| HttpSettings {
            endpoint: endpoint.unwrap_or(region.endpoint),
            access_key,
            signature_method,
            connect_timeout,
            read_timeout,
            user_agent: format!(
                "terraform-provider-cams/{} Terraform/{terraform_version}",
                env!("CARGO_PKG_VERSION")
            ),
        }),
        region: region.id,
        warnings,
    })
}

fn undocumented_region(region: &settings::Region) -> Diagnostic {
    Diagnostic::warning(
        "Region Not Documented for CAMS",
        format!(
            "CAMS is documented to run in {} only, and the region is {}, whose API would be at {}. Check \
             the provider's region and the variables {}.",
            settings::DOCUMENTED_REGION,
            region.id,
            region.endpoint.host(),
            settings::REGION.variables.join(" and ")
        ),
    )
    .at(settings::REGION.path())
}

/// The access key. The inner error says that nothing at all is set; the outer one, that what is set
/// cannot be right.
fn access_key(
    config: &Config,
    environment: &Environment,
) -> Result<Result<AccessKey, Diagnostic>, Diagnostic> {
    let set = |field: &Field<String>| {
        field
            .text()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let configured = Configured {
        access_key: set(&config.access_key),
        secret_key: set(&config.secret_key).map(Secret::new),
        security_token: set(&config.security_token).map(Secret::new),
    };
    let problem = match credentials::resolve(configured, environment) {
        Ok(access_key) => return Ok(Ok(access_key)),
        Err(problem) => problem,
    };
    let wrong = {
        let key = format!("access_key (or {})", credentials::ACCESS_KEY.join(", "));
        let secret = format!("secret_key (or {})", credentials::SECRET_KEY.join(", "));
        let token = format!(
            "security_token (or {})",
            credentials::SECURITY_TOKEN.join(", ")
        );
        let (attribute, what) = match problem {
            Problem::MalformedId => return Err(malformed("access_key", &key)),
            Problem::MalformedSecret => return Err(malformed("secret_key", &secret)),
            Problem::MalformedToken => return Err(malformed("security_token", &token)),
            Problem::Missing => (
                "access_key",
                format!("No credentials are set. Set {key} and {secret}"),
            ),
            Problem::MissingId => (
                "access_key",
                format!("There is a secret key or token without its access key. Set {key}"),
            ),
            Problem::MissingSecret => (
                "secret_key",
                format!("There is an access key without its secret. Set {secret}"),
            ),
        };
        let rule = "Configuration and environment are never mixed: all parts must come from the same of the two.";
        Diagnostic::error("Missing Credentials", format!("{what}. {rule}"))
            .at(Path::root().attribute(attribute))
    };
    match problem {
        // Told at a resource, which has no such attribute.
        Problem::Missing => Ok(Err(Diagnostic {
            path: None,
            ..wrong
        })),
        _ => Err(wrong),
    }
}

fn malformed(attribute: &'static str, name: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Provider Configuration",
        format!("{name} is not usable: {}.", credentials::EXPECTED),
    )
    .at(Path::root().attribute(attribute))
}

/// The space of resources that name none; perhaps only apply will tell it.
fn cust_space_id(config: &Config, environment: &Environment) -> Result<Field<String>, Diagnostic> {
    if settings::CUST_SPACE_ID.is_unknown(config) {
        return Ok(Field::Unknown);
    }
    let space = settings::CUST_SPACE_ID.read(config, environment)?;
    Ok(space.into())
}

/// Whom the quota is counted against. What stands for an account whose id nobody told is a hash, because the throttle's
/// state shows it to others; an emulator on this machine has quotas of its own.
fn account(account_id: Option<String>, http: &HttpSettings) -> String {
    if let Some(account_id) = account_id {
        return account_id;
    }
    let local = if http.endpoint.is_loopback() {
        http.endpoint.host()
    } else {
        ""
    };
    fingerprint(&[&http.access_key.id, local])
}

/// Both results, or the errors of both.
fn both<A, B>(
    one: Result<A, Diagnostics>,
    other: Result<B, Diagnostics>,
) -> Result<(A, B), Diagnostics> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(mut found), Err(more)) => {
            found.extend(more);
            Err(found)
        }
        (Err(found), _) | (_, Err(found)) => Err(found),
    }
}
