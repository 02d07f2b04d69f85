//! Makes the configured provider from the provider block and the environment.
//!
//! This file is longer than 300 lines because all settings are read together, so that all errors
//! are told at once.

use std::collections::BTreeSet;

use crate::cams::{self, Client, Endpoint, HttpSettings};
use crate::clock::Clock;
use crate::credentials::{self, AccessKey, Configured, Problem};
use crate::environment::Environment;
use crate::fingerprint::fingerprint;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::path::Path;
use crate::framework::schema::{Attribute, Schema};
use crate::random::Random;
use crate::secret::Secret;

use super::block::Config;
use super::setting::{Declaration, or_report};
use super::settings;
use super::throttling;
use super::{Cams, NoClient};

/// The schema of the provider block. Each setting has its attribute, nested ones within `throttle`.
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
        "How the account's call quota is kept. The defaults keep it for everything that runs on \
         one machine.",
    ));
    Schema {
        version: 0,
        description:
            "Moves WhatsApp phone numbers into Alibaba Cloud CAMS (Chat App Message Service)."
                .into(),
        attributes,
    }
}

/// Makes the configured provider, and the warnings about its configuration.
///
/// A value that is known only during apply is no error yet, because a plan that needs no call
/// succeeds without it.
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
    let http = match settings.http {
        Ok(http) => http,
        Err(missing) => {
            let missing = Err(NoClient::NoCredentials(missing));
            let space = settings.cust_space_id;
            let cams = Cams::new(missing, space, Some(throttled), clock, random);
            return Ok((cams, settings.warnings));
        }
    };
    let account = account(settings.account_id, &http);
    let client = Client::new(cams::Config {
        account,
        region: settings.region,
        http,
        throttle: throttled.throttle.clone(),
        requests_per_second: throttled.requests_per_second,
        clock: clock.clone(),
        random: random.clone(),
    });
    let client = client.map_err(|failure| {
        Diagnostic::error(
            "HTTP Client Not Usable",
            format!(
                "No HTTP client could be made: {failure}. Check the system's certificates and the \
                 proxy variables."
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
    account_id: Option<String>,
    cust_space_id: Field<String>,
    /// The error says that there are no credentials, which not every operation needs.
    http: Result<HttpSettings, Diagnostic>,
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
            "CAMS is documented to run in {} only, and the region is {}, whose API would be at {}. \
             Check the provider's region and the variables {}.",
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
        let rule = "Configuration and environment are never mixed: all parts must come from the \
             same of the two.";
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

/// The space of resources that name none. It may be known only during apply.
fn cust_space_id(config: &Config, environment: &Environment) -> Result<Field<String>, Diagnostic> {
    if settings::CUST_SPACE_ID.is_unknown(config) {
        return Ok(Field::Unknown);
    }
    let space = settings::CUST_SPACE_ID.read(config, environment)?;
    Ok(space.into())
}

/// The account whose quota the calls count against. Where its id is not set, a hash of the access
/// key stands for it, because the throttle's state can be read by others. An emulator on this
/// machine has quotas of its own, so its host is part of the hash.
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
