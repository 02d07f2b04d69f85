//! `client_connect_timeout` and `client_read_timeout` in the provider block: how long one HTTP attempt may take.

use std::time::Duration;

use crate::environment::Environment;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::path::Path;
use crate::framework::schema::Attribute;
use crate::framework::value::Value;

const EXPECTED: &str = "expected a whole number of milliseconds from 100 to 600000";

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout {
    name: &'static str,
    variable: &'static str,
    default: Duration,
}

/// Until a connection is made, TLS included.
pub(super) const CONNECT: Timeout = Timeout {
    name: "client_connect_timeout",
    variable: "CLIENT_CONNECT_TIMEOUT",
    default: Duration::from_secs(10),
};

/// From sending a request until its whole answer is there.
pub(super) const READ: Timeout = Timeout {
    name: "client_read_timeout",
    variable: "CLIENT_READ_TIMEOUT",
    default: Duration::from_secs(60),
};

impl Timeout {
    /// The attribute.
    pub(super) fn attribute(self, description: &'static str) -> Attribute {
        Attribute::number(self.name)
            .optional()
            .validate(validate)
            .describe(description)
    }

    /// The setting, with the environment's where the configuration has none.
    pub(super) fn configure(
        self,
        configured: &Field<Number>,
        environment: &Environment,
    ) -> Result<Duration, Diagnostic> {
        let refused = |place: &str| {
            Diagnostic::error(
                "Invalid Provider Configuration",
                format!("{} is not usable: {EXPECTED}{place}.", self.name),
            )
            .at(Path::root().attribute(self.name))
        };
        if let Some(number) = configured.known() {
            return millis(number).ok_or_else(|| refused(""));
        }
        match environment.first(&[self.variable]) {
            Some((name, value)) => Number::parse(value)
                .as_ref()
                .and_then(millis)
                .ok_or_else(|| refused(&format!(" in {name}"))),
            None => Ok(self.default),
        }
    }
}

fn millis(number: &Number) -> Option<Duration> {
    number
        .as_u64()
        .filter(|millis| (100..=600_000).contains(millis))
        .map(Duration::from_millis)
}

fn validate(value: &Value, path: &Path, found: &mut Diagnostics) {
    if matches!(value, Value::Number(number) if millis(number).is_none()) {
        found.push(
            Diagnostic::error(
                "Invalid Provider Configuration",
                format!("{path} is not usable: {EXPECTED}."),
            )
            .at(path.clone()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_goes_before_the_environment_before_the_default() {
        let environment: Environment = [("CLIENT_READ_TIMEOUT", "2000")].into_iter().collect();
        let set = Field::Known(Number::from(1500_i64));
        let read =
            |configured: &Field<Number>, environment| READ.configure(configured, environment);
        assert_eq!(read(&set, &environment), Ok(Duration::from_millis(1500)));
        assert_eq!(read(&Field::Null, &environment), Ok(Duration::from_secs(2)));
        let nothing = Environment::default();
        assert_eq!(read(&Field::Null, &nothing), Ok(Duration::from_secs(60)));
        assert_eq!(
            CONNECT.configure(&Field::Null, &nothing),
            Ok(Duration::from_secs(10))
        );
    }

    #[test]
    fn what_is_no_time_is_refused_and_says_where_it_stands() {
        for value in ["0", "-5", "1.5", "soon", "600001"] {
            let environment = [("CLIENT_CONNECT_TIMEOUT", value)].into_iter().collect();
            let wrong = CONNECT
                .configure(&Field::Null, &environment)
                .expect_err(value);
            assert!(
                wrong.detail.contains("milliseconds")
                    && wrong.detail.contains("CLIENT_CONNECT_TIMEOUT")
            );
        }
        let mut found = Diagnostics::default();
        let path = Path::root().attribute("client_read_timeout");
        validate(&Value::Number(Number::from(99_i64)), &path, &mut found);
        assert!(found.has_errors());
    }
}
