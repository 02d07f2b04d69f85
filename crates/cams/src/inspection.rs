//! Answers of reading operations as the service writes them, for a report on how it behaves.
//!
//! The other operations of this client accept every form of an answer that was seen, and hide the
//! differences. Here they are what is asked for.

use serde_json::{Map, Value};

use alibaba_cloud::openapi::Reading;

use super::retry::Class;
use super::{Call, Client, Error, ErrorKind, Operation};

/// The fields that are read of an answer.
const FIELDS: [&str; 4] = ["AccessDeniedDetail", "Data", "OpenStatus", "PhoneNumbers"];

impl Client {
    /// By how many seconds the service's clock is ahead of this machine's, as the last answer
    /// showed. `None` as long as no answer had a date.
    pub fn service_clock_ahead(&self) -> Option<i64> {
        self.service_clock().ahead()
    }

    /// Calls an operation that only reads, and returns the fields of its answer as the service
    /// wrote them. The texts in it are not cleaned: they are for comparing, not to be shown.
    ///
    /// # Errors
    ///
    /// If the service refuses, or cannot be reached, or if the operation does not only read.
    pub async fn inspect(
        &self,
        call: &Call,
        operation: Operation,
        parameters: &[(&str, &str)],
    ) -> Result<Map<String, Value>, Error> {
        if !operation.reads {
            let message = "only operations that read are inspected".to_owned();
            let kind = ErrorKind::Withheld;
            return Err(Error::local(kind, operation.action, message, Class::Final));
        }
        let operation = Operation {
            reading: Reading::WholeList,
            ..operation
        };
        let body = self.send(call, operation, parameters, "").await?;
        let field = |name: &str| {
            let value = serde_json::from_str(body.written(name)?).ok()?;
            Some((name.to_owned(), value))
        };
        Ok(FIELDS.into_iter().filter_map(field).collect())
    }
}
