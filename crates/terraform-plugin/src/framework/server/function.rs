//! The RPC CallFunction.

use crate::wire::convert::{decode_value, encode_value};
use crate::wire::tfplugin6::DynamicValue;
use crate::wire::tfplugin6::call_function::Request;
use crate::wire::ty::Type;

use super::super::function::FunctionError;
use super::super::provider::Provider;
use super::run::RpcCall;

impl<P: Provider> RpcCall<P> {
    /// Calls a function. The provider need not be configured.
    pub(crate) fn call_function(&self, request: &Request) -> Result<DynamicValue, FunctionError> {
        let offers = &self.shared.offers.functions.offers;
        let function = offers.get(request.name.as_str()).ok_or_else(|| {
            let name = &request.name;
            FunctionError::new(format!(
                "This version of the provider has no function {name}."
            ))
        })?;
        let arguments = request.arguments.iter().enumerate();
        let arguments = arguments.map(|(position, value)| {
            decode_value(Some(value), &Type::String).map_err(|error| {
                FunctionError::of_argument(position, format!("Unreadable argument: {error}."))
            })
        });
        let result = (function.code)(arguments.collect::<Result<_, _>>()?)?;
        encode_value(&result, &function.definition.output).map_err(|error| {
            FunctionError::new(format!(
                "The result does not have its type: {error}. This is always a bug in the \
                 provider: please report it."
            ))
        })
    }
}
