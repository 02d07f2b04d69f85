//! Answers for the tests of the report.

use cams::{Error, ErrorKind};
use serde_json::Value;

use super::answers::Body;

/// An answer with these fields.
pub(crate) fn answered(fields: Value) -> Result<Body, Error> {
    match fields {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Body::new()),
    }
}

/// A refusal that nothing can change.
pub(crate) fn refused(kind: ErrorKind, code: &str) -> Result<Body, Error> {
    Err(Error {
        kind,
        action: "Operation",
        message: "what the service said of number 8613900001234".to_owned(),
        code: Some(code.to_owned()),
        request_id: Some("R".to_owned()),
        http_status: Some(400),
        access_denied_detail: None,
        obstacle: None,
        out_of_time: false,
        may_have_had_effect: false,
    })
}
