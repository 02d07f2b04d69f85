//! What the provider block says about credentials, for the chain that finds them.

use alibaba_cloud::credentials::{
    AssumeRole, AssumeRoleWithOidc, Configured, Files, Problem, ProblemKind, Source, resolve,
};
use base::environment::Environment;
use cams::Endpoint;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};

use super::block::Config;
use super::setting::{Declaration, Setting, or_report};
use super::settings;

/// Finds what the credentials come from. Reads files, and makes no connection.
///
/// The inner error says that nothing at all is configured; the outer one holds everything that is
/// wrong with what is.
pub(super) fn find(
    configured: &Configured,
    environment: &Environment,
    files: &Files,
) -> Result<Result<(Source, Diagnostics), Diagnostic>, Diagnostics> {
    match resolve(configured, environment, files) {
        Ok(source) => {
            tracing::info!("credentials come from {}", source.describe());
            let passed_over = source.passed_over().map(|text| {
                Diagnostic::warning("Credentials Setting Without Effect", text.to_owned())
            });
            Ok(Ok((source, passed_over.into_iter().collect())))
        }
        // Told at a resource, which has no such attribute.
        Err(problem) if problem.is_missing() => Ok(Err(missing(&problem))),
        Err(problem) => Err(diagnostic(&problem).into()),
    }
}

/// The values of the provider block, or everything that is wrong with them.
///
/// Where the API is on this machine, so is STS unless somebody says otherwise: no key of an
/// emulator is sent anywhere else.
pub(super) fn configured(
    config: &Config,
    environment: &Environment,
    region: Option<&str>,
    endpoint: Option<&Endpoint>,
) -> Result<Configured, Diagnostics> {
    let mut wrong = Diagnostics::default();
    let errors = &mut wrong;
    let emulator = || {
        let local = endpoint.filter(|endpoint| endpoint.is_loopback())?;
        let elsewhere = environment.first(settings::STS_ENDPOINT.variables);
        elsewhere.is_none().then(|| local.clone())
    };
    let assume_role = config.assume_role.known().map(|block| AssumeRole {
        // An empty text has a meaning here only: no variable counts.
        role_arn: match block.role_arn.known() {
            Some(none) if none.is_empty() => Some(String::new()),
            _ => value(&settings::ROLE_ARN, config, errors),
        },
        session_name: value(&settings::ROLE_SESSION_NAME, config, errors),
        policy: value(&settings::ROLE_POLICY, config, errors),
        session_expiration: value(&settings::ROLE_SESSION_EXPIRATION, config, errors),
        external_id: value(&settings::ROLE_EXTERNAL_ID, config, errors),
    });
    let oidc = config.assume_role_with_oidc.known();
    let assume_role_with_oidc = oidc.map(|_| AssumeRoleWithOidc {
        oidc_provider_arn: value(&settings::OIDC_PROVIDER_ARN, config, errors),
        role_arn: value(&settings::OIDC_ROLE_ARN, config, errors),
        oidc_token: value(&settings::OIDC_TOKEN, config, errors),
        oidc_token_file: value(&settings::OIDC_TOKEN_FILE, config, errors),
        role_session_name: value(&settings::OIDC_SESSION_NAME, config, errors),
        policy: value(&settings::OIDC_POLICY, config, errors),
        session_expiration: value(&settings::OIDC_SESSION_EXPIRATION, config, errors),
    });
    if let Some(oidc) = &assume_role_with_oidc
        && oidc.oidc_token.is_some()
        && oidc.oidc_token_file.is_some()
    {
        errors.push(
            Diagnostic::error(
                "Invalid Provider Configuration",
                "assume_role_with_oidc has both oidc_token and oidc_token_file. Remove one of \
                 them: a file can be renewed during a run, a token cannot.",
            )
            .at(settings::OIDC_TOKEN.place()),
        );
    }
    let configured = Configured {
        access_key: value(&settings::ACCESS_KEY, config, errors),
        secret_key: value(&settings::SECRET_KEY, config, errors),
        security_token: value(&settings::SECURITY_TOKEN, config, errors),
        profile: value(&settings::PROFILE, config, errors),
        shared_credentials_file: value(&settings::SHARED_CREDENTIALS_FILE, config, errors),
        ecs_role_name: value(&settings::ECS_ROLE_NAME, config, errors),
        credentials_uri: value(&settings::CREDENTIALS_URI, config, errors),
        assume_role,
        assume_role_with_oidc,
        region: region.map(str::to_owned),
        sts_endpoint: value(&settings::STS_ENDPOINT, config, errors).or_else(emulator),
    };
    if wrong.has_errors() {
        return Err(wrong);
    }
    Ok(configured)
}

/// The error for an operation that needs a call, where nothing is configured or the last way that
/// is tried unasked has failed.
pub(super) fn missing(why: &impl ToString) -> Diagnostic {
    Diagnostic::error("Missing Credentials", why.to_string())
}

/// The value in the provider block. The environment is the chain's: whatever it finds there comes
/// after what the block names.
fn value<T: 'static>(setting: &Setting<T>, config: &Config, errors: &mut Diagnostics) -> Option<T> {
    or_report(setting.in_block(config), errors).flatten()
}

fn diagnostic(problem: &Problem) -> Diagnostic {
    let summary = match problem.kind() {
        ProblemKind::Missing | ProblemKind::Incomplete => "Missing Credentials",
        ProblemKind::Malformed => "Invalid Provider Configuration",
        ProblemKind::File => "Credentials File Not Usable",
        ProblemKind::Profile => "Credentials Profile Not Usable",
    };
    let diagnostic = Diagnostic::error(summary, problem.to_string());
    match problem.attribute() {
        Some(names) => diagnostic.at(settings::place(names)),
        None => diagnostic,
    }
}
