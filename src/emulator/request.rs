//! An API call as it arrived, and what can be read from it before anything is checked.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{HeaderMap, Method};
use serde::Serialize;

use super::encoding;
use super::refusal::Refusal;

/// An HTTP request with its whole body.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    /// A header's value, if it is there and is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum SignatureForm {
    /// In the `Authorization` header.
    #[serde(rename = "ACS3-HMAC-SHA256")]
    Acs3,
    /// In the parameter `Signature`.
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
}

/// A call with its parameters decoded.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) signature: Option<SignatureForm>,
    pub(super) query: Vec<(String, String)>,
    pub(super) form: Vec<(String, String)>,
}

impl<'a> Request<'a> {
    pub(super) fn parse(call: &'a Call) -> Result<Self, Refusal> {
        let form_body = call
            .header(CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = if form_body { &call.body[..] } else { &[] };
        let malformed = || Refusal::new(400, "InvalidParameter", "The parameters are malformed.");

        let mut request = Self {
            call,
            signature: None,
            query: encoding::pairs(&call.query).ok_or_else(malformed)?,
            form: std::str::from_utf8(body)
                .ok()
                .and_then(encoding::pairs)
                .ok_or_else(malformed)?,
        };
        request.signature = request.signature_form();
        Ok(request)
    }

    /// The value of a parameter, wherever it travels. An empty one counts as missing.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .chain(&self.form)
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.parameter(name).ok_or_else(|| Refusal::missing(name))
    }

    pub(super) fn action(&self) -> Option<&str> {
        self.common("x-acs-action", "Action")
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.common("x-acs-version", "Version")
    }

    /// The phone number the call is about, with its country code.
    pub(super) fn phone_number(&self) -> Option<String> {
        if let Some(whole) = self.parameter("PhoneNumber") {
            return Some(whole.to_owned());
        }
        let country_code = self.parameter("CountryCode")?;
        let mobile_number = self.parameter("MobileNumber")?;
        Some(format!("{country_code}{mobile_number}"))
    }

    fn signature_form(&self) -> Option<SignatureForm> {
        if self.call.headers.contains_key(AUTHORIZATION) {
            return Some(SignatureForm::Acs3);
        }
        self.parameter("Signature").map(|_| SignatureForm::HmacSha1)
    }

    /// A common parameter: a header in the one signature form, a parameter in the other.
    fn common(&self, header: &str, parameter: &str) -> Option<&str> {
        match self.signature {
            Some(SignatureForm::Acs3) => self.call.header(header),
            Some(SignatureForm::HmacSha1) | None => self.parameter(parameter),
        }
    }
}
