//! The provider block: its attributes, and what they become together with the environment.

use aws_lc_rs::digest::{SHA256, digest};

use crate::cams::{self, Client, Endpoint, HttpSettings, SignatureMethod};
use crate::clock::Clock;
use crate::credentials::{self, AccessKey, Configured, Problem};
use crate::environment::Environment;
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::schema::{Attribute, Schema};
use crate::model;

use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::path::Path;
use crate::random::Random;
use crate::secret::Secret;
use crate::throttle;

use super::Cams;
use super::claims::Claims;
use super::setting::{Setting, from_str, or_report};
use super::throttling::{self, Throttling};
use super::timing;

/// The region where CAMS is documented to run.
const DEFAULT_REGION: &str = "ap-southeast-1";

const DEFAULT_SIGNATURE_METHOD: &str = "ACS3-HMAC-SHA256";

pub(super) static ACCOUNT_ID: Setting<String> = Setting {
    path: &["account_id"],
    variables: &["ALICLOUD_ACCOUNT_ID", "ALIBABA_CLOUD_ACCOUNT_ID"],
    parse: parse_account_id,
};
pub(super) static CUST_SPACE_ID: Setting<String> = Setting {
    path: &["cust_space_id"],
    variables: &["CAMS_CUST_SPACE_ID"],
    parse: parse_cust_space_id,
};
pub(super) static ENDPOINT: Setting<Endpoint> = Setting {
    path: &["endpoint"],
    variables: &["CAMS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_CAMS"],
    parse: from_str,
};
static REGION: Setting<Region> = Setting {
    path: &["region"],
    variables: &["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"],
    parse: parse_region,
};
static SIGNATURE_METHOD: Setting<SignatureMethod> = Setting {
    path: &["signature_method"],
    variables: &[],
    parse: from_str,
};

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
    let [connect_timeout, read_timeout] = timing::attributes();
    Schema {
        version: 0,
        description: "Moves WhatsApp phone numbers into Alibaba Cloud CAMS (Chat App Message Service).",
        attributes: vec![
            access_key_part("access_key").optional().describe(
                "AccessKey id. Environment: `ALICLOUD_ACCESS_KEY`, `ALIBABA_CLOUD_ACCESS_KEY_ID` or `ALIBABACLOUD_ACCESS_KEY_ID`.",
            ),
            access_key_part("secret_key").optional().sensitive().describe(
                "AccessKey secret. Environment: `ALICLOUD_SECRET_KEY`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` or `ALIBABACLOUD_ACCESS_KEY_SECRET`.",
            ),
            access_key_part("security_token").optional().sensitive().describe(
                "Security token of temporary credentials. Environment: `ALICLOUD_SECURITY_TOKEN`, `ALIBABA_CLOUD_SECURITY_TOKEN` or `ALIBABACLOUD_SECURITY_TOKEN`.",
            ),
            REGION.check(Attribute::string("region")).optional().describe(
                "Region id. Environment: `ALICLOUD_REGION` or `ALIBABA_CLOUD_REGION`. Default value is `ap-southeast-1`.",
            ),
            ENDPOINT.check(Attribute::string("endpoint")).optional().describe(
                "Host or URL of the API in place of the region's own; plain `http` only to this machine. Environment: `CAMS_ENDPOINT` or `ALIBABA_CLOUD_ENDPOINT_CAMS`.",
            ),
            CUST_SPACE_ID.check(Attribute::string("cust_space_id")).optional().describe(
                "Space of resources that set no `cust_space_id` of their own: the id of the ISV sub-customer's space, or of your own instance. Environment: `CAMS_CUST_SPACE_ID`.",
            ),
            SIGNATURE_METHOD.check(Attribute::string("signature_method")).optional().describe(
                "How requests are signed: `ACS3-HMAC-SHA256` or `HMAC-SHA1`, the older form. Default value is `ACS3-HMAC-SHA256`.",
            ),
            ACCOUNT_ID.check(Attribute::string("account_id")).optional().describe(
                "Alibaba Cloud account id, digits only. The call quota is the account's: set this where several access keys of one account are in use, so that they share it. Environment: `ALICLOUD_ACCOUNT_ID` or `ALIBABA_CLOUD_ACCOUNT_ID`.",
            ),
            connect_timeout,
            read_timeout,
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
    let unknown = unknown(config);
    if unknown.has_errors() {
        let cust_space_id = cust_space_id(config, environment)?;
        return Ok((
            Cams::new(Err(unknown), cust_space_id, Claims::default(), clock),
            Diagnostics::default(),
        ));
    }
    let (settings, throttled) = both(
        settings(config, terraform_version, environment),
        throttling::configure(&config.throttle, environment),
    )?;
    let account = account(settings.account_id, &settings.http);
    let claims = Claims::new(throttle::state_directory(environment));
    let client = Client::new(cams::Config {
        account,
        region: settings.region,
        http: settings.http,
        throttle: throttled.throttle,
        requests_per_second: throttled.requests_per_second,
        clock: clock.clone(),
        random,
    });
    let client = client.map_err(|failure| {
        Diagnostic::error(
            "HTTP Client Not Usable",
            format!("No HTTP client could be made: {failure}. Check the system's certificates and the proxy variables."),
        )
    })?;
    Ok((
        Cams::new(Ok(client), settings.cust_space_id, claims, clock),
        Diagnostics::default(),
    ))
}

/// An error for each attribute that the client needs and that only apply will tell.
fn unknown(config: &Config) -> Diagnostics {
    let throttle = &config.throttle;
    let attributes = [
        ("access_key", config.access_key.is_unknown()),
        ("account_id", config.account_id.is_unknown()),
        (
            "client_connect_timeout",
            config.client_connect_timeout.is_unknown(),
        ),
        (
            "client_read_timeout",
            config.client_read_timeout.is_unknown(),
        ),
        ("endpoint", config.endpoint.is_unknown()),
        ("region", config.region.is_unknown()),
        ("secret_key", config.secret_key.is_unknown()),
        ("security_token", config.security_token.is_unknown()),
        ("signature_method", config.signature_method.is_unknown()),
        (
            "throttle",
            throttle.is_unknown() || throttle.known().is_some_and(Throttling::is_unknown),
        ),
    ];
    let unknown = attributes.into_iter().filter(|(_, unknown)| *unknown);
    unknown
        .map(|(name, _)| {
            Diagnostic::error(
                "Provider Configuration Not Known Yet",
                format!(
                    "The provider's {name} depends on something that is known only after apply, but the API must be called \
                     now. Apply the source of the value first (terraform apply -target=…), set {name} to a fixed value, or \
                     use its environment variable."
                ),
            )
        })
        .collect()
}

/// Where the API is by the environment alone.
pub(super) fn endpoint(environment: &Environment) -> Result<Endpoint, Diagnostic> {
    let none = Field::<String>::Null;
    match ENDPOINT.read(&none, environment)? {
        Some(endpoint) => Ok(endpoint),
        None => Ok(REGION.read_or(DEFAULT_REGION, &none, environment)?.endpoint),
    }
}

/// What one HTTP attempt needs, against whom it counts, and what it is about.
struct Settings {
    account_id: Option<String>,
    cust_space_id: Field<String>,
    http: HttpSettings,
    region: String,
}

fn settings(
    config: &Config,
    terraform_version: &str,
    environment: &Environment,
) -> Result<Settings, Diagnostics> {
    let mut found = Diagnostics::default();
    let access_key = access_key(config, environment);
    let account_id = ACCOUNT_ID.read(&config.account_id, environment);
    let cust_space_id = cust_space_id(config, environment);
    let endpoint = ENDPOINT.read(&config.endpoint, environment);
    let region = REGION.read_or(DEFAULT_REGION, &config.region, environment);
    let signature_method = &config.signature_method;
    let signature_method =
        SIGNATURE_METHOD.read_or(DEFAULT_SIGNATURE_METHOD, signature_method, environment);
    let connect_timeout = &config.client_connect_timeout;
    let connect_timeout =
        timing::CONNECT.read_or(timing::DEFAULT_CONNECT, connect_timeout, environment);
    let read_timeout = &config.client_read_timeout;
    let read_timeout = timing::READ.read_or(timing::DEFAULT_READ, read_timeout, environment);
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
        or_report(access_key, &mut found),
        or_report(account_id, &mut found),
        or_report(cust_space_id, &mut found),
        or_report(endpoint, &mut found),
        or_report(region, &mut found),
        or_report(signature_method, &mut found),
        or_report(connect_timeout, &mut found),
        or_report(read_timeout, &mut found),
    )
    else {
        return Err(found);
    };
    Ok(Settings {
        account_id,
        cust_space_id,
        http: HttpSettings {
            endpoint: endpoint.unwrap_or(region.endpoint),
            access_key,
            signature_method,
            connect_timeout,
            read_timeout,
            user_agent: format!(
                "terraform-provider-cams/{} Terraform/{terraform_version}",
                env!("CARGO_PKG_VERSION")
            ),
        },
        region: region.id,
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
    credentials::resolve(configured, environment).map_err(|problem| {
        let key = format!("access_key (or {})", credentials::ACCESS_KEY.join(", "));
        let secret = format!("secret_key (or {})", credentials::SECRET_KEY.join(", "));
        let token = format!("security_token (or {})", credentials::SECURITY_TOKEN.join(", "));
        let (attribute, what) = match problem {
            Problem::MalformedId => return malformed("access_key", &key),
            Problem::MalformedSecret => return malformed("secret_key", &secret),
            Problem::MalformedToken => return malformed("security_token", &token),
            Problem::Missing => ("access_key", format!("No credentials are set. Set {key} and {secret}")),
            Problem::MissingId => ("access_key", format!("There is a secret key or token without its access key. Set {key}")),
            Problem::MissingSecret => ("secret_key", format!("There is an access key without its secret. Set {secret}")),
        };
        let rule = "Configuration and environment are never mixed: all parts must come from the same of the two.";
        Diagnostic::error("Missing Credentials", format!("{what}. {rule}")).at(Path::root().attribute(attribute))
    })
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
    if config.cust_space_id.is_unknown() {
        return Ok(Field::Unknown);
    }
    CUST_SPACE_ID
        .read(&config.cust_space_id, environment)
        .map(Field::from)
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

/// A region, and where its API is.
struct Region {
    id: String,
    endpoint: Endpoint,
}

fn parse_region(text: &str) -> Result<Region, String> {
    let endpoint = Endpoint::of_region("cams", text)
        .ok_or_else(|| "expected a region id, such as ap-southeast-1".to_owned())?;
    Ok(Region {
        id: text.to_owned(),
        endpoint,
    })
}

fn parse_account_id(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected the digits of the account id".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_cust_space_id(text: &str) -> Result<String, String> {
    if text.is_empty() || text.trim() != text {
        return Err("expected a space id without white space around it; leave it out if each resource names its own".to_owned());
    }
    Ok(text.to_owned())
}

/// The attribute of a part of the access key. An empty one counts as none: a variable's default, often.
fn access_key_part(name: &'static str) -> Attribute {
    Attribute::string(name).validate(move |value, _, found| {
        let wrong = |text: &str| !text.is_empty() && !credentials::is_well_formed(text);
        if value.as_str().is_some_and(wrong) {
            found.push(malformed(name, name));
        }
    })
}
