//! Addresses that give credentials: a sidecar's, and CloudSSO.

use crate::openapi::{Address, Plain, PlainClient};
use base::foreign_text::Cleaner;

use super::answer::{self, Fetched, Now};
use super::context::{Cause, Context};
use super::error::{Error, ErrorKind};
use super::source::CloudSso;

/// Reads an answer. The error goes on from whoever gave it.
type Read = fn(&[u8], Now) -> Result<Fetched, &'static str>;

/// Fetches credentials from an address.
pub(super) async fn fetch_uri(address: &Address, context: &Context) -> Result<Fetched, Error> {
    let who = format!("The credentials URI at {address}");
    exchange(
        || Plain::get(address),
        address,
        &who,
        "",
        answer::read,
        context,
    )
    .await
}

/// Exchanges a login with CloudSSO for credentials.
pub(super) async fn fetch_cloud_sso(login: &CloudSso, context: &Context) -> Result<Fetched, Error> {
    let advice = &login.advice;
    if context.now(None).until(login.ends).is_err() {
        let text = format!("The login with CloudSSO has ended; {advice}.");
        return Err(Error::new(ErrorKind::Unusable, text));
    }
    let body = serde_json::json!({
        "AccountId": login.account_id,
        "AccessConfigurationId": login.access_configuration,
    });
    let bearer = zeroize::Zeroizing::new(format!("Bearer {}", login.access_token.expose()));
    let cleaner = Cleaner::new([login.access_token.expose()]);
    let request = || {
        let request = Plain::post_json(&login.server, body.to_string());
        request
            .header("authorization", &bearer)
            .secrets(cleaner.clone())
    };
    let who = format!("CloudSSO at {}", login.server);
    let advice = format!(" If the login has ended, {advice}.");
    exchange(
        request,
        &login.server,
        &who,
        &advice,
        answer::read_cloud_sso,
        context,
    )
    .await
}

/// Sends a request, a few times if it has to be, and reads the answer. `advice` is for refusals.
async fn exchange<'a>(
    request: impl Fn() -> Plain<'a>,
    address: &Address,
    who: &str,
    advice: &str,
    read: Read,
    context: &Context,
) -> Result<Fetched, Error> {
    let client = PlainClient::for_server(address, &context.plain());
    let client = client.map_err(|failure| {
        Error::new(
            ErrorKind::Unusable,
            format!("{who} can't be asked: {failure}."),
        )
    })?;
    let mut repeats = context.repeats();
    loop {
        let error = match client.send(request()).await {
            Ok(response) if response.status == 200 => {
                let fetched = read(&response.body, context.now(response.date));
                return fetched
                    .map_err(|what| Error::new(ErrorKind::Unreachable, format!("{who} {what}.")));
            }
            Ok(response) if response.status < 500 => {
                let status = response.status;
                let text = format!("{who} refused with HTTP status {status}.{advice}");
                return Err(Error::new(ErrorKind::Refused, text));
            }
            Ok(response) => {
                let text = format!("{who} failed with HTTP status {}.", response.status);
                Error::new(ErrorKind::Unreachable, text)
            }
            Err(failure) => Error::unanswered(who, &failure, ""),
        };
        if !repeats.pause(Cause::Failed).await {
            return Err(error);
        }
    }
}
