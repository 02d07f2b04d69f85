//! A setting of the provider block: what is configured, else what an environment variable says.

use std::fmt;
use std::str::FromStr;

use crate::environment::Environment;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::path::Path;
use crate::framework::schema::Attribute;
use crate::framework::value::Value;

/// Where a setting is made, and what may stand there.
pub(super) struct Setting<T> {
    /// The attribute, and those it is in, outermost first.
    pub(super) path: &'static [&'static str],
    /// The environment variables for it. The first that is set counts.
    pub(super) variables: &'static [&'static str],
    /// Reads it, be it text or a number. The error says what was expected, never what was found: that may hold a password.
    pub(super) parse: fn(&str) -> Result<T, String>,
}

impl<T: 'static> Setting<T> {
    /// Has the attribute checked as soon as it is known.
    pub(super) fn check(&'static self, attribute: Attribute) -> Attribute {
        attribute.validate(|value, _, found| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return,
            };
            if let Err(expected) = (self.parse)(&text) {
                found.push(self.refused(&expected, None));
            }
        })
    }

    /// What is set. `None` if nothing is, or if only apply will tell.
    pub(super) fn read(
        &self,
        configured: &Field<impl fmt::Display>,
        environment: &Environment,
    ) -> Result<Option<T>, Diagnostic> {
        let (text, variable) = match (configured, environment.first(self.variables)) {
            (Field::Known(value), _) => (value.to_string(), None),
            (Field::Null, Some((variable, value))) => (value.to_owned(), Some(variable)),
            (Field::Null, None) | (Field::Unknown, _) => return Ok(None),
        };
        (self.parse)(&text)
            .map(Some)
            .map_err(|expected| self.refused(&expected, variable))
    }

    /// What is set, or else the default.
    pub(super) fn read_or(
        &self,
        default: &str,
        configured: &Field<impl fmt::Display>,
        environment: &Environment,
    ) -> Result<T, Diagnostic> {
        match self.read(configured, environment)? {
            Some(value) => Ok(value),
            None => (self.parse)(default).map_err(|expected| self.refused(&expected, None)),
        }
    }

    /// Where the attribute is.
    pub(super) fn path(&self) -> Path {
        let steps = self.path.iter();
        steps.fold(Path::root(), |path, name| path.attribute(*name))
    }

    fn refused(&self, expected: &str, variable: Option<&str>) -> Diagnostic {
        let path = self.path();
        let origin = variable
            .map(|name| format!(", set by the environment variable {name},"))
            .unwrap_or_default();
        Diagnostic::error(
            "Invalid Provider Configuration",
            format!("{path}{origin} is not usable: {expected}."),
        )
        .at(path)
    }
}

/// For [`Setting::parse`]: what has a form of its own.
pub(super) fn from_str<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|wrong: T::Err| wrong.to_string())
}

/// The value, or its error among the others.
pub(super) fn or_report<T>(read: Result<T, Diagnostic>, found: &mut Diagnostics) -> Option<T> {
    read.map_err(|wrong| found.push(wrong)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    static DIGIT: Setting<u32> = Setting {
        path: &["block", "digit"],
        variables: &["DIGIT"],
        parse: |text| text.parse().map_err(|_| "expected a digit".to_owned()),
    };

    fn read(configured: &Field<String>, variable: &str) -> Result<Option<u32>, String> {
        let environment = [("DIGIT", variable)].into_iter().collect();
        DIGIT
            .read(configured, &environment)
            .map_err(|wrong| wrong.detail)
    }

    #[test]
    fn the_configuration_goes_before_the_environment() {
        assert_eq!(read(&"1".into(), "2"), Ok(Some(1)));
        assert_eq!(read(&Field::Null, "2"), Ok(Some(2)));
        assert_eq!(read(&Field::Null, ""), Ok(None));
        assert_eq!(read(&Field::Unknown, "2"), Ok(None));
    }

    #[test]
    fn an_error_says_where_the_value_stands_and_not_what_it_is() {
        let wrong = read(&"s3cr3t".into(), "2").expect_err("no digit");
        assert_eq!(wrong, "block.digit is not usable: expected a digit.");
        let wrong = read(&Field::Null, "s3cr3t").expect_err("no digit");
        assert!(wrong.contains("variable DIGIT") && !wrong.contains("s3cr3t"));
    }
}
