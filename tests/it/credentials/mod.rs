//! Where credentials come from, over the cases of `tests/interop/credentials.json`, which the
//! official library runs over too.

mod fetching;
mod server;

use std::fs;
use std::path::Path;
use std::time::Duration;

use alibaba_cloud::credentials::{Configured, Credentials, FetchContext, Files, resolve};
use alibaba_cloud::openapi::Network;
use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use base::secret::Secret;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value};

use server::Server;

/// What the cases hold as secrets: no message may show any of them.
const SECRETS: &[&str] = &[
    "env-sk",
    "env-t",
    "file-sk",
    "file-t",
    "ini-sk",
    "jwt",
    "other-sk",
    "session-secret",
    "session-token",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    environment: Map<String, Value>,
    #[serde(default)]
    files: Map<String, Value>,
    #[serde(default)]
    block: Map<String, Value>,
    #[serde(default)]
    servers: Value,
    official: Value,
    ours: Option<Value>,
    reason: Option<String>,
    /// What our error says, among other things.
    says: Option<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_has_the_answer_of_the_official_library_or_a_reason() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/credentials.json"),
    )
    .unwrap();
    let mut file: Map<String, Value> = serde_json::from_str(&text).unwrap();
    let cases: Vec<Case> = serde_json::from_value(file["cases"].take()).unwrap();
    assert!(cases.len() >= 40);
    // Some cases wait before a repeat. More at once would make others wait for longer than they do.
    let failures = stream::iter(cases).map(|case| tokio::spawn(failure(case)));
    let failures: Vec<_> = failures.buffered(8).try_collect().await.unwrap();
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[tokio::test]
async fn files_are_read_again_for_each_session() {
    let server = Server::start(Value::Null).await;
    let home = tempfile::tempdir().unwrap();
    let token = home.path().join("token");
    let environment: Environment = [
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
        ("ALIBABA_CLOUD_ROLE_ARN", "r"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.to_str().unwrap()),
    ]
    .into_iter()
    .collect();
    let configured: Configured = [("sts_endpoint", &*server.url)].into_iter().collect();
    let source = resolve(&configured, &environment, &Files::of_system()).unwrap();
    let credentials = Credentials::new(source, context());
    fs::write(&token, "one\n").unwrap();
    let key = credentials.current().await.unwrap();
    assert!(
        key.access_key().id.contains("/one/"),
        "{:?}",
        key.access_key().id
    );
    fs::write(&token, "two\n").unwrap();
    let key = credentials.renew(&key).await.unwrap().unwrap();
    assert!(
        key.access_key().id.contains("/two/"),
        "{:?}",
        key.access_key().id
    );
    fs::write(&token, "s3cr3t with a space").unwrap();
    let error = credentials.renew(&key).await.unwrap_err().to_string();
    assert!(
        error.contains("is not a token alone") && !error.contains("s3cr3t"),
        "{error}"
    );
}

#[tokio::test]
async fn a_profile_is_read_again_when_its_key_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.json");
    let write = |id: &str| {
        let profile = serde_json::json!({
            "name": "x", "mode": "AK", "access_key_id": id, "access_key_secret": "s",
        });
        let content = serde_json::json!({ "current": "x", "profiles": [profile] });
        fs::write(&file, content.to_string()).unwrap();
    };
    write("old");
    let file = [("shared_credentials_file", file.to_str().unwrap())];
    let configured: Configured = file.into_iter().collect();
    let environment = std::iter::empty::<(String, String)>().collect();
    let source = resolve(&configured, &environment, &Files::of_system()).unwrap();
    let credentials = Credentials::new(source, context());
    let old = credentials.current().await.unwrap();
    write("new");
    assert_eq!(credentials.current().await.unwrap().access_key().id, "old");
    let new = credentials.renew(&old).await.unwrap().unwrap();
    assert_eq!(new.access_key().id, "new");
}

/// What is wrong with a case.
async fn failure(case: Case) -> Option<String> {
    let name = &case.name;
    if case.ours.is_some() != case.reason.is_some() || case.ours.as_ref() == Some(&case.official) {
        return Some(format!("{name}: a difference has a reason, and only that"));
    }
    let server = Server::start(case.servers.clone()).await;
    let home = tempfile::tempdir().unwrap();
    let expected = case.ours.as_ref().unwrap_or(&case.official);
    let (answer, said) = answer(&case, &server.url, home.path()).await;
    if let Some(secret) = SECRETS.iter().find(|secret| said.contains(*secret)) {
        return Some(format!("{name}: {secret} is in {said:?}"));
    }
    if answer != *expected {
        return Some(format!("{name}: {answer} instead of {expected}: {said}"));
    }
    match (answer == "error", case.says) {
        (true, Some(says)) if said.contains(&says) => None,
        (true, Some(says)) => Some(format!("{name}: {said:?} instead of {says:?}")),
        (true, None) => Some(format!("{name}: an error, and no word of what it says")),
        (false, _) => None,
    }
}

/// Our answer, and what was said with it.
async fn answer(case: &Case, server: &str, home: &Path) -> (Value, String) {
    let fill = |text: &str| {
        let text = text.replace("$HOME", home.to_str().unwrap());
        text.replace("$SERVER", server)
    };
    for (path, content) in &case.files {
        let file = home.join(path.strip_prefix("~/").unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let content = content
            .as_str()
            .map_or_else(|| content.to_string(), str::to_owned);
        fs::write(file, fill(&content)).unwrap();
    }
    let metadata = match case.servers.get("metadata") {
        Some(_) => server,
        // Nothing listens there.
        None => "http://127.0.0.1:1",
    };
    let environment: Environment = case
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), fill(value.as_str().unwrap())))
        .chain([
            ("HOME".to_owned(), home.to_str().unwrap().to_owned()),
            ("CAMS_ECS_METADATA_ENDPOINT".to_owned(), metadata.to_owned()),
        ])
        .collect();
    let configured = configured(&case.block, server, &fill);
    let source = match resolve(&configured, &environment, &Files::of_system()) {
        Ok(source) => source,
        Err(problem) => return ("error".into(), format!("{problem} {problem:?}")),
    };
    let said = format!("{} {source:?}", source.describe());
    let temporary = source.is_temporary();
    match Credentials::new(source, context()).current().await {
        Ok(key) => {
            let key = key.access_key();
            let token = key.security_token.as_ref().map(Secret::expose);
            if token.is_some() {
                assert!(temporary, "{}", case.name);
            }
            let (id, secret) = (&key.id, key.secret.expose());
            let answer = serde_json::json!({ "id": id, "secret": secret, "token": token });
            (answer, said)
        }
        Err(error) => ("error".into(), format!("{error} {error:?} {said}")),
    }
}

fn context() -> FetchContext {
    FetchContext {
        clock: Clock::system(),
        random: Random::seeded(1),
        network: Network {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            user_agent: "test".into(),
            ..Network::default()
        },
    }
}

/// The provider block of a case.
fn configured(
    block: &Map<String, Value>,
    server: &str,
    fill: &impl Fn(&str) -> String,
) -> Configured {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), fill);
    let mut arguments = vec![("sts_endpoint".to_owned(), server.to_owned())];
    for (name, value) in block {
        let Some(inner) = value.as_object() else {
            arguments.push((name.clone(), text(value)));
            continue;
        };
        arguments.push((name.clone(), String::new()));
        let inner = inner.iter();
        arguments.extend(inner.map(|(inner, value)| (format!("{name}.{inner}"), text(value))));
    }
    arguments.into_iter().collect()
}
