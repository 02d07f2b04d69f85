//! Makes the calls of `doctor`, and collects what they show.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use base::clock::Clock;
use base::environment::Environment;
use base::foreign_text::{self, Cleaner};
use base::random::Random;
use base::secret::Secret;
use call_quota::Throttle;
use cams::{Call, Client, Error, ErrorKind, LONG_WAIT, NumberList};

use super::super::block::Config;
use super::super::config;
use super::super::settings as declared;
use super::super::throttling;
use super::arguments::Options;
use super::names::Names;
use super::observations::{Answers, Asked, Observations, Origin, Settings, Space};

/// A number that CAMS takes for a phone number and that no space can have: +44 7700 900999. Ofcom,
/// which assigns the numbers of the United Kingdom, keeps 07700 900000 to 900999 for films and
/// plays, and gives none of them to anybody. Meta's test numbers are in no such range: they begin
/// with 1 555.
const NOBODYS_NUMBER: &str = "447700900999";

/// No phone number: the shortest ones have more than one digit.
const NO_NUMBER: &str = "0";

/// How long one question may take with its repeats.
const PATIENCE: Duration = Duration::from_secs(30);

/// The statuses of rows whose number has left the space.
const GONE: [&str; 2] = ["DELETED", "MIGRATED"];

/// Asks everything there is to ask.
pub(super) async fn observe(
    options: &Options,
    environment: &Environment,
    clock: &Clock,
    random: &Random,
) -> Observations {
    let mut settings = settings(options, environment);
    let configured = config::configure(
        &Config::default(),
        "doctor",
        environment,
        clock.clone(),
        random.clone(),
        LONG_WAIT,
    );
    // The throttle is the client's: in one process, those who name the same store share it.
    let throttled = throttling::configure(&Config::default(), environment);
    if let Ok(throttled) = &throttled {
        settings.scope = Some(throttled.scope);
        let directory = throttled.directory.display().to_string();
        settings.directory = Some(foreign_text::line(&directory));
    }
    let client = configured.and_then(|(cams, _)| cams.client().cloned());
    let client = match client {
        Ok(client) => client,
        Err(problems) => {
            let problems = problems.into_iter().map(|problem| problem.detail);
            settings.problems = problems.collect();
            return Observations {
                names: names(None, &settings, environment),
                settings,
                ..Observations::default()
            };
        }
    };
    let throttle = throttled.ok().map(|throttled| throttled.throttle);
    let mut answers = Answers::default();
    // An answer that ends the questions is an observation too.
    let _ = ask(&client, &settings, &mut answers).await;
    Observations {
        names: names(Some(&client), &settings, environment),
        settings,
        answers,
        clock_ahead: client.service_clock_ahead(),
        credentials: Some(Origin {
            description: client.credentials().describe().to_owned(),
            kind: client.credentials().kind(),
        }),
        access_key_end: client
            .credentials()
            .at_hand()
            .and_then(|key| end(&key.access_key().id)),
        account_trouble: client.account_trouble(),
        quota_trouble: throttle.as_ref().and_then(Throttle::trouble),
        quota_caveats: throttle.as_ref().map(Throttle::caveats).unwrap_or_default(),
    }
}

/// What no report may hold: the secrets that the client signs with and those of the environment,
/// and what is personal in the settings.
fn names(client: Option<&Client>, settings: &Settings, environment: &Environment) -> Names {
    let key = client.and_then(|client| client.credentials().at_hand());
    let key = key.as_ref().map(|key| key.access_key());
    let variables = [
        declared::credentials::SECRET_KEY.variables,
        declared::credentials::SECURITY_TOKEN.variables,
        declared::credentials::OIDC_TOKEN.variables,
    ];
    let addresses = [
        declared::credentials::CREDENTIALS_URI.variables,
        declared::throttle::REDIS_URL.variables,
    ];
    let variables = variables.into_iter().flatten();
    let addresses = addresses.into_iter().flatten();
    let secrets = variables.filter_map(|variable| environment.get(variable));
    let addresses = addresses.filter_map(|variable| environment.get(variable));
    let secrets = secrets.chain(addresses.flat_map(secrets_of));
    let secrets = secrets.chain(key.map(|key| key.secret.expose()));
    let token = key.and_then(|key| key.security_token.as_ref());
    let secrets: Vec<&str> = secrets.chain(token.map(Secret::expose)).collect();
    // The id of a key is no secret, and that of a test may be an ordinary word. The answers that
    // the text quotes are without it.
    let number = settings.number.as_ref().map(ToString::to_string);
    let personal = [
        key.map(|key| key.id.as_str()),
        environment
            .first(declared::credentials::ACCESS_KEY.variables)
            .map(|(_, id)| id),
        environment
            .first(declared::ACCOUNT_ID.variables)
            .map(|(_, id)| id),
        settings.space.as_ref().map(|space| space.id.as_str()),
        number.as_deref(),
    ];
    let personal = secrets
        .iter()
        .copied()
        .chain(personal.into_iter().flatten());
    Names {
        personal: Cleaner::new(personal),
        secrets: Cleaner::new(secrets.iter().copied()),
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

/// The questions cannot go on: every further call would end alike.
struct Hopeless;

/// Asks one question after the other.
async fn ask(client: &Client, settings: &Settings, answers: &mut Answers) -> Result<(), Hopeless> {
    let call = || Call::new(PATIENCE, CancellationToken::new());
    let open_status = client.inspect_open_status(&call()).await;
    note(&mut answers.open_status, open_status)?;
    let Some(Space { id: space, .. }) = &settings.space else {
        return Ok(());
    };
    note(&mut answers.waba, client.inspect_waba(&call(), space).await)?;
    let list = client.inspect_numbers(&call(), space).await;
    note(&mut answers.list, list)?;
    let missing = client.inspect_lookup(&call(), space, NOBODYS_NUMBER).await;
    note(&mut answers.missing, missing)?;
    let malformed = client.inspect_lookup(&call(), space, NO_NUMBER).await;
    note(&mut answers.malformed, malformed)?;
    let named = settings.number.as_ref().map(ToString::to_string);
    let listed = || match &answers.list {
        Some(Ok(list)) => listed_number(&list.value),
        _ => None,
    };
    if let Some(number) = named.or_else(listed) {
        let known = client.inspect_lookup(&call(), space, &number).await;
        note(&mut answers.known, known)?;
    }
    Ok(())
}

/// Keeps an answer, and says whether it is worth asking on.
fn note<T>(
    asked: &mut Asked<T>,
    answer: Result<cams::Inspected<T>, Error>,
) -> Result<(), Hopeless> {
    let hopeless = answer.as_ref().is_err_and(concerns_all);
    *asked = Some(answer);
    if hopeless { Err(Hopeless) } else { Ok(()) }
}

fn concerns_all(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Cancelled
            | ErrorKind::ClockDiffers
            | ErrorKind::Credentials
            | ErrorKind::CredentialsUnavailable
            | ErrorKind::Throttled
            | ErrorKind::TimedOut
            | ErrorKind::Unanswered
            | ErrorKind::Unreachable
            | ErrorKind::Untrusted
    )
}

/// A number that the list shows as there.
fn listed_number(list: &NumberList) -> Option<String> {
    let there = |status: &Option<String>| {
        let status = status.as_deref().unwrap_or_default();
        !GONE.iter().any(|gone| status.eq_ignore_ascii_case(gone))
    };
    let rows = list.rows.iter();
    let mut living = rows.filter(|row| there(&row.status));
    living.find_map(|row| row.phone_number.clone())
}

/// Where the settings come from, whether they are usable or not.
fn settings(options: &Options, environment: &Environment) -> Settings {
    let variable = |names: &[&'static str]| environment.first(names).map(|(name, _)| name);
    let endpoint = config::endpoint(environment).ok();
    let origin = declared::CUST_SPACE_ID.variables;
    let from_environment = || {
        let (origin, id) = environment.first(origin)?;
        let id = id.to_owned();
        Some(Space { id, origin })
    };
    let named = options.space.clone().map(|id| Space {
        id,
        origin: "--space",
    });
    Settings {
        problems: Vec::new(),
        endpoint: endpoint.map(|endpoint| endpoint.to_string()),
        endpoint_variable: variable(declared::ENDPOINT.variables),
        account_variable: variable(declared::ACCOUNT_ID.variables),
        scope: None,
        directory: None,
        space: named.or_else(from_environment),
        number: options.number.clone(),
    }
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
