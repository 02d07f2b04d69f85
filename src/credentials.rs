//! What the provider block says about credentials, for the chain that finds them.

use alibaba_cloud::credentials::{
    AssumeRole, AssumeRoleWithOidc, Configured, CredentialsError, CredentialsErrorKind, Files,
    Source, resolve,
};
use base::environment::Environment;
use cams::Endpoint;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};

use super::block::Config;
use super::setting::Declaration;
use super::settings::{credentials, location};

/// Finds where the credentials come from, with warnings. Reads files, and makes no connection.
///
/// The inner error says that nothing at all is configured.
///
/// # Errors
///
/// If what is configured is wrong.
pub(crate) fn source(
    config: &Config,
    environment: &Environment,
    region: &str,
    endpoint: &Endpoint,
) -> Result<Result<(Source, Diagnostics), Diagnostic>, Diagnostic> {
    let configured = configured(config, environment, region, endpoint)?;
    match resolve(&configured, environment, &Files::of_system()) {
        Ok(source) => {
            tracing::info!("credentials come from {}", source.describe());
            let warning = source.without_effect().map(|text| {
                Diagnostic::warning("Credentials Setting Without Effect", text.to_owned())
            });
            Ok(Ok((source, warning.into_iter().collect())))
        }
        // Reported at a resource, which has no such attribute.
        Err(error) if error.is_missing() => Ok(Err(missing(&error))),
        Err(error) => Err(diagnostic(&error)),
    }
}

/// The values of the provider block.
///
/// Where the API is on this machine, STS is too unless its address is set: no key of an emulator is
/// sent anywhere else.
fn configured(
    config: &Config,
    environment: &Environment,
    region: &str,
    endpoint: &Endpoint,
) -> Result<Configured, Diagnostic> {
    let emulator = || {
        let elsewhere = environment
            .first(credentials::STS_ENDPOINT.variables)
            .is_some();
        (endpoint.is_loopback() && !elsewhere).then(|| endpoint.clone())
    };
    let mut assume_role = None;
    if config.has_block("assume_role") {
        // An empty text has a meaning here only: no variable counts.
        let role_arn = config.attribute(credentials::ROLE_ARN.name).known();
        let none = role_arn.filter(|text| text.is_empty());
        assume_role = Some(AssumeRole {
            role_arn: credentials::ROLE_ARN
                .read(config, environment)?
                .or_else(|| none.map(|_| String::new())),
            session_name: credentials::ROLE_SESSION_NAME.read(config, environment)?,
            policy: credentials::ROLE_POLICY.read(config, environment)?,
            session_expiration: credentials::ROLE_SESSION_EXPIRATION.read(config, environment)?,
            external_id: credentials::ROLE_EXTERNAL_ID.read(config, environment)?,
        });
    }
    let mut assume_role_with_oidc = None;
    if config.has_block("assume_role_with_oidc") {
        let both = [
            credentials::OIDC_TOKEN.name,
            credentials::OIDC_TOKEN_FILE.name,
        ];
        if both.iter().all(|name| config.text(name).is_some()) {
            return Err(Diagnostic::error(
                "Invalid Provider Configuration",
                "assume_role_with_oidc has both oidc_token and oidc_token_file. Remove one of \
                 them: a file can be renewed during a run, a token cannot.",
            )
            .at(credentials::OIDC_TOKEN.location()));
        }
        assume_role_with_oidc = Some(AssumeRoleWithOidc {
            oidc_provider_arn: credentials::OIDC_PROVIDER_ARN.read(config, environment)?,
            role_arn: credentials::OIDC_ROLE_ARN.read(config, environment)?,
            oidc_token: credentials::OIDC_TOKEN.read(config, environment)?,
            oidc_token_file: credentials::OIDC_TOKEN_FILE.read(config, environment)?,
            role_session_name: credentials::OIDC_SESSION_NAME.read(config, environment)?,
            policy: credentials::OIDC_POLICY.read(config, environment)?,
            session_expiration: credentials::OIDC_SESSION_EXPIRATION.read(config, environment)?,
        });
    }
    Ok(Configured {
        access_key: credentials::ACCESS_KEY.read(config, environment)?,
        secret_key: credentials::SECRET_KEY.read(config, environment)?,
        security_token: credentials::SECURITY_TOKEN.read(config, environment)?,
        profile: credentials::PROFILE.read(config, environment)?,
        shared_credentials_file: credentials::SHARED_CREDENTIALS_FILE.read(config, environment)?,
        ecs_role_name: credentials::ECS_ROLE_NAME.read(config, environment)?,
        credentials_uri: credentials::CREDENTIALS_URI.read(config, environment)?,
        assume_role,
        assume_role_with_oidc,
        region: Some(region.to_owned()),
        sts_endpoint: credentials::STS_ENDPOINT
            .read(config, environment)?
            .or_else(emulator),
    })
}

/// The error for an operation that needs a call, where nothing is configured or the last way that
/// is tried unasked has failed.
pub(super) fn missing(why: &impl ToString) -> Diagnostic {
    Diagnostic::error("Missing Credentials", why.to_string())
}

fn diagnostic(error: &CredentialsError) -> Diagnostic {
    let summary = match error.kind() {
        CredentialsErrorKind::Malformed => "Invalid Provider Configuration",
        CredentialsErrorKind::File => "Credentials File Not Usable",
        CredentialsErrorKind::Profile => "Credentials Profile Not Usable",
        _ => "Missing Credentials",
    };
    let diagnostic = Diagnostic::error(summary, error.to_string());
    match error.attribute() {
        Some(names) => diagnostic.at(location(&names.join("."))),
        None => diagnostic,
    }
}
