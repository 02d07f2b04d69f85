//! The RPC ConfigureProvider, which makes the data that operations work with.

use std::sync::{Arc, PoisonError};

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::configure_provider::{Request, Response};

use super::super::model::parse;
use super::super::provider::Provider;
use super::super::session::Session;
use super::{Shared, response, values};

pub(super) async fn configure<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: Request,
) -> Result<Response, Diagnostics> {
    let config = values::decode(
        request.config.as_ref(),
        &shared.ty,
        "provider configuration",
    )?;
    let (data, warnings) = shared
        .provider
        .configure(parse(config)?, &request.terraform_version)
        .await?;
    *shared.data.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(data));
    Ok(response::of(warnings))
}
