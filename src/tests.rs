//! All diagnostics of the provider, rendered into `tests/fixtures/diagnostics.txt` so that they can
//! be read in one sitting.
//!
//! `UPDATE_OUTPUT=1 cargo test -p terraform-provider-cams --lib diagnostics` writes the file: read
//! the difference before it is committed.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use cams::{Error, ErrorKind, LongWait, Obstacle, Untrusted, WaitCause};
use futures_util::FutureExt;
use terraform_plugin::framework::diagnostic::{Diagnostic, Severity};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path as AttributePath;
use terraform_plugin::framework::provider::Provider;
use terraform_plugin::framework::timeouts::Timed;
use terraform_plugin::framework::value::Value;

use super::errors::{self, ErrorContext};
use super::resources::{
    number, number_migration, number_registration, number_verification, number_verification_code,
    phone_webhook,
};
use super::{CamsProvider, LONG_WAIT, claims, data_sources, notices, validators};

#[tokio::test]
async fn all_diagnostics_are_in_the_fixture() {
    let sections = [
        ("Provider configuration", of_configuration()),
        ("Errors of calls", of_calls()),
        ("Notices", of_notices()),
        ("Validators", of_validators()),
        ("Resources for a number", number::diagnostics()),
        ("Data sources and lists", data_sources::diagnostics()),
        (
            "Verification codes",
            number::verification::tests::diagnostics(),
        ),
        ("cams_number_migration", number_migration::diagnostics()),
        (
            "cams_number_registration",
            number_registration::diagnostics(),
        ),
        (
            "cams_number_verification",
            number_verification::diagnostics(),
        ),
        (
            "cams_number_verification_code and cams_send_verification_code",
            number_verification_code::messages::tests::diagnostics(),
        ),
        ("cams_phone_webhook", phone_webhook::diagnostics()),
    ];
    let rendered: String = sections
        .iter()
        .map(|(title, diagnostics)| {
            let diagnostics: String = diagnostics.iter().map(rendered).collect();
            format!("# {title}\n\n{diagnostics}")
        })
        .collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diagnostics.txt");
    if Environment::of_process().get("UPDATE_OUTPUT").is_some() {
        std::fs::write(&file, &rendered).expect("written");
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(rendered == expected, "{} differs", file.display());
}

fn rendered(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    };
    let path = match &diagnostic.path {
        Some(path) => format!(" (at {path})"),
        None => String::new(),
    };
    let lines = diagnostic.detail.trim_end().lines().map(wrapped);
    let detail = lines.collect::<Vec<_>>().join("\n");
    format!(
        "## {severity}: {}{path}\n\n{detail}\n\n",
        diagnostic.summary
    )
}

fn wrapped(line: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in line.split(' ') {
        if width > 0 && width + word.len() >= 100 {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
        }
        text.push_str(word);
        width += word.len() + 1;
    }
    text
}

/// An error without the particulars that all errors have alike.
pub(crate) fn error(kind: ErrorKind, code: &str) -> Error {
    let code = Some(code.to_owned()).filter(|code| !code.is_empty());
    let action = "CreateChatappMigrationInitiate";
    let error = Error::unanswered(kind, action, "");
    Error {
        code,
        out_of_time: false,
        ..error
    }
}

/// The settings of the environment that cannot be used. The black-box tests record what concerns
/// missing credentials, which are searched for in the files of this machine.
fn of_configuration() -> Vec<Diagnostic> {
    let keys = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "id"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret"),
    ];
    let environments: [&[(&str, &str)]; 4] = [
        &[
            ("ALICLOUD_ACCOUNT_ID", "x"),
            ("ALICLOUD_REGION", "not a region"),
            ("CAMS_ENDPOINT", "http://cams.example.com"),
            ("CAMS_CUST_SPACE_ID", "cams abc"),
            ("CLIENT_CONNECT_TIMEOUT", "soon"),
            ("CLIENT_READ_TIMEOUT", "0"),
            ("CAMS_THROTTLE_SCOPE", "world"),
            ("CAMS_THROTTLE_REDIS_URL", "http://redis.example.com"),
            ("CAMS_THROTTLE_REQUESTS_PER_SECOND", "0"),
            ("CAMS_THROTTLE_STATE_DIRECTORY", "relative"),
        ],
        &[("CAMS_THROTTLE_SCOPE", "redis")],
        &[("ALICLOUD_REGION", "eu-central-1")],
        &[
            ("HTTPS_PROXY", "proxy.example.com:port"),
            ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ],
    ];
    let configured = |variables: &[(&str, &str)]| {
        let provider = CamsProvider {
            environment: variables.iter().chain(&keys).copied().collect(),
            clock: Clock::system(),
            random: Random::from_system(),
            long_wait: LONG_WAIT,
        };
        let configured = provider
            .configure(Default::default(), "1.14.0")
            .now_or_never();
        match configured.expect("it waits for nothing") {
            Ok((_, warnings)) => warnings,
            Err(errors) => errors,
        }
    };
    environments.into_iter().flat_map(configured).collect()
}

/// Each kind of error, and each variant that has advice of its own.
fn of_calls() -> Vec<Diagnostic> {
    const CREATE: Timed = Timed {
        name: "create",
        default: "20m",
    };
    const READ: Timed = Timed {
        name: "read",
        default: "10m",
    };
    let diagnostic = |error: &Error, other: Option<&Error>, timed: Timed| {
        let context = ErrorContext {
            subject: "number 8613900001234 in space cams-1",
            limit: &timed.limit(None),
            outcome: "The migration was not started. Apply again to continue.",
        };
        errors::diagnostic(error, other, context)
    };
    let kinds = [
        (ErrorKind::AccessDenied, "NoPermission"),
        (ErrorKind::Cancelled, ""),
        (ErrorKind::ClockDiffers, "InvalidTimeStamp.Expired"),
        (ErrorKind::Credentials, "InvalidAccessKeyId.NotFound"),
        (ErrorKind::Credentials, "InvalidAccessKeyId.Inactive"),
        (ErrorKind::Credentials, "SignatureDoesNotMatch"),
        (ErrorKind::Credentials, "InvalidSecurityToken.Expired"),
        (
            ErrorKind::Credentials,
            "InvalidSecurityToken.MismatchWithAccessKey",
        ),
        (ErrorKind::Credentials, "InvalidCredentials"),
        (ErrorKind::CredentialsUnavailable, ""),
        (ErrorKind::Incomplete, ""),
        (ErrorKind::Intercepted, ""),
        (
            ErrorKind::InvalidParameter,
            "InvalidParameter.PhoneNumberError",
        ),
        (ErrorKind::NotFound, "PhoneNumber.NotExist"),
        (ErrorKind::NotSubscribed, "Product.Unsubscript"),
        (ErrorKind::Other, "Something.New"),
        (ErrorKind::ResourceOwner, "Unknown.ResourceOwnerId"),
        (ErrorKind::TimedOut, ""),
        (ErrorKind::Unanswered, ""),
        (ErrorKind::Unavailable, "ServiceUnavailable"),
        (ErrorKind::Withheld, ""),
    ];
    let mut all: Vec<_> = kinds
        .into_iter()
        .map(|(kind, code)| diagnostic(&error(kind, code), None, CREATE))
        .collect();
    let obstacles = [
        Obstacle::Name,
        Obstacle::Proxy,
        Obstacle::Refused,
        Obstacle::Time,
        Obstacle::Tls,
        Obstacle::Other,
        Obstacle::Certificate(Untrusted::Issuer),
        Obstacle::Certificate(Untrusted::Date),
        Obstacle::Certificate(Untrusted::Name),
        Obstacle::Certificate(Untrusted::Other),
    ];
    all.extend(obstacles.map(|obstacle| {
        let error = Error {
            obstacle: Some(obstacle),
            ..error(ErrorKind::Unreachable, "")
        };
        diagnostic(&error, None, CREATE)
    }));
    let throttled = Error {
        out_of_time: true,
        ..error(ErrorKind::Throttled, "Throttling.User")
    };
    let list = Error {
        action: "QueryChatappPhoneNumbers",
        message: "the message of the service".to_owned(),
        request_id: Some("6D1FC2D4-0000".to_owned()),
        http_status: Some(400),
        access_denied_detail: Some("AuthAction=cams:QueryChatappPhoneNumbers".to_owned()),
        ..error(ErrorKind::AccessDenied, "NoPermission")
    };
    all.push(diagnostic(&error(ErrorKind::TimedOut, ""), None, READ));
    all.push(diagnostic(&throttled, None, READ));
    let lookup = Error {
        action: "GetPhoneNumberVerificationStatus",
        ..throttled.clone()
    };
    all.push(diagnostic(&list, Some(&lookup), READ));
    all.push(diagnostic(
        &error(ErrorKind::TimedOut, ""),
        None,
        number::READ,
    ));
    all.push(diagnostic(&throttled, None, number::READ));
    all
}

fn of_notices() -> Vec<Diagnostic> {
    let wait = LongWait {
        action: "QueryChatappPhoneNumbers",
        waited: Duration::from_secs(61),
        calls_ahead: 59,
        processes: 2,
        cause: WaitCause::Recovering,
        left: 12,
        rest: Duration::from_secs(24),
        calls: NonZeroU32::MIN,
    };
    let directory = "/tmp/terraform-provider-cams-1000";
    vec![
        notices::clock_differs("the service's clock is 2 h ahead of this machine's"),
        notices::long_wait(&wait),
        notices::account_locked(&Path::new(directory).join("accounts")),
        notices::account_not_known("STS refused GetCallerIdentity with ServiceUnavailable."),
        claims::not_shared(directory, "other users have access to it"),
    ]
}

fn of_validators() -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (code, number) in [
        ("+86", "139 0000-1234"),
        ("999", "13900001234"),
        ("86", "1390000123O"),
        ("86", ""),
        ("86", "+8613900001234"),
        ("86", "1"),
        ("1", "0123456789"),
        ("49", "01701234567"),
        ("86", "8613900001234"),
        ("225", "701020304"),
    ] {
        let known = |text: &str| Field::Known(text.to_owned());
        let number = validators::number_of_parts(&known(code), &known(number));
        all.extend(validators::validate_number(number, validators::two_parts));
    }
    for number in ["+86 139 0000-1234", "86", "12345678901", "868613900001234"] {
        let number = validators::whole_number(&Field::Known(number.to_owned()));
        all.extend(validators::validate_number(number, validators::whole));
    }
    let mut invalid = Default::default();
    let path = AttributePath::root().attribute("cust_space_id");
    validators::cust_space_id(&Value::String("cams abc".into()), &path, &mut invalid);
    all.extend(invalid);
    all
}
