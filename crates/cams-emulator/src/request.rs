//! A request as it arrived: the bytes, the parameters in them, and what it is addressed to. Nothing
//! is checked here.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method};
use serde::Serialize;

use crate::encoding;
use crate::refusal::{Rejection, Result, refuse_if};

/// The version of the API of STS.
pub(crate) const STS_VERSION: &str = "2015-04-01";

/// The path of the credentials URI. It is below the path of the control interface, and is not part
/// of it.
pub(crate) const CREDENTIALS_URI: &str = "/_emulator/credentials-uri";

/// A request with its whole body and its decoded parameters.
#[derive(Debug)]
pub(crate) struct IncomingRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The parameters in the URL, in their order.
    pub(crate) query: Vec<(String, String)>,
    /// The parameters in the body, in their order.
    pub(crate) form: Vec<(String, String)>,
    /// Whether the parameters cannot be decoded. Then there are none.
    pub(crate) is_malformed: bool,
    pub(crate) signature: Option<SignatureMethod>,
    pub(crate) target: Addressee,
}

/// The method by which a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum SignatureMethod {
    /// The signature is in the header `Authorization`.
    #[serde(rename = "ACS3-HMAC-SHA256")]
    Acs3,
    /// The signature is the parameter `Signature`.
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
}

/// What a request is addressed to: one of two APIs, or a source of credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Addressee {
    /// The API of CAMS, and every request that is not addressed to anything else.
    #[default]
    Cams,
    /// The exchange of a CloudSSO access token for credentials.
    CloudSso,
    /// The address that `ALIBABA_CLOUD_CREDENTIALS_URI` would name.
    CredentialsUri,
    /// The metadata service of an ECS instance.
    Metadata,
    /// The API of STS, which has the same URL as CAMS and another version.
    Sts,
}

impl IncomingRequest {
    /// Decodes the parameters of a request.
    pub(crate) fn new(head: hyper::http::request::Parts, body: Bytes) -> Self {
        let content_type = head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let is_form = |kind: &[u8]| kind.starts_with(b"application/x-www-form-urlencoded");
        let query = encoding::pairs(head.uri.query().unwrap_or_default());
        let form = match content_type.is_some_and(is_form) {
            true => str::from_utf8(&body).ok().and_then(encoding::pairs),
            false => Some(Vec::new()),
        };
        let is_malformed = query.is_none() || form.is_none();
        let (query, form) = query.zip(form).unwrap_or_default();
        let mut request = Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body,
            query,
            form,
            is_malformed,
            signature: None,
            target: Addressee::Cams,
        };
        if request.headers.contains_key(AUTHORIZATION) {
            request.signature = Some(SignatureMethod::Acs3);
        } else if request.parameter("Signature").is_some() {
            request.signature = Some(SignatureMethod::HmacSha1);
        }
        request.target = match &*request.path {
            CREDENTIALS_URI => Addressee::CredentialsUri,
            "/cloud-credentials" => Addressee::CloudSso,
            path if path.starts_with("/latest/") => Addressee::Metadata,
            _ if request.version() == Some(STS_VERSION) => Addressee::Sts,
            _ => Addressee::Cams,
        };
        request
    }

    /// The value of a header, if it is present and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The names of all headers.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.keys().map(HeaderName::as_str)
    }

    /// The value of a parameter, in the URL or in the body, which may be empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter().chain(&self.form);
        all.find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter. An empty value counts as missing.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that the operation needs, or the refusal of a request without it.
    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        self.parameter(name).ok_or_else(|| Rejection::missing(name))
    }

    /// Refuses a request for another format than JSON. The service answers such a request in XML,
    /// which the emulator does not support.
    pub(crate) fn check_format(&self) -> Result<()> {
        let is_json = self.required("Format")?.eq_ignore_ascii_case("json");
        let message = "Specified response format is not supported; this emulator knows JSON only.";
        refuse_if(!is_json, 400, "UnsupportedFormat", message)
    }

    /// The operation that is called, as the request names it.
    pub(crate) fn action(&self) -> Option<&str> {
        self.common("x-acs-action", "Action")
    }

    /// The version of the API that is called.
    pub(crate) fn version(&self) -> Option<&str> {
        self.common("x-acs-version", "Version")
    }

    /// The phone number that the request is about, with its calling code.
    pub(crate) fn phone_number(&self) -> Option<String> {
        if let Some(whole) = self.parameter("PhoneNumber") {
            return Some(whole.to_owned());
        }
        let country_code = self.parameter("CountryCode")?;
        let mobile_number = self.parameter("MobileNumber")?;
        Some(format!("{country_code}{mobile_number}"))
    }

    /// The value of a common parameter, which is a header in one signature method and a parameter
    /// in the other. A request without a signature has it in either place.
    fn common(&self, header: &str, parameter: &str) -> Option<&str> {
        match self.signature {
            Some(SignatureMethod::Acs3) => self.header(header),
            Some(SignatureMethod::HmacSha1) => self.parameter(parameter),
            None => self.parameter(parameter).or_else(|| self.header(header)),
        }
    }
}

impl Addressee {
    /// The version, the host and the product that requests to the API and its errors name.
    pub(crate) fn api(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sts => (STS_VERSION, "sts.emulator", "Sts"),
            _ => ("2020-06-06", "cams.emulator", "cams"),
        }
    }
}
