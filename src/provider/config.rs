//! The provider block: its attributes, and what they become together with the environment.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

use crate::cams::{self, Client, Endpoint, HttpSettings, SignatureMethod};
use crate::clock::Clock;
use crate::credentials::{self, AccessKey, Configured, Missing};
use crate::environment::Environment;
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::schema::{Attribute, Schema};
use crate::model;

use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::path::Path;
use crate::framework::value::Value;
use crate::random::Random;
use crate::secret::Secret;
use crate::throttle;

use super::Cams;
use super::claims::Claims;
use super::throttling::{self, Throttling};
use super::timing;

/// The region where CAMS is documented to run.
pub const DEFAULT_REGION: &str = "ap-southeast-1";

const NOT_A_REGION: &str = "expected a region id, such as ap-southeast-1";

const REGION: &[&str] = &["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"];
const ENDPOINT: &[&str] = &["CAMS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_CAMS"];
const ACCOUNT_ID: &[&str] = &["ALICLOUD_ACCOUNT_ID", "ALIBABA_CLOUD_ACCOUNT_ID"];
const CUST_SPACE_ID: &[&str] = &["CAMS_CUST_SPACE_ID"];

model! {
    /// The provider block.
    pub struct Config {
        /// Which access key signs.
        pub access_key: String,
        /// The access key's secret.
        pub secret_key: String,
        /// The token of temporary credentials.
        pub security_token: String,
        /// Where CAMS runs.
        pub region: String,
        /// Another address for the API.
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

/// The attributes of the provider block.
pub fn schema() -> Schema {
    Schema {
        version: 0,
        description: "Moves WhatsApp phone numbers into Alibaba Cloud CAMS (Chat App Message Service).",
        attributes: vec![
            Attribute::string("access_key").optional().describe(
                "AccessKey id. Environment: `ALICLOUD_ACCESS_KEY`, `ALIBABA_CLOUD_ACCESS_KEY_ID` or `ALIBABACLOUD_ACCESS_KEY_ID`.",
            ),
            Attribute::string("secret_key").optional().sensitive().describe(
                "AccessKey secret. Environment: `ALICLOUD_SECRET_KEY`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` or `ALIBABACLOUD_ACCESS_KEY_SECRET`.",
            ),
            Attribute::string("security_token").optional().sensitive().describe(
                "Security token of temporary credentials. Environment: `ALICLOUD_SECURITY_TOKEN`, `ALIBABA_CLOUD_SECURITY_TOKEN` or `ALIBABACLOUD_SECURITY_TOKEN`.",
            ),
            Attribute::string("region").optional().validate(validate_region).describe(
                "Region id. Environment: `ALICLOUD_REGION` or `ALIBABA_CLOUD_REGION`. Default value is `ap-southeast-1`.",
            ),
            Attribute::string("endpoint").optional().validate(validate_endpoint).describe(
                "Host or URL of the API in place of the region's own; plain `http` only to this machine. Environment: `CAMS_ENDPOINT` or `ALIBABA_CLOUD_ENDPOINT_CAMS`.",
            ),
            Attribute::string("cust_space_id").optional().validate(super::validators::not_blank).describe(
                "Space of resources that set no `cust_space_id` of their own: the id of the ISV sub-customer's space, or of your own instance. Environment: `CAMS_CUST_SPACE_ID`.",
            ),
            Attribute::string("signature_method").optional().validate(validate_signature_method).describe(
                "How requests are signed: `ACS3-HMAC-SHA256` or `HMAC-SHA1`, the older form. Default value is `ACS3-HMAC-SHA256`.",
            ),
            Attribute::string("account_id").optional().validate(validate_account_id).describe(
                "Alibaba Cloud account id, digits only. The call quota is the account's: set this where several access keys of one account are in use, so that they share it. Environment: `ALICLOUD_ACCOUNT_ID` or `ALIBABA_CLOUD_ACCOUNT_ID`.",
            ),
            timing::CONNECT.attribute(
                "Milliseconds until a connection to the API is made. Raise it behind a slow proxy. Environment: \
                 `CLIENT_CONNECT_TIMEOUT`. Default value is `10000`.",
            ),
            timing::READ.attribute(
                "Milliseconds until the whole answer to a request is there. What a request without an answer did is found out \
                 afterwards, so lower it only if the API hangs. Environment: `CLIENT_READ_TIMEOUT`. Default value is `60000`.",
            ),
            throttling::attribute(),
        ],
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
    let cust_space_id = or_environment(&config.cust_space_id, environment, CUST_SPACE_ID);
    let unknown = unknown(config);
    if unknown.has_errors() {
        return Ok((
            Cams::new(Err(unknown), cust_space_id, Claims::default()),
            Diagnostics::default(),
        ));
    }
    let (http, throttled) = both(
        settings(config, terraform_version, environment),
        throttling::configure(&config.throttle, environment),
    )?;
    let account = account(
        &or_environment(&config.account_id, environment, ACCOUNT_ID),
        &http,
    );
    let claims = Claims::new(throttle::state_directory(environment), &account);
    let client = Client::new(cams::Config {
        account,
        region: text(
            &or_environment(&config.region, environment, REGION),
            DEFAULT_REGION,
        ),
        http,
        throttle: throttled.throttle,
        requests_per_second: throttled.requests_per_second,
        clock,
        random,
    });
    let client = client.map_err(|failure| {
        Diagnostic::error(
            "HTTP Client Not Usable",
            format!("No HTTP client could be made: {failure}. Check the system's certificates and the proxy variables."),
        )
    })?;
    Ok((
        Cams::new(Ok(client), cust_space_id, claims),
        Diagnostics::default(),
    ))
}

/// An error for each attribute that the client needs and that only apply will tell.
fn unknown(config: &Config) -> Diagnostics {
    let mut found = Diagnostics::default();
    for (name, value) in [
        ("access_key", &config.access_key),
        ("secret_key", &config.secret_key),
        ("security_token", &config.security_token),
        ("region", &config.region),
        ("endpoint", &config.endpoint),
        ("signature_method", &config.signature_method),
        ("account_id", &config.account_id),
    ] {
        if value.is_unknown() {
            found.push(Diagnostic::error(
                "Provider Configuration Not Known Yet",
                format!(
                    "The provider's {name} depends on something that is known only after apply, but the API must be called \
                     now. Apply the source of the value first (terraform apply -target=…), set {name} to a fixed value, or \
                     use its environment variable."
                ),
            ));
        }
    }
    found
}

fn settings(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
) -> Result<HttpSettings, Diagnostics> {
    let mut found = Diagnostics::default();
    let access_key = access_key(config, environment)
        .map_err(|missing| found.push(missing))
        .ok();
    let endpoint = endpoint(config, environment)
        .map_err(|wrong| found.push(wrong))
        .ok();
    let signature_method = text(&config.signature_method, "ACS3-HMAC-SHA256").parse();
    let signature_method = signature_method
        .map_err(|wrong| found.push(invalid("signature_method", &wrong)))
        .ok();
    let mut timeout = |timeout: timing::Timeout, configured| {
        let timeout = timeout.configure(configured, environment);
        timeout.map_err(|wrong| found.push(wrong)).ok()
    };
    let connect_timeout = timeout(timing::CONNECT, &config.client_connect_timeout);
    let read_timeout = timeout(timing::READ, &config.client_read_timeout);
    let (
        Some(access_key),
        Some(endpoint),
        Some(signature_method),
        Some(connect_timeout),
        Some(read_timeout),
    ) = (
        access_key,
        endpoint,
        signature_method,
        connect_timeout,
        read_timeout,
    )
    else {
        return Err(found);
    };
    Ok(HttpSettings {
        endpoint,
        access_key,
        signature_method,
        connect_timeout,
        read_timeout,
        user_agent: format!(
            "terraform-provider-cams/{} Terraform/{terraform_version}",
            env!("CARGO_PKG_VERSION")
        ),
    })
}

fn access_key(config: &Config, environment: &Environment) -> Result<AccessKey, Diagnostic> {
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
    credentials::resolve(configured, environment).map_err(|missing| {
        let key = format!("access_key (or {})", credentials::ACCESS_KEY.join(", "));
        let secret = format!("secret_key (or {})", credentials::SECRET_KEY.join(", "));
        let (attribute, what) = match missing {
            Missing::All => ("access_key", format!("No credentials are set. Set {key} and {secret}")),
            Missing::Id => ("access_key", format!("There is a secret key or token without its access key. Set {key}")),
            Missing::Secret => ("secret_key", format!("There is an access key without its secret. Set {secret}")),
        };
        let rule = "Configuration and environment are never mixed: all parts must come from the same of the two.";
        Diagnostic::error("Missing Credentials", format!("{what}. {rule}")).at(Path::root().attribute(attribute))
    })
}

fn endpoint(config: &Config, environment: &Environment) -> Result<Endpoint, Diagnostic> {
    let region = text(
        &or_environment(&config.region, environment, REGION),
        DEFAULT_REGION,
    );
    match or_environment(&config.endpoint, environment, ENDPOINT).text() {
        Some(endpoint) => endpoint
            .parse()
            .map_err(|wrong| invalid("endpoint", &wrong)),
        None => {
            Endpoint::of_region("cams", &region).ok_or_else(|| invalid("region", &NOT_A_REGION))
        }
    }
}

/// Whom the quota is counted against. What stands for an account whose id nobody told is a hash, because the throttle's
/// state shows it to others; an emulator on this machine has quotas of its own.
fn account(account_id: &Field<String>, http: &HttpSettings) -> String {
    if let Some(account_id) = account_id.text() {
        return account_id.to_owned();
    }
    let local = if http.endpoint.is_loopback() {
        http.endpoint.host()
    } else {
        ""
    };
    let hash = digest(
        &SHA256,
        format!("{}@{local}", http.access_key.id).as_bytes(),
    );
    hash.as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
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

fn or_environment(
    configured: &Field<String>,
    environment: &Environment,
    names: &[&str],
) -> Field<String> {
    match (configured, environment.first(names)) {
        (Field::Null, Some((_, value))) => value.into(),
        _ => configured.clone(),
    }
}

fn text(field: &Field<String>, default: &str) -> String {
    field.text().unwrap_or(default).to_owned()
}

fn validate_account_id(value: &Value, path: &Path, found: &mut Diagnostics) {
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if value.as_str().is_some_and(|id| !digits(id)) {
        found
            .push(invalid("account_id", &"expected the digits of the account id").at(path.clone()));
    }
}

fn validate_region(value: &Value, path: &Path, found: &mut Diagnostics) {
    if value
        .as_str()
        .is_some_and(|region| Endpoint::of_region("cams", region).is_none())
    {
        found.push(invalid("region", &NOT_A_REGION).at(path.clone()));
    }
}

fn validate_endpoint(value: &Value, path: &Path, found: &mut Diagnostics) {
    if let Some(Err(wrong)) = value.as_str().map(str::parse::<Endpoint>) {
        found.push(invalid("endpoint", &wrong).at(path.clone()));
    }
}

fn validate_signature_method(value: &Value, path: &Path, found: &mut Diagnostics) {
    if let Some(Err(wrong)) = value.as_str().map(str::parse::<SignatureMethod>) {
        found.push(invalid("signature_method", &wrong).at(path.clone()));
    }
}

/// The value itself is left out: a mistaken endpoint can hold a password.
fn invalid(attribute: &str, wrong: &dyn fmt::Display) -> Diagnostic {
    Diagnostic::error(
        "Invalid Provider Configuration",
        format!("{attribute} is not usable: {wrong}."),
    )
    .at(Path::root().attribute(attribute))
}
