//! A server that gives credentials in every way there is: STS, a metadata service, an address and
//! CloudSSO. What it answers is made up from everything that it was asked.
//!
//! A case says how it behaves: which `metadata` service it is, what the `uri` answers, the first
//! answers of all by a `script`, and whether requests that are signed for another `date` are
//! refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base::clock::Utc;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running server, which ends with this value.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// A request, as far as answers depend on it.
struct Request {
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: String,
}

type Answer = (u16, String);

impl Server {
    /// Starts a server. `behaviour` is the field `servers` of a case.
    pub(crate) async fn start(behaviour: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let behaviour = behaviour.clone();
                tokio::spawn(async move { serve(stream, number, &behaviour).await });
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, number: usize, behaviour: &Value) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let (status, body) = match behaviour["script"].get(number) {
        Some(answer) => {
            let status = u16::try_from(answer[0].as_u64().unwrap()).unwrap();
            let body = answer[1].as_str();
            (
                status,
                body.map_or_else(|| answer[1].to_string(), str::to_owned),
            )
        }
        None => respond(&request, behaviour),
    };
    let date = httpdate::fmt_http_date(SystemTime::now());
    let answer = format!(
        "HTTP/1.1 {status} Answer\r\nconnection: close\r\ndate: {date}\r\nlocation: /elsewhere\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8(bytes.clone()).ok()?;
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let target = lines.next()?.split(' ').nth(1)?;
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let headers: BTreeMap<_, _> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length = headers.get("content-length");
            let length = length.map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(Request {
                    path: path.to_owned(),
                    query: query.to_owned(),
                    body: body.to_owned(),
                    headers,
                });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn respond(request: &Request, behaviour: &Value) -> Answer {
    if let Some(path) = request.path.strip_prefix("/latest/") {
        return metadata(path, request, behaviour);
    }
    let action = request.headers.get("x-acs-action").map(String::as_str);
    if behaviour["date"] == true && !is_recent(request) {
        return (
            400,
            json!({ "Code": "InvalidTimeStamp.Expired" }).to_string(),
        );
    }
    match (request.path.as_str(), action) {
        ("/", Some("GetCallerIdentity")) => {
            (200, json!({ "AccountId": "1234567890123456" }).to_string())
        }
        ("/", Some("AssumeRole")) => assume_role(request),
        ("/", _) => assume_role_with_oidc(request),
        ("/cloud-credentials", _) => cloud_sso(request),
        _ => match behaviour.get("uri") {
            Some(body) => (200, body.to_string()),
            None => {
                let query = match request.query.as_str() {
                    "" => String::new(),
                    query => format!("?{query}"),
                };
                session(&format!("URI/{}{query}", request.path), |keys| keys)
            }
        },
    }
}

fn assume_role(request: &Request) -> Answer {
    let parameters = form(&request.query);
    let id = request.headers["authorization"].split_once("Credential=");
    let (id, _) = id.unwrap().1.split_once(",SignedHeaders").unwrap();
    let token = request.headers.get("x-acs-security-token");
    let get = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let name = [
        "AssumeRole",
        id,
        token.map_or("", String::as_str),
        &get("RoleArn"),
        &session_name(&get("RoleSessionName")),
        &get("DurationSeconds"),
        &get("ExternalId"),
        &get("Policy"),
    ];
    session(&name.join("/"), |keys| json!({ "Credentials": keys }))
}

fn assume_role_with_oidc(request: &Request) -> Answer {
    let (query, parameters) = (form(&request.query), form(&request.body));
    assert_eq!(query["Action"], "AssumeRoleWithOIDC");
    assert_eq!(query["Version"], "2015-04-01");
    let get = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let name = [
        "AssumeRoleWithOIDC",
        &get("OIDCProviderArn"),
        &get("OIDCToken"),
        &get("RoleArn"),
        &session_name(&get("RoleSessionName")),
        &get("DurationSeconds"),
        &get("Policy"),
    ];
    session(&name.join("/"), |keys| json!({ "Credentials": keys }))
}

/// Whether a request was signed for a date in the last hour.
fn is_recent(request: &Request) -> bool {
    let hour_ago = SystemTime::now() - Duration::from_secs(60 * 60);
    // In this form, the later of two dates is the greater text.
    request.headers["x-acs-date"] > Utc::from(hour_ago).seconds()
}

/// The name that this provider gives to sessions is no official library's.
fn session_name(name: &str) -> String {
    match name {
        "terraform" => "DEFAULT".to_owned(),
        other => other.to_owned(),
    }
}

fn cloud_sso(request: &Request) -> Answer {
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    let text = |name: &str| asked[name].as_str().unwrap().to_owned();
    let token = request.headers["authorization"].strip_prefix("Bearer ");
    let (account, configuration) = (text("AccountId"), text("AccessConfigurationId"));
    let name = format!("CloudSSO/{account}/{configuration}/{}", token.unwrap());
    session(&name, |keys| json!({ "CloudCredential": keys }))
}

fn metadata(path: &str, request: &Request, behaviour: &Value) -> Answer {
    let new = behaviour["metadata"] == "v2";
    if path == "api/token" {
        assert!(request.headers["x-aliyun-ecs-metadata-token-ttl-seconds"] == "60");
        return (if new { 200 } else { 404 }, "metadata-token".to_owned());
    }
    let used = match request.headers.get("x-aliyun-ecs-metadata-token") {
        None => "v1",
        Some(token) => {
            assert_eq!(token, "metadata-token");
            "v2"
        }
    };
    match path.strip_prefix("meta-data/ram/security-credentials/") {
        Some("") => (200, "listed-role".to_owned()),
        Some(role) => session(&format!("ECS/{role}/{used}"), |keys| keys),
        None => (404, String::new()),
    }
}

/// The keys of a session whose id tells what was asked for.
fn session(id: &str, wrap: impl FnOnce(Value) -> Value) -> Answer {
    let keys = json!({
        "Code": "Success",
        "AccessKeyId": id,
        "AccessKeySecret": "session-secret",
        "SecurityToken": "session-token",
        "Expiration": "2099-01-01T00:00:00Z",
    });
    (200, wrap(keys).to_string())
}

/// The parameters of a query or a form.
fn form(text: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://h/?{text}")).unwrap();
    url.query_pairs().into_owned().collect()
}
