//! `client_connect_timeout` and `client_read_timeout` in the provider block: how long one HTTP attempt may take.

use std::time::Duration;

use crate::framework::number::Number;
use crate::framework::schema::Attribute;

use super::setting::Setting;

/// Until a connection is made, TLS included.
pub(super) static CONNECT: Setting<Duration> = Setting {
    path: &["client_connect_timeout"],
    variables: &["CLIENT_CONNECT_TIMEOUT"],
    parse,
};
pub(super) const DEFAULT_CONNECT: &str = "10000";

/// From sending a request until its whole answer is there.
pub(super) static READ: Setting<Duration> = Setting {
    path: &["client_read_timeout"],
    variables: &["CLIENT_READ_TIMEOUT"],
    parse,
};
pub(super) const DEFAULT_READ: &str = "60000";

/// The attributes.
pub(super) fn attributes() -> [Attribute; 2] {
    [
        CONNECT.check(Attribute::number("client_connect_timeout")).optional().describe(
            "Milliseconds until a connection to the API is made. Raise it behind a slow proxy. Environment: \
             `CLIENT_CONNECT_TIMEOUT`. Default value is `10000`.",
        ),
        READ.check(Attribute::number("client_read_timeout")).optional().describe(
            "Milliseconds until the whole answer to a request is there. What a request without an answer did is found out \
             afterwards, so lower it only if the API hangs. Environment: `CLIENT_READ_TIMEOUT`. Default value is `60000`.",
        ),
    ]
}

fn parse(text: &str) -> Result<Duration, String> {
    let millis = Number::parse(text).and_then(|number| number.as_u64());
    millis
        .filter(|millis| (100..=600_000).contains(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a whole number of milliseconds from 100 to 600000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_milliseconds_are_read_and_nothing_else() {
        assert_eq!(parse("1500"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-5", "1.5", "99", "600001", "soon", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
