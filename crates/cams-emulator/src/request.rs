//! An API call as it arrived: the bytes of the HTTP request, and the parameters in them. Nothing is
//! checked here but that the parameters can be decoded.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{HeaderMap, Method};
use serde::Serialize;

use super::encoding;
use super::refusal::Refusal;

/// An HTTP request with its whole body, as it was read from the connection.
#[derive(Clone, Debug)]
pub(super) struct HttpRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl HttpRequest {
    /// The value of a header, if it is there and is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The method by which a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum SignatureForm {
    /// The signature is in the header `Authorization`.
    #[serde(rename = "ACS3-HMAC-SHA256")]
    Acs3,
    /// The signature is the parameter `Signature`.
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
}

/// A request to the API, with its parameters decoded.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) http: &'a HttpRequest,
    pub(super) signature: Option<SignatureForm>,
    /// The parameters in the URL, in their order.
    pub(super) query: Vec<(String, String)>,
    /// The parameters in the body, in their order.
    pub(super) form: Vec<(String, String)>,
}

impl<'a> Request<'a> {
    /// Decodes the parameters of a request. It is refused if they are malformed.
    pub(super) fn parse(http: &'a HttpRequest) -> Result<Self, Refusal> {
        let form_body = http
            .header(CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = if form_body { &http.body[..] } else { &[] };
        let malformed = || Refusal::new(400, "InvalidParameter", "The parameters are malformed.");

        let mut request = Self {
            http,
            signature: None,
            query: encoding::pairs(&http.query).ok_or_else(malformed)?,
            form: std::str::from_utf8(body)
                .ok()
                .and_then(encoding::pairs)
                .ok_or_else(malformed)?,
        };
        request.signature = request.signature_form();
        Ok(request)
    }

    /// The value of a parameter, in the URL or in the body. An empty value counts as missing.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .chain(&self.form)
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that the operation needs, or the refusal of a request without it.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.parameter(name).ok_or_else(|| Refusal::missing(name))
    }

    /// Refuses a request that does not ask for JSON. The service answers such a one in XML, and the
    /// emulator has no XML.
    pub(super) fn check_format(&self) -> Result<(), Refusal> {
        if self.required("Format")?.eq_ignore_ascii_case("json") {
            return Ok(());
        }
        let message = "Specified response format is not supported; this emulator knows JSON only.";
        Err(Refusal::new(400, "UnsupportedFormat", message))
    }

    /// The operation that is called, as the request names it.
    pub(super) fn action(&self) -> Option<&str> {
        self.common("x-acs-action", "Action")
    }

    /// The version of the API that is called.
    pub(super) fn version(&self) -> Option<&str> {
        self.common("x-acs-version", "Version")
    }

    /// The phone number that the request is about, with its calling code.
    pub(super) fn phone_number(&self) -> Option<String> {
        if let Some(whole) = self.parameter("PhoneNumber") {
            return Some(whole.to_owned());
        }
        let country_code = self.parameter("CountryCode")?;
        let mobile_number = self.parameter("MobileNumber")?;
        Some(format!("{country_code}{mobile_number}"))
    }

    fn signature_form(&self) -> Option<SignatureForm> {
        if self.http.headers.contains_key(AUTHORIZATION) {
            return Some(SignatureForm::Acs3);
        }
        self.parameter("Signature").map(|_| SignatureForm::HmacSha1)
    }

    /// The value of a common parameter, which is a header in one signature method and a parameter
    /// in the other. A request that is not signed has it in either place.
    fn common(&self, header: &str, parameter: &str) -> Option<&str> {
        match self.signature {
            Some(SignatureForm::Acs3) => self.http.header(header),
            Some(SignatureForm::HmacSha1) => self.parameter(parameter),
            None => self
                .parameter(parameter)
                .or_else(|| self.http.header(header)),
        }
    }
}
