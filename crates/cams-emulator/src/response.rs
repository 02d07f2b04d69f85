//! What the client of a call receives: a whole response, a part of one, or none at all. It is
//! decided without I/O, and the server carries it out.

use std::time::{Duration, SystemTime};

use hyper::body::Bytes;

use crate::refusal::Header;

/// The content type of answers in JSON.
pub(crate) const JSON: &str = "application/json;charset=utf-8";

/// What the server does to answer a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Delivery {
    /// It sends nothing, and leaves the connection open.
    Never,
    /// It ends the connection with a TCP reset, and sends nothing before.
    Reset,
    /// It sends this response, which may end early.
    Respond(OutgoingResponse),
}

/// An HTTP response, whose body may be sent in steps.
#[derive(Debug, PartialEq)]
pub(crate) struct OutgoingResponse {
    pub(crate) status: u16,
    /// The date in the header `Date`.
    pub(crate) date: SystemTime,
    pub(crate) content_type: &'static str,
    pub(crate) header: Option<Header>,
    /// The length of the body that the header announces, in bytes.
    pub(crate) length: u64,
    pub(crate) body: Vec<BodyStep>,
}

/// One step of sending a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyStep {
    /// The connection is ended by a TCP reset.
    Cut,
    /// Nothing is sent for this time.
    Pause(Duration),
    /// These bytes are sent.
    Send(Bytes),
}

impl OutgoingResponse {
    /// A whole response in JSON or another content type.
    pub(crate) fn new(
        status: u16,
        date: SystemTime,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut response = Self {
            status,
            date,
            content_type,
            header: None,
            length: 0,
            body: Vec::new(),
        };
        response.set_body(body);
        response
    }

    /// Sends this body and no other, and announces its length.
    pub(crate) fn set_body(&mut self, body: impl Into<Bytes>) {
        let body = body.into();
        self.length = body.len() as u64;
        self.body = vec![BodyStep::Send(body)];
    }
}
