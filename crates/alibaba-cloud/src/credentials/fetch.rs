//! Fetches credentials by the way that was found.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::openapi::SigningKey;

use super::answer::Fetched;
use super::context::Context;
use super::error::{Error, ErrorKind};
use super::source::{Oidc, Source, Token, Way};
use super::surroundings::Surroundings;
use super::{command, ecs, lookup, sts, token_file, web};

/// Fetches credentials anew, from files and servers as they are at this moment.
pub(super) async fn fetch(source: &Source, context: &Context) -> Result<Fetched, Error> {
    let fetcher = Fetcher {
        source,
        surroundings: &source.surroundings,
        context,
    };
    fetcher.by(&source.way).await
}

#[derive(Clone, Copy)]
struct Fetcher<'a> {
    source: &'a Source,
    surroundings: &'a Arc<Surroundings>,
    context: &'a Context,
}

impl<'a> Fetcher<'a> {
    /// Fetches credentials by one way, which may lead to another one.
    fn by(self, way: &'a Way) -> BoxFuture<'a, Result<Fetched, Error>> {
        async move {
            let context = self.context;
            match way {
                Way::Key(key) => Ok(Fetched {
                    key: key.clone(),
                    life: None,
                }),
                Way::Stored(stored) => match context.now(None).until(stored.ends) {
                    Ok(life) => Ok(Fetched {
                        key: stored.key.clone(),
                        life: Some(life),
                    }),
                    Err(_) => {
                        let (origin, advice) = (self.source.describe(), &stored.advice);
                        let text = format!("The session of {origin} has ended; {advice}.");
                        Err(Error::new(ErrorKind::Unusable, text))
                    }
                },
                Way::Role { base, role, sts } => {
                    let base = self.by(base).await?;
                    let key = SigningKey::new(base.key);
                    sts::assume_role(&key, role, sts, context).await
                }
                Way::Oidc(oidc) => self.oidc(oidc).await,
                Way::Metadata(metadata) => ecs::fetch(metadata, context).await,
                Way::Uri(address) => web::fetch_uri(address, context).await,
                Way::Command(command) => {
                    command::run(command, self.source.describe(), context).await
                }
                Way::CloudSso(login) => web::fetch_cloud_sso(login, context).await,
                Way::Profile(profile) => {
                    let (profile, surroundings) = (profile.clone(), Arc::clone(self.surroundings));
                    let again = move || lookup::again(&profile, &surroundings);
                    let way = tokio::task::spawn_blocking(again).await;
                    let way = way.map_err(|_| unfinished())??;
                    self.by(&way).await
                }
            }
        }
        .boxed()
    }

    async fn oidc(self, oidc: &Oidc) -> Result<Fetched, Error> {
        let token = match &oidc.token {
            Token::Text(token) => token.clone(),
            Token::File(file) => token_file::read(file, self.surroundings).await?,
        };
        let provider = &oidc.provider_arn;
        let context = self.context;
        sts::assume_role_with_oidc(token.expose(), provider, &oidc.role, &oidc.sts, context).await
    }
}

fn unfinished() -> Error {
    let text = "A file with credentials can't be read: the program is ending.";
    Error::new(ErrorKind::Unusable, text)
}
