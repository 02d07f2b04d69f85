//! The kinds of faults. A fault is added here: a variant with its settings, and an arm in
//! [`FaultKind::refusal`] or [`FaultKind::deliver`] that says what it does. Most faults strike when
//! a call has passed the quota.

use std::time::Duration;

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::spoil::{self, Writing};
use crate::period::Period;
use crate::refusal::Rejection;
use crate::reply::{Delivery, OutgoingResponse};
use crate::request::IncomingRequest;

/// What goes wrong with a call, under the name that users write. The documentation of the crate
/// describes each kind.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FaultKind {
    AlteredAnswer {
        credentials: Option<Map<String, Value>>,
        data: Option<Map<String, Value>>,
        rows: Option<Map<String, Value>>,
        unescaped: Option<bool>,
    },
    BusinessError {
        code: String,
        message: Option<String>,
        status: Option<u16>,
        access_denied_detail: Option<Value>,
    },
    ClockSkew {
        seconds: i32,
    },
    EchoRequest {
        writing: Option<Writing>,
        code: Option<String>,
        status: Option<u16>,
    },
    EmptyBody {},
    ExpiredToken {},
    HugeBody {
        bytes: Option<u32>,
    },
    MalformedJson {},
    NeverAnswer {
        when: When,
    },
    ResetAfterCommit {},
    ResetBeforeCommit {},
    ResetMidBody {},
    SignatureRefused {},
    SlowBody {
        over: Option<Period>,
    },
    StaleList {},
    Status {
        status: u16,
        when: When,
    },
    Throttle {
        code: Option<String>,
        retry_after: Option<Period>,
    },
    TruncatedJson {},
    WrongContentType {},
    WrongTypes {},
}

/// Whether a fault strikes before or after the operation is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    AfterCommit,
    BeforeCommit,
}

/// The most seconds that a clock may be off, ten years. Beyond that the date may have no written
/// form.
const MOST_SECONDS: u32 = 10 * 365 * 86_400;

/// How far a call has come when a fault may strike it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The call has arrived, and nothing of it was checked.
    Authenticator,
    /// The call is signed correctly, and is within the quota.
    Admitted,
}

impl FaultKind {
    /// The stage at which faults of this kind strike.
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::ClockSkew { .. } | Self::ExpiredToken {} | Self::SignatureRefused {} => {
                Stage::Authenticator
            }
            _ => Stage::Admitted,
        }
    }

    /// Whether a fault of this kind can strike a call of this action.
    pub(crate) fn can_strike(&self, action: Option<&str>) -> bool {
        *self != Self::StaleList {} || action == Some("QueryChatappPhoneNumbers")
    }

    /// The refusal that takes the place of executing the call, if there is one.
    pub(crate) fn refusal(&self, request: &IncomingRequest) -> Option<Rejection> {
        Some(match self.clone() {
            Self::BusinessError {
                code,
                message,
                status,
                access_denied_detail,
            } => Rejection {
                access_denied_detail,
                ..Rejection::new(status.unwrap_or(400), code, message.unwrap_or_default())
            },
            Self::EchoRequest {
                writing,
                code,
                status,
            } => {
                let quoted = spoil::quote(request, writing.unwrap_or_default());
                let code = code.as_deref().unwrap_or("SignatureDoesNotMatch");
                Rejection {
                    access_denied_detail: Some(quoted.as_str().into()),
                    ..Rejection::new(status.unwrap_or(400), code, quoted)
                }
            }
            Self::ExpiredToken {} => Rejection::expired_token(),
            Self::SignatureRefused {} => {
                let message = "Specified signature is not matched with our calculation.";
                Rejection::new(400, "SignatureDoesNotMatch", message)
            }
            Self::Throttle { code, retry_after } => {
                Rejection::throttling(code.as_deref(), retry_after.map(|wait| wait.0))
            }
            Self::NeverAnswer { when } | Self::Status { when, .. }
                if when == When::BeforeCommit =>
            {
                Rejection::new(500, "InternalError", "Not executed.")
            }
            Self::ResetBeforeCommit {} => Rejection::new(500, "InternalError", "Not executed."),
            _ => return None,
        })
    }

    /// The status that the client receives of a reply with this status.
    pub(crate) fn status_sent(&self, status: u16) -> Option<u16> {
        match self {
            Self::NeverAnswer { .. } | Self::ResetAfterCommit {} | Self::ResetBeforeCommit {} => {
                None
            }
            Self::Status { status, .. } => Some(*status),
            _ => Some(status),
        }
    }

    /// What becomes of the response, whose body has this text.
    pub(crate) fn deliver(&self, mut response: OutgoingResponse, text: &Bytes) -> Delivery {
        match self {
            Self::NeverAnswer { .. } => return Delivery::Never,
            Self::ResetAfterCommit {} | Self::ResetBeforeCommit {} => return Delivery::Reset,
            Self::AlteredAnswer {
                credentials,
                data,
                rows,
                unescaped,
            } => {
                let parts = [
                    ("Data", data),
                    ("PhoneNumbers", rows),
                    ("Credentials", credentials),
                    ("CloudCredential", credentials),
                ];
                if let Some(text) = spoil::alter(text, parts) {
                    response.set_body(match unescaped {
                        Some(true) => spoil::unescape(text),
                        _ => text,
                    });
                }
            }
            Self::EmptyBody {} => response.set_body(""),
            Self::HugeBody { bytes } => spoil::inflate(&mut response, bytes.unwrap_or(64 << 20)),
            Self::MalformedJson {} => response.set_body("{\"Code\": OK, \"Data\": {"),
            Self::ResetMidBody {} => {
                // The pause lets the first half reach the client before the reset overtakes it.
                let cut = (Duration::from_millis(20), None);
                response.body = vec![(Duration::ZERO, Some(spoil::half(text))), cut];
            }
            Self::SlowBody { over } => {
                let over = over.map_or(Duration::from_secs(2), |over| over.0);
                response.body = spoil::drip(text, over);
            }
            Self::Status { status, .. } => response = spoil::failure(text, *status),
            Self::TruncatedJson {} => response.set_body(spoil::half(text)),
            Self::WrongContentType {} => response.content_type = "text/html;charset=utf-8",
            Self::WrongTypes {} => response.set_body(spoil::wrong_types(text).to_string()),
            _ => {}
        }
        Delivery::Respond(response)
    }

    /// Refuses a status that is not one of a failure, and a date that is too far away.
    pub(crate) fn check(&self) -> Result<(), String> {
        let status = match self {
            Self::ClockSkew { seconds } if seconds.unsigned_abs() > MOST_SECONDS => {
                return Err(format!("a clock is off by at most {MOST_SECONDS} seconds"));
            }
            Self::BusinessError { status, .. } | Self::EchoRequest { status, .. } => {
                status.filter(|status| *status != 200)
            }
            Self::Status { status, .. } => Some(*status),
            _ => None,
        };
        match status.filter(|status| !(400..=599).contains(status)) {
            Some(status) => Err(format!("{status} is not the status of a failure")),
            None => Ok(()),
        }
    }
}
