//! Fetches credentials from their source.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::openapi::SigningKey;

use super::answer::{Fetched, time_until};
use super::context::FetchContext;
use super::error::{CredentialsErrorKind, Result};
use super::source::{KeyProvider, Source, Token};
use super::{command, ecs, lookup, sts, token_file, web};

/// Fetches credentials from a provider of the source: from the current content of files and the
/// current answers of servers.
pub(crate) fn fetch<'a>(
    provider: &'a KeyProvider,
    source: &'a Source,
    context: &'a FetchContext,
) -> BoxFuture<'a, Result<Fetched>> {
    async move {
        match provider {
            KeyProvider::Key(key) => Ok(Fetched {
                key: key.clone(),
                life: None,
            }),
            KeyProvider::Stored { key, ends, advice } => {
                let life = time_until(*ends, context.now(None)).map_err(|_| {
                    let text = format!("The session of {} has ended; {advice}.", source.describe());
                    CredentialsErrorKind::Unusable.error(text)
                })?;
                Ok(Fetched {
                    key: key.clone(),
                    life: Some(life),
                })
            }
            KeyProvider::Role { base, role, sts } => {
                let base = fetch(base, source, context).await?;
                let key = Arc::new(SigningKey::new(base.key));
                sts::assume_role(&key, role, sts, context).await
            }
            KeyProvider::Oidc(oidc) => {
                let token = match &oidc.token {
                    Token::Text(token) => token.clone(),
                    Token::File { path, named_by } => {
                        token_file::read(path, named_by, &source.local).await?
                    }
                };
                sts::assume_role_with_oidc(token.expose(), oidc, context).await
            }
            KeyProvider::Metadata(metadata) => ecs::fetch(metadata, context).await,
            KeyProvider::Uri(address) => web::fetch_uri(address, context).await,
            KeyProvider::Command(command) => {
                command::run(command, source.describe(), context).await
            }
            KeyProvider::CloudSso(login) => web::fetch_cloud_sso(login, context).await,
            KeyProvider::Profile { file, name, .. } => {
                let (file, name) = (file.clone(), name.clone());
                let local = Arc::clone(&source.local);
                let again = move || lookup::again(&file, &name, &local);
                let provider = tokio::task::spawn_blocking(again).await.map_err(|_| {
                    let text = "A file with credentials cannot be read: the program is ending.";
                    CredentialsErrorKind::Unusable.error(text)
                })??;
                fetch(&provider, source, context).await
            }
        }
    }
    .boxed()
}
