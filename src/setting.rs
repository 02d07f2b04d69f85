//! One setting of the provider block, which is declared once: its name, environment variables,
//! default, description and parser.
//!
//! Everything else follows from the declaration: the attribute in the schema with its validation,
//! the error for a value that is known only after apply, the environment variables, and the
//! documentation. [`super::settings`] declares all settings.
//!
//! This file is longer than 300 lines because all that follows from a declaration is in it.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use base::environment::Environment;
use base::secret::Secret;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;

use super::block::Config;

/// A setting whose value is a `T`.
pub(super) struct Setting<T> {
    /// The name of the attribute, after the names of those that it is nested in.
    pub(super) path: &'static [&'static str],
    /// The environment variables for the setting. The first one that is set counts.
    pub(super) variables: &'static [&'static str],
    /// What holds if neither the attribute nor a variable is set.
    pub(super) absent: Absent,
    /// What the setting does, in Markdown. The variables and the default are added to it.
    pub(super) description: &'static str,
    /// Whether the value is a secret: Terraform shows it nowhere, and no error points at the line
    /// where it is written, which Terraform would print.
    pub(super) secret: bool,
    /// Takes the value from the provider block, as text that is wiped from memory when it is
    /// dropped, since some of them are secrets. Every attribute is a text in the schema, since a
    /// number cannot be empty; Terraform converts a number that is written for it.
    pub(super) configured: fn(&Config) -> Field<Text>,
    /// Parses the text. The error says what is expected. It never quotes the text, which may hold a
    /// password.
    pub(super) parse: fn(&str) -> Result<T, String>,
}

/// The text of a value.
pub(super) type Text = Zeroizing<String>;

/// What holds if a setting is not set anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// The value that this text is parsed to, like a configured one.
    Default(&'static str),
    /// There is no value. The text says in the documentation what follows from that.
    None(&'static str),
}

/// A setting, whatever the type of its value.
pub(super) trait Declaration: Sync {
    /// The names of the attribute and of those that it is nested in, the outermost first.
    fn names(&self) -> &'static [&'static str];

    /// The attribute in the schema.
    fn attribute(&'static self) -> Attribute;

    /// Where an error about the value points.
    fn place(&self) -> Path;

    /// Whether the value is known only during apply.
    fn is_unknown(&self, config: &Config) -> bool;
}

impl<T: 'static> Declaration for Setting<T> {
    fn names(&self) -> &'static [&'static str] {
        self.path
    }

    fn attribute(&'static self) -> Attribute {
        let name = self.path.last().copied().unwrap_or_default();
        let attribute = Attribute::string(name)
            .optional()
            .describe(self.documentation())
            .validate(|value, _, invalid| {
                let text = value.as_str().filter(|text| !text.is_empty());
                if let Some(Err(expected)) = text.map(self.parse) {
                    invalid.push(self.refused(&expected, None));
                }
            });
        match self.secret {
            true => attribute.sensitive(),
            false => attribute,
        }
    }

    fn place(&self) -> Path {
        let names = match (self.secret, self.path) {
            (true, [outer @ .., _]) => outer,
            (_, all) => all,
        };
        names.iter().copied().collect()
    }

    fn is_unknown(&self, config: &Config) -> bool {
        (self.configured)(config).is_unknown()
    }
}

impl<T: 'static> Setting<T> {
    /// The value that is set, or else the default. `None` if there is neither, or if the value is
    /// known only during apply.
    ///
    /// # Errors
    ///
    /// If what is set cannot be parsed. The error names the attribute or the environment variable.
    pub(super) fn read(
        &self,
        config: &Config,
        environment: &Environment,
    ) -> Result<Option<T>, Diagnostic> {
        let configured = self.value(config);
        let (text, variable) = match (&configured, environment.first(self.variables)) {
            (Field::Known(value), _) => (value.as_str(), None),
            (Field::Null, Some((variable, value))) => (value, Some(variable)),
            (Field::Null, None) => match self.absent {
                Absent::Default(default) => (default, None),
                Absent::None(_) => return Ok(None),
            },
            (Field::Unknown, _) => return Ok(None),
        };
        (self.parse)(text)
            .map(Some)
            .map_err(|expected| self.refused(&expected, variable))
    }

    /// The value in the provider block alone. `None` if there is none, or if it is known only
    /// during apply.
    ///
    /// # Errors
    ///
    /// If what is set cannot be parsed.
    pub(super) fn in_block(&self, config: &Config) -> Result<Option<T>, Diagnostic> {
        match self.value(config) {
            Field::Known(text) => (self.parse)(&text)
                .map(Some)
                .map_err(|expected| self.refused(&expected, None)),
            Field::Null | Field::Unknown => Ok(None),
        }
    }

    /// The value that is set, or else the default, for a setting that has a default and is known.
    pub(super) fn require(
        &self,
        config: &Config,
        environment: &Environment,
    ) -> Result<T, Diagnostic> {
        self.read(config, environment)?
            .ok_or_else(|| self.refused("expected a value", None))
    }

    /// The text in the provider block. An empty one counts as null, because variables of a
    /// configuration often have it as their default.
    pub(super) fn value(&self, config: &Config) -> Field<Text> {
        match (self.configured)(config) {
            Field::Known(text) if text.is_empty() => Field::Null,
            other => other,
        }
    }

    /// The description with the variables and the default, in sentences that `cargo xtask docs`
    /// reads.
    fn documentation(&self) -> String {
        let mut text = self.description.to_owned();
        if !self.variables.is_empty() {
            text.push_str(&format!(" Environment: {}.", listed(self.variables)));
        }
        match self.absent {
            Absent::Default(default) => text.push_str(&format!(" Default value is `{default}`.")),
            Absent::None("") => {}
            Absent::None(otherwise) => text.push_str(&format!(" Without it, {otherwise}.")),
        }
        text
    }

    /// The error for a value that is not what was expected. It names the attribute, and the
    /// variable if that set it.
    fn refused(&self, expected: &str, variable: Option<&str>) -> Diagnostic {
        let path: Path = self.path.iter().copied().collect();
        let origin = variable
            .map(|name| format!(", set by the environment variable {name},"))
            .unwrap_or_default();
        Diagnostic::error(
            "Invalid Provider Configuration",
            format!("{path}{origin} is not usable: {expected}."),
        )
        .at(self.place())
    }
}

/// The parser of a setting whose type can be parsed from text by itself, for [`Setting::parse`].
pub(super) fn from_str<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// The field as text.
pub(super) fn text(field: &Field<String>) -> Field<Text> {
    match field {
        Field::Known(value) => Field::Known(Zeroizing::new(value.clone())),
        Field::Null => Field::Null,
        Field::Unknown => Field::Unknown,
    }
}

/// The text of a secret field.
pub(super) fn secret(field: &Field<Secret>) -> Field<Text> {
    match field {
        Field::Known(value) => Field::Known(Zeroizing::new(value.expose().to_owned())),
        Field::Null => Field::Null,
        Field::Unknown => Field::Unknown,
    }
}

/// The field of a block. It is null or unknown if all of the block is.
pub(super) fn within<B>(block: &Field<B>, field: fn(&B) -> Field<Text>) -> Field<Text> {
    match block {
        Field::Known(block) => field(block),
        Field::Null => Field::Null,
        Field::Unknown => Field::Unknown,
    }
}

/// The value, or `None` after its error was added to the others.
pub(super) fn or_report<T>(read: Result<T, Diagnostic>, errors: &mut Diagnostics) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

/// The names as a list in Markdown: `a`, `b` or `c`.
fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DIGIT: Setting<u32> = Setting {
        path: &["block", "digit"],
        variables: &["DIGIT", "FINGER"],
        absent: Absent::None("there is no digit"),
        description: "A digit.",
        secret: false,
        configured: |config| text(&config.region),
        parse: |text| text.parse().map_err(|_| "expected a digit".to_owned()),
    };
    static DEFAULTED: Setting<u32> = Setting {
        absent: Absent::Default("7"),
        variables: &["FINGER"],
        ..DIGIT
    };

    fn read(
        setting: &Setting<u32>,
        text: Field<String>,
        variable: &str,
    ) -> Result<Option<u32>, String> {
        let config = Config {
            region: text,
            ..Config::default()
        };
        let environment = [("DIGIT", variable)].into_iter().collect();
        setting
            .read(&config, &environment)
            .map_err(|error| error.detail)
    }

    #[test]
    fn the_configuration_goes_before_the_environment_and_that_before_the_default() {
        assert_eq!(read(&DIGIT, "1".into(), "2"), Ok(Some(1)));
        assert_eq!(read(&DIGIT, Field::Null, "2"), Ok(Some(2)));
        assert_eq!(read(&DIGIT, Field::Null, ""), Ok(None));
        assert_eq!(read(&DIGIT, "".into(), "2"), Ok(Some(2)));
        assert_eq!(read(&DEFAULTED, "".into(), ""), Ok(Some(7)));
        assert_eq!(read(&DIGIT, Field::Unknown, "2"), Ok(None));
        assert_eq!(read(&DEFAULTED, Field::Null, ""), Ok(Some(7)));
    }

    #[test]
    fn an_error_says_where_the_value_stands_and_not_what_it_is() {
        let error = read(&DIGIT, "s3cr3t".into(), "2").expect_err("no digit");
        assert_eq!(error, "block.digit is not usable: expected a digit.");
        let error = read(&DIGIT, Field::Null, "s3cr3t").expect_err("no digit");
        assert!(error.contains("variable DIGIT") && !error.contains("s3cr3t"));
    }

    #[test]
    fn an_error_about_a_secret_points_at_the_block_and_names_the_attribute() {
        static SECRET: Setting<u32> = Setting {
            secret: true,
            ..DIGIT
        };
        let config = Config {
            region: "s3cr3t".into(),
            ..Config::default()
        };
        let error = SECRET.in_block(&config).expect_err("no digit");
        assert!(error.detail.starts_with("block.digit is not usable"));
        assert_eq!(error.path, Some(["block"].into_iter().collect()));
    }

    #[test]
    fn documentation_names_the_variables_and_the_default() {
        assert_eq!(
            DIGIT.documentation(),
            "A digit. Environment: `DIGIT` or `FINGER`. Without it, there is no digit."
        );
        assert_eq!(
            DEFAULTED.documentation(),
            "A digit. Environment: `FINGER`. Default value is `7`."
        );
    }
}
