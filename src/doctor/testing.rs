//! Answers for the tests of the report.

use cams::{Error, ErrorKind, Form, Inspected};

use super::observations::Asked;

/// A whole answer with this meaning.
pub(super) fn answered<T>(value: T) -> Asked<T> {
    let form = Form {
        has_message: true,
        ..Form::default()
    };
    Some(Ok(Inspected { value, form }))
}

/// A refusal that nothing can change.
pub(super) fn refused<T>(kind: ErrorKind, code: &str, http_status: u16) -> Asked<T> {
    Some(Err(Error {
        kind,
        action: "Operation",
        message: "what the service said of number 8613900001234".to_owned(),
        code: Some(code.to_owned()),
        request_id: Some("R".to_owned()),
        http_status: Some(http_status),
        access_denied_detail: None,
        obstacle: None,
        out_of_time: false,
        may_have_had_effect: false,
    }))
}
