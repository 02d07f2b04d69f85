//! What is made of answers that are no credentials, and whose account a key is.

use std::path::Path;
use std::time::{Duration, SystemTime};

use alibaba_cloud::credentials::{
    AccountAnswer, Configured, Credentials, CredentialsErrorKind, FetchContext, Files, resolve,
};
use base::clock::Clock;
use serde_json::{Value, json};

use super::context;
use super::server::Server;

const SECRET: &str = "k6VtR2pQ9sXw4yZa";

/// Credentials of a role that is assumed by a key.
fn of_role(server: &Server, context: FetchContext) -> Credentials {
    let arguments = [
        ("access_key", "LTAI5tBase"),
        ("secret_key", SECRET),
        ("assume_role.role_arn", "acs:ram::1:role/r"),
    ];
    made(server, &arguments, context)
}

/// Credentials from an address with a password.
fn of_address(server: &Server) -> Credentials {
    let url = format!("{}/creds?password={SECRET}", server.url);
    made(server, &[("credentials_uri", &url)], context())
}

fn made(server: &Server, arguments: &[(&str, &str)], context: FetchContext) -> Credentials {
    let sts = [("sts_endpoint", server.url.as_str())];
    let configured: Configured = arguments.iter().copied().chain(sts).collect();
    let environment = std::iter::empty::<(String, String)>().collect();
    let source = resolve(&configured, &environment, &Files::of_system()).unwrap();
    Credentials::new(source, context)
}

async fn server(script: Value) -> Server {
    Server::start(json!({ "script": script })).await
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    let throttled = json!({ "Code": "Throttling.User" });
    let server = server(json!([[503, "busy"], [400, throttled]])).await;
    let key = of_role(&server, context()).current().await.unwrap();
    assert!(key.access_key().id.starts_with("AssumeRole/LTAI5tBase/"));
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn a_refusal_is_final_and_says_what_to_do_without_what_it_quotes() {
    let message = format!("You are not authorized; you sent LTAI5tBase and {SECRET}.");
    let refusal = json!({ "Code": "NoPermission", "Message": message, "RequestId": "R-1" });
    let server = server(json!([[403, refusal]])).await;
    let error = of_role(&server, context()).current().await.unwrap_err();
    assert_eq!(error.kind(), CredentialsErrorKind::Refused);
    let text = error.to_string();
    for part in ["NoPermission", "403", "R-1", "trust policy"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains(SECRET), "{text}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_and_a_redirect_not_followed() {
    let large = "x".repeat((64 << 10) + 1);
    let large = server(json!([[200, large], [200, large], [200, large]])).await;
    let error = of_address(&large).current().await.unwrap_err();
    assert_eq!(error.kind(), CredentialsErrorKind::Unreachable);
    assert!(error.to_string().contains("larger than 64 KiB"), "{error}");
    assert_eq!(large.requests(), 3);

    let moved = server(json!([[302, ""]])).await;
    let error = of_address(&moved).current().await.unwrap_err();
    assert!(error.to_string().contains("HTTP status 302"), "{error}");
    assert!(!error.to_string().contains(SECRET), "{error}");
    assert_eq!(moved.requests(), 1);
}

#[tokio::test]
async fn sessions_that_have_ended_are_told_from_those_that_live() {
    let ended = json!({ "Credentials": {
        "AccessKeyId": "i", "AccessKeySecret": "s", "SecurityToken": "t",
        "Expiration": "2020-01-01T00:00:00Z",
    }});
    let server = server(json!([[200, ended]])).await;
    let error = of_role(&server, context()).current().await.unwrap_err();
    assert!(
        error.to_string().contains("check this machine's clock"),
        "{error}"
    );
}

#[tokio::test]
async fn a_machine_with_a_wrong_clock_signs_by_that_of_sts() {
    let server = Server::start(json!({ "date": true })).await;
    let slow = || SystemTime::now() - Duration::from_secs(3 * 60 * 60);
    let context = FetchContext {
        clock: Clock::from_fn(slow),
        ..context()
    };
    let key = of_role(&server, context).current().await.unwrap();
    assert!(key.access_key().id.starts_with("AssumeRole/"));
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn the_account_is_asked_for_once_and_remembered() {
    let server = Server::start(Value::Null).await;
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("state");
    for requests in [2, 3] {
        // The second process has the same session's key, and asks only for that.
        let credentials = of_role(&server, context());
        let account = account(&credentials, Some(&directory)).await.unwrap();
        assert_eq!(account, "1234567890123456");
        assert_eq!(server.requests(), requests);
    }
    let account = account(&of_role(&server, context()), None).await.unwrap();
    assert_eq!(
        (account.as_str(), server.requests()),
        ("1234567890123456", 5)
    );
}

#[tokio::test]
async fn a_key_that_ends_before_its_account_is_known_is_replaced() {
    let first = json!({ "Credentials": {
        "AccessKeyId": "i", "AccessKeySecret": "s", "SecurityToken": "t",
    }});
    let ended = json!({ "Code": "InvalidSecurityToken.Expired" });
    let server = server(json!([[200, first], [403, ended]])).await;
    let credentials = of_role(&server, context());
    let account = account(&credentials, None).await.unwrap();
    assert_eq!(
        (account.as_str(), server.requests()),
        ("1234567890123456", 4)
    );
}

#[tokio::test]
async fn an_account_that_is_no_number_is_none() {
    let odd = json!({ "AccountId": "12 34" });
    let session = json!({ "Credentials": {
        "AccessKeyId": "i", "AccessKeySecret": "s", "SecurityToken": "t",
    }});
    let server = server(json!([[200, session], [200, odd]])).await;
    let credentials = of_role(&server, context());
    let error = account(&credentials, None).await.unwrap_err();
    assert!(error.contains("without an AccountId of digits"), "{error}");
}

/// The account's id, or why it is not known.
async fn account(credentials: &Credentials, directory: Option<&Path>) -> Result<String, String> {
    match credentials.account(directory).await.answer {
        AccountAnswer::Account { id, .. } => Ok(id),
        AccountAnswer::Unknown { why, .. } => Err(why),
    }
}
