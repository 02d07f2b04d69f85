//! What an operation of an API is: a type that holds its parameters.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::openapi::{self, fields::Json};

use super::kind::ErrorKind;

/// An API: a product of Alibaba Cloud in one version.
#[derive(Debug)]
pub struct Api {
    /// The version, such as `2020-06-06`.
    pub version: &'static str,
    /// How often a call is repeated at most after failures that may pass.
    pub max_repeats: u32,
    /// Whether an answer reports success by the code `OK`. Without it, the HTTP status does.
    pub code_on_success: bool,
    /// The meaning of the product's own error codes. `None` for the codes of the gateway, which all
    /// products share, and for unknown ones.
    pub kind_of_code: fn(&str) -> Option<ErrorKind>,
}

/// An operation. A value of the type is one call of it, with its parameters.
pub trait Operation: Send + Sync {
    /// The API that the operation belongs to.
    const API: &'static Api;
    /// The name on the wire, in RAM policies and in quotas.
    const ACTION: &'static str;
    /// Whether the operation only reads, so that calling it twice does no harm.
    const READS: bool;
    /// How many bytes of an answer are read at most.
    const MAX_ANSWER: usize = openapi::MAX_ANSWER;

    /// The data of a successful answer. [`fields`](crate::openapi::fields) has what a lenient model
    /// is made of.
    type Answer: DeserializeOwned;

    /// The parameters, in any order.
    fn parameters(&self) -> Vec<(&'static str, String)>;

    /// What the call is about, for the log, without personal data. Empty if the parameters say
    /// nothing about it.
    fn subject(&self) -> String {
        String::new()
    }

    /// The parameters, or parts of them, that no text of the answer may show.
    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Compares the answer with what was asked for.
    ///
    /// # Errors
    ///
    /// If the answer cannot be the answer to this call. The text says why.
    fn check(&self, _answer: &mut Self::Answer) -> Result<(), &'static str> {
        Ok(())
    }
}

/// How many bytes of an answer are read at most that is kept as JSON, which takes more memory than
/// its text.
const MAX_RAW_ANSWER: usize = 16 << 20;

/// The same operation, with any parameters, and with its answer as the service writes it.
#[derive(Clone, Debug)]
pub struct Raw<O> {
    parameters: Vec<(&'static str, String)>,
    operation: PhantomData<fn() -> O>,
}

impl<O> Raw<O> {
    /// A call of the operation with these parameters.
    pub fn new(parameters: Vec<(&'static str, String)>) -> Self {
        Self {
            parameters,
            operation: PhantomData,
        }
    }
}

impl<O: Operation> Operation for Raw<O> {
    const API: &'static Api = O::API;
    const ACTION: &'static str = O::ACTION;
    const READS: bool = O::READS;
    const MAX_ANSWER: usize = match O::MAX_ANSWER > MAX_RAW_ANSWER {
        true => MAX_RAW_ANSWER,
        false => O::MAX_ANSWER,
    };

    type Answer = Json;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        self.parameters.clone()
    }
}
