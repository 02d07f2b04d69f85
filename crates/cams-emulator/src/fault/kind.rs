//! The kinds of faults. A fault is added here: a variant with its settings, and an arm in
//! [`FaultKind::effect`] that says what it does. The rest is defaults: most faults strike when a call has
//! passed the quota, and none needs a check of its settings.

use std::time::Duration;

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::spoil::{self, Writing};
use crate::period::Period;
use crate::refusal::{Rejection, RetryHeader};
use crate::request::IncomingRequest;
use crate::response::{BodyStep, Delivery, OutgoingResponse};

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
        seconds: i64,
    },
    EchoRequest {
        writing: Option<Writing>,
        code: Option<String>,
        status: Option<u16>,
    },
    EmptyBody {},
    ExpiredToken {},
    HugeBody {
        bytes: Option<u64>,
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
        header: Option<RetryHeader>,
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

/// How far a call has come when a fault may strike it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The call has arrived, and nothing of it was checked.
    Authenticator,
    /// The call is signed correctly, and is within the quota.
    Admitted,
}

/// What a fault does to a call.
#[derive(Default)]
pub(crate) struct Effect {
    /// How many seconds the date of the server is off.
    pub(crate) skew: i64,
    /// The refusal that takes the place of executing the operation.
    pub(crate) instead: Option<Rejection>,
    /// Whether a list shows what it showed before.
    pub(crate) stale_list: bool,
    /// How the reply travels.
    pub(crate) travel: Travel,
}

/// A change of a response. The function gets the text of its body too.
type ResponseChange = Box<dyn FnOnce(&mut OutgoingResponse, &Bytes) + Send>;

/// How a reply travels to the client.
#[derive(Default)]
pub(crate) enum Travel {
    #[default]
    Whole,
    /// It never arrives, and the connection stays open.
    Never,
    /// The connection is reset instead.
    Reset,
    /// A failure with this HTTP status arrives instead.
    Failure(u16),
    /// It is changed on the way.
    Changed(ResponseChange),
}

/// The most bytes that a huge body may have, four gibibytes. No client reads more, and the list of
/// the body's blocks is kept in memory.
const MOST_BYTES: u64 = 4 << 30;

/// The most seconds that a clock may be off, ten years. Beyond that the date may have no written
/// form.
const MOST_SECONDS: u64 = 10 * 365 * 86_400;

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

    /// What the fault does to the call with this request. `throttle_code` is the code of the
    /// emulator's own throttling replies.
    ///
    /// The function is longer than 60 lines because each kind of fault has its arm here.
    pub(crate) fn effect(&self, request: &IncomingRequest, throttle_code: &str) -> Effect {
        match self.clone() {
            Self::AlteredAnswer {
                credentials,
                data,
                rows,
                unescaped,
            } => Effect::changes(move |response, text| {
                let parts = [
                    ("Data", data),
                    ("PhoneNumbers", rows),
                    ("Credentials", credentials),
                ];
                match spoil::alter(text, parts) {
                    Some(text) if unescaped == Some(true) => {
                        response.set_body(spoil::unescape(text));
                    }
                    Some(text) => response.set_body(text),
                    None => {}
                }
            }),
            Self::BusinessError {
                code,
                message,
                status,
                access_denied_detail,
            } => Effect::refuses(Rejection {
                access_denied_detail,
                ..Rejection::new(status.unwrap_or(400), code, message.unwrap_or_default())
            }),
            Self::ClockSkew { seconds } => Effect {
                skew: seconds,
                ..Effect::default()
            },
            Self::EchoRequest {
                writing,
                code,
                status,
            } => {
                let quoted = spoil::quote(request, writing.unwrap_or_default());
                let code = code.as_deref().unwrap_or("SignatureDoesNotMatch");
                Effect::refuses(Rejection {
                    access_denied_detail: Some(quoted.as_str().into()),
                    ..Rejection::new(status.unwrap_or(400), code, quoted)
                })
            }
            Self::EmptyBody {} => Effect::changes(|response, _| response.set_body("")),
            Self::ExpiredToken {} => Effect::refuses(Rejection::expired_token()),
            Self::HugeBody { bytes } => {
                let bytes = bytes.unwrap_or(64 << 20);
                Effect::changes(move |response, _| spoil::inflate(response, bytes))
            }
            Self::MalformedJson {} => {
                Effect::changes(|response, _| response.set_body("{\"Code\": OK, \"Data\": {"))
            }
            Self::NeverAnswer { when } => Effect::travels(when, Travel::Never),
            Self::ResetAfterCommit {} => Effect::travels(When::AfterCommit, Travel::Reset),
            Self::ResetBeforeCommit {} => Effect::travels(When::BeforeCommit, Travel::Reset),
            Self::ResetMidBody {} => Effect::changes(|response, text| {
                // The pause lets the first half reach the client before the reset overtakes it.
                let pause = BodyStep::Pause(Duration::from_millis(20));
                response.body = vec![BodyStep::Send(spoil::half(text)), pause, BodyStep::Cut];
            }),
            Self::SignatureRefused {} => {
                let message = "Specified signature is not matched with our calculation.";
                Effect::refuses(Rejection::new(400, "SignatureDoesNotMatch", message))
            }
            Self::SlowBody { over } => {
                let over = over.map_or(Duration::from_secs(2), |over| over.0);
                Effect::changes(move |response, text| response.body = spoil::drip(text, over))
            }
            Self::StaleList {} => Effect {
                stale_list: true,
                ..Effect::default()
            },
            Self::Status { status, when } => Effect::travels(when, Travel::Failure(status)),
            Self::Throttle {
                code,
                retry_after,
                header,
            } => {
                let retry = retry_after.map(|wait| (header.unwrap_or_default(), wait.0));
                let code = code.as_deref().unwrap_or(throttle_code);
                Effect::refuses(Rejection::throttling(code, retry))
            }
            Self::TruncatedJson {} => {
                Effect::changes(|response, text| response.set_body(spoil::half(text)))
            }
            Self::WrongContentType {} => {
                Effect::changes(|response, _| response.content_type = "text/html;charset=utf-8")
            }
            Self::WrongTypes {} => Effect::changes(|response, text| {
                response.set_body(spoil::wrong_types(text).to_string());
            }),
        }
    }

    /// Refuses values that the types allow and that have no meaning.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_failure = |status: &u16| (400..=599).contains(status);
        let wrong = match self {
            Self::BusinessError {
                status: Some(status),
                ..
            }
            | Self::EchoRequest {
                status: Some(status),
                ..
            } if *status != 200 && !is_failure(status) => {
                format!("a business error has no status {status}")
            }
            Self::Status { status, .. } if !is_failure(status) => {
                format!("{status} is not the status of a failure")
            }
            Self::HugeBody { bytes: Some(bytes) } if *bytes > MOST_BYTES => {
                format!("a body has at most {MOST_BYTES} bytes")
            }
            Self::ClockSkew { seconds } if seconds.unsigned_abs() > MOST_SECONDS => {
                format!("a clock is off by at most {MOST_SECONDS} seconds")
            }
            _ => return Ok(()),
        };
        Err(wrong)
    }
}

impl Effect {
    /// The call is refused instead of executed.
    fn refuses(refusal: Rejection) -> Self {
        Self {
            instead: Some(refusal),
            ..Self::default()
        }
    }

    /// The call is executed, and its reply is changed.
    fn changes(change: impl FnOnce(&mut OutgoingResponse, &Bytes) + Send + 'static) -> Self {
        Self {
            travel: Travel::Changed(Box::new(change)),
            ..Self::default()
        }
    }

    /// The reply travels in this way, and the call is executed before or not at all.
    fn travels(when: When, travel: Travel) -> Self {
        let not_executed = || Rejection::new(500, "InternalError", "Not executed.");
        Self {
            instead: (when == When::BeforeCommit).then(not_executed),
            travel,
            ..Self::default()
        }
    }
}

impl Travel {
    /// The status that the client receives of a reply with this status.
    pub(crate) fn status_sent(&self, status: u16) -> Option<u16> {
        match self {
            Self::Never | Self::Reset => None,
            Self::Failure(status) => Some(*status),
            Self::Whole | Self::Changed(_) => Some(status),
        }
    }

    /// What becomes of the response, whose body has this text.
    pub(crate) fn deliver(self, mut response: OutgoingResponse, text: &Bytes) -> Delivery {
        match self {
            Self::Never => return Delivery::Never,
            Self::Reset => return Delivery::Reset,
            Self::Whole => {}
            Self::Failure(status) => spoil::fail(&mut response, text, status),
            Self::Changed(change) => change(&mut response, text),
        }
        Delivery::Respond(response)
    }
}
