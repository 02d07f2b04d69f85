//! What the provider block says about credentials, for the chain that finds them.

use alibaba_cloud::credentials::variables::STS_ENDPOINT;
use alibaba_cloud::credentials::{
    Configured, CredentialsError, CredentialsErrorKind, Files, Source, resolve,
};
use base::environment::Environment;
use cams::Endpoint;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};

use super::block::Config;
use super::settings::location;

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

/// The arguments of the provider block.
///
/// Where the API is on this machine, STS is too unless its address is set: no key of an emulator is
/// sent anywhere else.
fn configured(
    config: &Config,
    environment: &Environment,
    region: &str,
    endpoint: &Endpoint,
) -> Result<Configured, Diagnostic> {
    let token = "assume_role_with_oidc.oidc_token";
    let token_file = "assume_role_with_oidc.oidc_token_file";
    if config.text(token).is_some() && config.text(token_file).is_some() {
        return Err(Diagnostic::error(
            "Invalid Provider Configuration",
            "assume_role_with_oidc has both oidc_token and oidc_token_file. Remove one of them: a \
             file can be renewed during a run, a token cannot.",
        )
        .at(location(token)));
    }
    let sts = "sts_endpoint";
    let has_sts = config.text(sts).is_some() || environment.first(STS_ENDPOINT).is_some();
    let emulator = (endpoint.is_loopback() && !has_sts).then(|| endpoint.to_string());
    let blocks = config.0.keys().filter_map(|name| name.split_once('.'));
    let arguments = config.0.iter();
    let arguments =
        arguments.filter_map(|(name, text)| Some((name.as_str(), text.known()?.expose())));
    Ok(blocks
        .map(|(block, _)| (block, ""))
        .chain(arguments)
        .chain([("region", region)])
        .chain(emulator.as_deref().map(|endpoint| (sts, endpoint)))
        .collect())
}

/// The error for an operation that needs a call, where nothing is configured or the last way that
/// is tried unasked has failed.
pub(crate) fn missing(why: &impl ToString) -> Diagnostic {
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
        Some(name) => diagnostic.at(location(name)),
        None => diagnostic,
    }
}
