//! The kinds of faults: what goes wrong with a call.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Facts, NotAFault};
use crate::echo::Writing;
use crate::period::Period;

/// What goes wrong with a call. The documentation of [`emulator`](super::super) describes each
/// kind, under the name that users write.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in super::super) enum Kind {
    AlteredAnswer {
        #[serde(default)]
        credentials: Map<String, Value>,
        #[serde(default)]
        data: Map<String, Value>,
        #[serde(default)]
        rows: Map<String, Value>,
        #[serde(default)]
        unescaped: bool,
    },
    BusinessError {
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default = "bad_request")]
        status: u16,
        #[serde(default)]
        access_denied_detail: Option<Value>,
    },
    ClockSkew {
        seconds: i64,
    },
    EchoRequest {
        #[serde(default)]
        writing: Writing,
        #[serde(default = "signature_does_not_match")]
        code: String,
        #[serde(default = "bad_request")]
        status: u16,
    },
    EmptyBody {},
    ExpiredToken {},
    HugeBody {
        #[serde(default = "sixty_four_mebibytes")]
        bytes: u64,
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
        #[serde(default = "two_seconds")]
        over: Period,
    },
    StaleList {},
    Status {
        status: u16,
        when: When,
    },
    Throttle {
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        retry_after: Option<Period>,
        #[serde(default)]
        header: RetryHeader,
    },
    TruncatedJson {},
    WrongContentType {},
    WrongTypes {},
}

/// The most bytes that a huge body may have, four gibibytes. No client reads more, and the list of
/// the body's blocks is kept in memory.
const MOST_BYTES: u64 = 4 << 30;

/// The most seconds that a clock may be off, ten years. Beyond that the date may have no written
/// form.
const MOST_SECONDS: u64 = 10 * 365 * 86_400;

/// Whether a fault strikes before or after the operation is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum When {
    AfterCommit,
    BeforeCommit,
}

/// The header in which a throttling reply says how long to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(in super::super) enum RetryHeader {
    #[serde(rename = "retry-after")]
    RetryAfter,
    #[default]
    #[serde(rename = "x-acs-retry-after")]
    XAcsRetryAfter,
    #[serde(rename = "x-ratelimit-user")]
    XRatelimitUser,
    #[serde(rename = "x-ratelimit-user-api")]
    XRatelimitUserApi,
}

/// How far a call has come when a fault may strike it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Stage {
    /// The call has arrived, and nothing of it was checked.
    Gate,
    /// The call is signed correctly, and is within the quota.
    Admitted,
}

impl Kind {
    /// The name of the kind, as users write it and as the journal shows it.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Self::AlteredAnswer { .. } => "altered_answer",
            Self::BusinessError { .. } => "business_error",
            Self::ClockSkew { .. } => "clock_skew",
            Self::EchoRequest { .. } => "echo_request",
            Self::EmptyBody {} => "empty_body",
            Self::ExpiredToken {} => "expired_token",
            Self::HugeBody { .. } => "huge_body",
            Self::MalformedJson {} => "malformed_json",
            Self::NeverAnswer { .. } => "never_answer",
            Self::ResetAfterCommit {} => "reset_after_commit",
            Self::ResetBeforeCommit {} => "reset_before_commit",
            Self::ResetMidBody {} => "reset_mid_body",
            Self::SignatureRefused {} => "signature_refused",
            Self::SlowBody { .. } => "slow_body",
            Self::StaleList {} => "stale_list",
            Self::Status { .. } => "status",
            Self::Throttle { .. } => "throttle",
            Self::TruncatedJson {} => "truncated_json",
            Self::WrongContentType {} => "wrong_content_type",
            Self::WrongTypes {} => "wrong_types",
        }
    }

    /// The stage at which faults of this kind strike.
    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::ClockSkew { .. } | Self::ExpiredToken {} | Self::SignatureRefused {} => {
                Stage::Gate
            }
            _ => Stage::Admitted,
        }
    }

    /// Whether a fault of this kind means something for the call.
    pub(super) fn can_strike(&self, facts: Facts<'_>) -> bool {
        *self != Self::StaleList {} || facts.action == Some("QueryChatappPhoneNumbers")
    }

    /// Refuses values that the types allow and that nothing can be made of.
    pub(super) fn check(&self) -> Result<(), NotAFault> {
        match self {
            Self::BusinessError { status, .. } | Self::EchoRequest { status, .. }
                if *status != 200 && !(400..=599).contains(status) =>
            {
                Err(NotAFault(format!(
                    "a business error has no status {status}"
                )))
            }
            Self::Status { status, .. } if !(400..=599).contains(status) => Err(NotAFault(
                format!("{status} is not the status of a failure"),
            )),
            Self::HugeBody { bytes } if *bytes > MOST_BYTES => {
                Err(NotAFault(format!("a body has at most {MOST_BYTES} bytes")))
            }
            Self::ClockSkew { seconds } if seconds.unsigned_abs() > MOST_SECONDS => Err(NotAFault(
                format!("a clock is off by at most {MOST_SECONDS} seconds"),
            )),
            _ => Ok(()),
        }
    }
}

fn signature_does_not_match() -> String {
    "SignatureDoesNotMatch".into()
}

fn bad_request() -> u16 {
    400
}

fn sixty_four_mebibytes() -> u64 {
    64 << 20
}

fn two_seconds() -> Period {
    Period(std::time::Duration::from_secs(2))
}
