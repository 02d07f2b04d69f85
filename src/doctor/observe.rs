//! Makes the calls of `doctor`, and collects what they show, without any judgement.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use alibaba_cloud::credentials::variables;
use base::environment::Environment;
use base::foreign_text::{self, Cleaner};
use base::secret::Secret;
use call_quota::Caveats;
use cams::phone::PhoneNumber;
use cams::{Bounds, Client, ErrorKind};
use terraform_plugin::framework::diagnostic::Diagnostics;

use crate::block::Config;
use crate::config::{self, CamsProvider};
use crate::settings::{self, throttle};
use crate::throttling;

use super::answers::{Answers, Probe, text};
use super::arguments::Options;
use super::names::Names;

/// A number that CAMS takes for a phone number and that no space can have: +44 7700 900999. Ofcom,
/// which assigns the numbers of the United Kingdom, keeps 07700 900000 to 900999 for films and
/// plays, and assigns none of them. Meta's test numbers are in no such range: they begin with
/// 1 555.
const UNASSIGNED: &str = "447700900999";

/// No phone number: the shortest ones have more than one digit.
const NO_NUMBER: &str = "0";

/// How long one question may take with its repeats.
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    /// Why no client can be made of the settings, in the provider's words.
    pub(crate) problems: Diagnostics,
    /// The URL of the API, if the settings name a usable one.
    pub(crate) endpoint: Option<String>,
    /// The variable that it comes from. `None` for the endpoint of the region.
    pub(crate) endpoint_variable: Option<&'static str>,
    /// The variable with the account's id.
    pub(crate) account_variable: Option<&'static str>,
    /// Who shares the quota, and where the processes of this machine share it, if that could be
    /// read.
    pub(crate) scope: Option<(throttle::Scope, String)>,
    /// The variable or the argument that names the space, and the id of the space.
    pub(crate) space: Option<(&'static str, String)>,
    /// A number that is said to be migrating.
    pub(crate) number: Option<PhoneNumber>,
    pub(crate) answers: Answers,
    /// By how many seconds the service's clock is ahead; `None` if no answer had a date.
    pub(crate) clock_ahead: Option<i64>,
    /// Where the credentials come from, in words with the name of a profile and the path of a file,
    /// and what kind of place it is, without any name.
    pub(crate) credentials: Option<(String, &'static str)>,
    /// The last four characters of the access key id that signed, unless it is too short to be
    /// masked.
    pub(crate) access_key_end: Option<String>,
    /// Why the store of the shared quota cannot be used.
    pub(crate) quota_trouble: Option<String>,
    /// What is not as it should be with the store of the shared quota.
    pub(crate) quota_caveats: Caveats,
    /// Why the access key stands for the account.
    pub(crate) account_trouble: Option<String>,
    /// Knows what no report may hold.
    pub(crate) names: Names,
}

/// Asks everything that can be asked.
pub(crate) async fn observe(options: &Options, provider: &CamsProvider) -> Observations {
    let environment = &provider.environment;
    let variable = |names: &[&'static str]| environment.first(names).map(|(name, _)| name);
    let space = match &options.space {
        Some(id) => Some(("--space", id.as_str())),
        None => environment.first(settings::CUST_SPACE_ID.variables),
    };
    let endpoint = config::endpoint(environment).ok();
    let mut seen = Observations {
        endpoint: endpoint.map(|endpoint| endpoint.to_string()),
        endpoint_variable: variable(settings::ENDPOINT.variables),
        account_variable: variable(settings::ACCOUNT_ID.variables),
        space: space.map(|(origin, id)| (origin, id.to_owned())),
        number: options.number.clone(),
        ..Observations::default()
    };
    let configured = config::configure(provider, &Config::default(), "doctor");
    let client = configured.and_then(|(cams, _)| cams.client().cloned());
    match &client {
        Ok(client) => {
            seen.answers = ask(client, &seen).await;
            seen.clock_ahead = client.clock().observed();
            let source = client.credentials().source();
            seen.credentials = Some((source.describe().to_owned(), source.kind()));
            let key = client.credentials().cached();
            seen.access_key_end = key.and_then(|key| end(&key.access_key().id));
            seen.account_trouble = client.account().trouble();
        }
        Err(problems) => seen.problems = problems.clone(),
    }
    // In one process, all that name the same store share it: this is the client's throttle.
    if let Ok(throttled) = throttling::configure(&Config::default(), environment) {
        let directory = foreign_text::line(&throttled.directory.display().to_string());
        seen.scope = Some((throttled.scope, directory));
        seen.quota_trouble = throttled.throttle.trouble();
        seen.quota_caveats = throttled.throttle.caveats();
    }
    seen.names = names(client.as_ref().ok(), &seen, environment);
    seen
}

/// Asks one question after the other, until an error shows that every further call would fail in
/// the same way.
async fn ask(client: &Client, seen: &Observations) -> Answers {
    let mut answers = Answers::default();
    for &probe in Probe::ALL {
        let mut parameters = Vec::new();
        if probe != Probe::OpenStatus {
            let Some((_, space)) = &seen.space else { break };
            parameters.push(("CustSpaceId", space.clone()));
        }
        let own = || seen.number.as_ref().map(PhoneNumber::to_string);
        let number = match probe {
            Probe::OpenStatus | Probe::Waba | Probe::Numbers => None,
            Probe::MissingNumber => Some(UNASSIGNED.to_owned()),
            Probe::NoNumber => Some(NO_NUMBER.to_owned()),
            Probe::OwnNumber => match own().or_else(|| listed_number(&answers)) {
                Some(number) => Some(number),
                None => break,
            },
        };
        parameters.extend(number.map(|number| ("PhoneNumber", number)));
        let bounds = Bounds::new(PROBE_TIMEOUT, CancellationToken::new());
        let outcome = probe.ask(client, &bounds, parameters).await;
        let is_last = outcome.as_ref().is_err_and(|error| match error.kind {
            // Permissions are checked before the subscription, so further calls show them.
            ErrorKind::NotSubscribed => false,
            ErrorKind::Throttled | ErrorKind::Unanswered => true,
            kind => kind.ends_the_operation(),
        });
        answers.0.push((probe, outcome));
        if is_last {
            break;
        }
    }
    answers
}

/// A number that the list shows, and whose status does not say that it has left the space.
fn listed_number(answers: &Answers) -> Option<String> {
    let number = answers.rows()?.iter().find_map(|row| {
        let status = text(row, "Status").unwrap_or_default();
        let left = ["DELETED", "MIGRATED"];
        let there = !left.iter().any(|left| status.eq_ignore_ascii_case(left));
        text(row, "PhoneNumber").filter(|_| there)
    })?;
    Some(number.trim_start_matches('+').to_owned())
}

/// What no report may hold: the secrets that the client signs with and those of the environment,
/// and what is personal in the settings.
fn names(client: Option<&Client>, seen: &Observations, environment: &Environment) -> Names {
    let value = |name: &&str| environment.get(name);
    let set = |variables: &'static [&'static str]| variables.iter().filter_map(value);
    let key = client.and_then(|client| client.credentials().cached());
    let key = key.as_ref().map(|key| key.access_key());
    let token = key.and_then(|key| key.security_token.as_ref());
    let secrets: Vec<&str> = set(variables::SECRET_KEY)
        .chain(set(variables::SECURITY_TOKEN))
        .chain(set(variables::OIDC_TOKEN))
        .chain(set(variables::CREDENTIALS_URI).flat_map(secrets_of))
        .chain(set(throttle::REDIS_URL.variables).flat_map(secrets_of))
        .chain(key.map(|key| key.secret.expose()))
        .chain(token.map(Secret::expose))
        .collect();
    // The id of a key is no secret, and that of a test may be an ordinary word. The answers that
    // the text quotes are without it.
    let number = seen.number.as_ref().map(PhoneNumber::to_string);
    let personal = set(variables::ACCESS_KEY)
        .chain(set(settings::ACCOUNT_ID.variables))
        .chain(key.map(|key| key.id.as_str()))
        .chain(seen.space.as_ref().map(|(_, id)| id.as_str()))
        .chain(number.as_deref())
        .chain(secrets.iter().copied());
    Names {
        personal: Cleaner::new(personal),
        secrets: Cleaner::new(secrets),
    }
}

/// What may be secret of an address: the password, and what stands behind the host. The host is in
/// messages that tell what does not work.
fn secrets_of(address: &str) -> [&str; 2] {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let (user, _) = authority.rsplit_once('@').unwrap_or_default();
    let (_, password) = user.split_once(':').unwrap_or_default();
    [password, behind]
}

/// The last four characters of what is at least twice as long.
fn end(text: &str) -> Option<String> {
    let length = text.chars().count();
    (length >= 8).then(|| text.chars().skip(length - 4).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_no_secret() {
        for (address, secrets) in [
            ("redis://:s3cr3t@redis.example.com:6379/0", ["s3cr3t", "/0"]),
            ("rediss://user:p@w:d@redis.example.com", ["p@w:d", ""]),
            ("http://127.0.0.1:8080?token=s3cr3t", ["", "?token=s3cr3t"]),
            ("redis.example.com:6379", ["", ""]),
        ] {
            assert_eq!(secrets_of(address), secrets);
        }
    }
}
