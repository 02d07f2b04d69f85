//! The RPC ReadDataSource.

use crate::wire::diagnostic::Result;
use crate::wire::tfplugin6::read_data_source::{Request, Response};

use super::super::provider::Provider;
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn read_data_source(&self, request: Request) -> Result<Response> {
        let source = self.shared.offers.data_sources.find(&request.type_name)?;
        let ty = &source.definition.ty;
        let config = values::decode(request.config.as_ref(), ty, "configuration")?;
        let data = self.data()?;
        let state = (source.code)(self.context(&data), config).await?;
        let unknown = values::left_unknown(&state, "After Read");
        if !unknown.is_empty() {
            return Err(unknown);
        }
        Ok(Response {
            state: values::encode(&state, ty, "state")?,
            ..Response::default()
        })
    }
}
