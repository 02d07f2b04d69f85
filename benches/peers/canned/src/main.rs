//! The floor of every provider: Terraform runs it in the provider's place, over the same kind of
//! connection, and it answers with bytes that `client record` took from the provider.
//!
//! The file with those bytes is the value of `CANNED`. In each answer about a number, the recorded
//! number is replaced by that of the request. Nothing is decoded, checked, logged or remembered.

mod recording;
/// The provider's own TLS.
#[path = "../../../../crates/terraform-plugin/src/process/tls.rs"]
mod tls;

use std::error::Error;
use std::fmt::Display;
use std::process;
use std::rc::Rc;

use base::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use h2::server::SendResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio::task::{LocalSet, spawn_local};

use recording::Recording;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The errors of `tls`.
enum ServeError {
    Start(String),
}

impl ServeError {
    fn cannot<E: Display>(what: &str) -> impl Fn(E) -> Self {
        move |error| Self::Start(format!("cannot {what}: {error}"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let recording = Rc::new(Recording::read(&std::env::var("CANNED")?)?);
    let directory = std::env::var("PLUGIN_UNIX_SOCKET_DIR").map(Into::into);
    let directory = directory.unwrap_or_else(|_| std::env::temp_dir());
    let socket = directory.join(format!("canned-{}", process::id()));
    let listener = UnixListener::bind(&socket)?;
    let (tls, certificate) = match std::env::var("PLUGIN_CLIENT_CERT") {
        Err(_) => (None, String::new()),
        Ok(pem) => {
            let client = tls::client_certificate(&pem).map_err(text)?;
            let (tls, certificate) = tls::acceptor(client, &Clock::system()).map_err(text)?;
            (Some(tls), STANDARD_NO_PAD.encode(certificate))
        }
    };
    let multiplex = match std::env::var_os("PLUGIN_MULTIPLEX_GRPC") {
        Some(_) => "|false",
        None => "",
    };
    let path = socket.display();
    println!("1|6|unix|{path}|grpc|{certificate}{multiplex}");
    let (stream, _) = listener.accept().await?;
    std::fs::remove_file(&socket)?;
    let serving = async {
        match tls {
            Some(tls) => serve(tls.accept(stream).await?, recording).await,
            None => serve(stream, recording).await,
        }
    };
    LocalSet::new().run_until(serving).await
}

fn text(ServeError::Start(text): ServeError) -> String {
    text
}

/// Answers the calls of a connection until it ends.
async fn serve(io: impl AsyncRead + AsyncWrite + Unpin, recording: Rc<Recording>) -> Result<()> {
    let mut connection = h2::server::handshake(io).await?;
    while let Some(call) = connection.accept().await {
        let (request, respond) = call?;
        let recording = Rc::clone(&recording);
        spawn_local(async move {
            // A call that fails was given up by Terraform.
            let _ = answer(request, respond, &recording).await;
        });
    }
    Ok(())
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    recording: &Recording,
) -> std::result::Result<(), h2::Error> {
    let (head, mut body) = request.into_parts();
    let method = head.uri.path().rsplit('/').next().unwrap_or_default();
    // Terraform does not wait for the answer to this.
    if method == "Shutdown" {
        process::exit(0);
    }
    let mut response = Response::new(());
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, grpc);
    // The output of the plugin, which prints nothing.
    if method == "StreamStdio" {
        let _open = respond.send_response(response, false)?;
        return std::future::pending().await;
    }
    let mut message = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        message.extend_from_slice(&chunk);
    }
    let (status, answer) = match recording.answer(method, &message) {
        Some(answer) => ("0", answer),
        // Unimplemented.
        None => ("12", Vec::new()),
    };
    let mut stream = respond.send_response(response, false)?;
    stream.send_data(answer.into(), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    stream.send_trailers(trailers)
}
