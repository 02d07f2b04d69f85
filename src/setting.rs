//! One setting of the provider block, which is declared once: its name, environment variables,
//! default, description and parser.
//!
//! Everything else follows from the declaration: the attribute in the schema with its validation,
//! the environment variables, the errors, and the documentation. [`super::settings`] declares all
//! settings.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use base::environment::Environment;
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;

use super::block::Config;

/// A setting whose value is a `T`.
pub(crate) struct Setting<T> {
    /// The name of the attribute; in a nested block with the block's before it, as in
    /// `throttle.scope`.
    pub(crate) name: &'static str,
    /// The environment variables for the setting. The first one that is set counts.
    pub(crate) variables: &'static [&'static str],
    /// What the setting does, in Markdown. The variables and the default are added to it.
    description: &'static str,
    /// The text of the value that holds if neither the attribute nor a variable is set.
    default: Option<&'static str>,
    /// What follows, for the documentation, if there is no value.
    otherwise: Option<&'static str>,
    /// Whether the value is a secret: Terraform shows it nowhere, and no error points at the line
    /// where it is written, which Terraform would print.
    secret: bool,
    /// Whether the search for credentials applies the variables and the default, because they come
    /// after what the provider block names.
    of_credentials: bool,
    /// Parses the text. The error says what is expected. It never quotes the text, which may hold a
    /// password.
    parse: fn(&str) -> Result<T, String>,
}

/// Reads a whole number of units as Terraform and people write one, such as `20`, `20.0` or `2e1`.
pub(crate) fn whole_number(
    text: &str,
    range: RangeInclusive<u32>,
    units: &str,
) -> Result<u64, String> {
    let (least, most) = range.into_inner();
    let number = text.parse().ok().filter(|number: &f64| {
        number.fract() == 0.0 && (f64::from(least)..=f64::from(most)).contains(number)
    });
    let number = number.map(|number| number as u64);
    number.ok_or_else(|| format!("expected a whole number of {units} from {least} to {most}"))
}

/// Reads a whole number of milliseconds.
pub(crate) fn parse_millis(text: &str, range: RangeInclusive<u32>) -> Result<Duration, String> {
    whole_number(text, range, "milliseconds").map(Duration::from_millis)
}

impl<T> Setting<T> {
    /// An optional setting without a default.
    pub(crate) const fn new(
        name: &'static str,
        variables: &'static [&'static str],
        parse: fn(&str) -> Result<T, String>,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            variables,
            description,
            default: None,
            otherwise: None,
            secret: false,
            of_credentials: false,
            parse,
        }
    }

    /// The same setting with a default, which is parsed like a configured value.
    pub(crate) const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    /// The same setting with what follows if there is no value.
    pub(crate) const fn otherwise(mut self, text: &'static str) -> Self {
        self.otherwise = Some(text);
        self
    }

    /// The same setting as a secret.
    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The same setting, whose variables and default the search for credentials applies.
    pub(crate) const fn of_credentials(mut self) -> Self {
        self.of_credentials = true;
        self
    }

    /// The value that is set, or else the default. `None` if there is neither, or if the value is
    /// known only during apply.
    ///
    /// # Errors
    ///
    /// If what is set cannot be parsed. The error names the attribute or the environment variable.
    pub(crate) fn read(
        &self,
        config: &Config,
        environment: &Environment,
    ) -> Result<Option<T>, Diagnostic> {
        let (text, variable) = match (config.attribute(self.name), config.text(self.name)) {
            (_, Some(text)) => (text, None),
            (Field::Unknown, None) => return Ok(None),
            // An empty text counts as not set, because variables of a configuration often have it
            // as their default.
            _ if self.of_credentials => return Ok(None),
            _ => match (environment.first(self.variables), self.default) {
                (Some((variable, text)), _) => (text, Some(variable)),
                (None, Some(default)) => (default, None),
                (None, None) => return Ok(None),
            },
        };
        let parsed = (self.parse)(text).map(Some);
        parsed.map_err(|expected| self.refused(&expected, variable))
    }

    /// The value that is set, or else the default, for a setting that has a default and is known.
    ///
    /// # Errors
    ///
    /// If what is set cannot be parsed.
    pub(crate) fn require(
        &self,
        config: &Config,
        environment: &Environment,
    ) -> Result<T, Diagnostic> {
        self.read(config, environment)?
            .ok_or_else(|| self.refused("expected a value", None))
    }

    /// The description with the variables and the default, in sentences that `cargo xtask docs`
    /// reads.
    fn documentation(&self) -> String {
        let mut text = self.description.to_owned();
        let names = self.variables.iter().map(|name| format!("`{name}`"));
        let names: Vec<String> = names.collect();
        if let Some((last, others)) = names.split_last() {
            let others = others.join(", ");
            let or = if others.is_empty() { "" } else { " or " };
            text += &format!(" Environment: {others}{or}{last}.");
        }
        if let Some(default) = self.default {
            text += &format!(" Default value is `{default}`.");
        }
        if let Some(otherwise) = self.otherwise {
            text += &format!(" Without it, {otherwise}.");
        }
        text
    }

    /// The error for a value that is not what was expected. It names the attribute, and the
    /// variable if that set it.
    fn refused(&self, expected: &str, variable: Option<&str>) -> Diagnostic {
        let name = self.name;
        let origin = variable.map(|name| format!(", set by the environment variable {name},"));
        let origin = origin.unwrap_or_default();
        let text = format!("{name}{origin} is not usable: {expected}.");
        Diagnostic::error("Invalid Provider Configuration", text).at(self.location())
    }
}

/// A setting, whatever the type of its value.
pub(crate) trait Declaration: Sync {
    /// The name of the attribute, with that of its block before it.
    fn name(&self) -> &'static str;

    /// The attribute in the schema.
    fn attribute(&'static self) -> Attribute;

    /// Where an error about the value points.
    fn location(&self) -> Path;

    /// What is wrong with the value that is set.
    fn error(&self, config: &Config, environment: &Environment) -> Option<Diagnostic>;
}

impl<T> Declaration for Setting<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn attribute(&'static self) -> Attribute {
        let name = self.name.rsplit('.').next().unwrap_or_default();
        let attribute = Attribute::string(name)
            .optional()
            .describe(self.documentation())
            .validate(|value, _, errors| {
                let text = value.as_str().filter(|text| !text.is_empty());
                if let Some(Err(expected)) = text.map(self.parse) {
                    errors.push(self.refused(&expected, None));
                }
            });
        match self.secret {
            true => attribute.sensitive(),
            false => attribute,
        }
    }

    fn location(&self) -> Path {
        let shown = match (self.secret, self.name.rsplit_once('.')) {
            (false, _) => self.name,
            (true, Some((block, _))) => block,
            (true, None) => return Path::root(),
        };
        shown.split('.').collect()
    }

    fn error(&self, config: &Config, environment: &Environment) -> Option<Diagnostic> {
        self.read(config, environment).err()
    }
}

/// The error about a text that is not what is expected.
pub(crate) fn check(is_expected: bool, expected: &str) -> Result<(), String> {
    match is_expected {
        true => Ok(()),
        false => Err(format!("expected {expected}")),
    }
}

/// The parser of a setting whose type can be parsed from text by itself.
pub(crate) fn from_str<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

#[cfg(test)]
mod tests {
    use terraform_plugin::framework::model::FieldType;
    use terraform_plugin::framework::value::Value;

    use super::*;

    fn parse_digit(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| "expected a digit".to_owned())
    }

    const DIGIT: Setting<u32> =
        Setting::new("block.digit", &["DIGIT", "FINGER"], parse_digit, "A digit.")
            .otherwise("there is no digit");
    const DEFAULTED: Setting<u32> =
        Setting::new("block.digit", &["FINGER"], parse_digit, "A digit.").default("7");

    fn read(
        setting: &Setting<u32>,
        text: Option<&str>,
        variable: &str,
    ) -> Result<Option<u32>, String> {
        let config = text.map_or_else(Config::default, |text| Config::of([("block.digit", text)]));
        let environment = [("DIGIT", variable)].into_iter().collect();
        let read = setting.read(&config, &environment);
        read.map_err(|error| error.detail)
    }

    #[test]
    fn whole_milliseconds_are_read_and_nothing_else() {
        let parse_millis = |text| parse_millis(text, 100..=600_000);
        assert_eq!(parse_millis("1500"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-5", "1.5", "99", "600001", "soon", ""] {
            assert!(parse_millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_configuration_goes_before_the_environment_and_that_before_the_default() {
        assert_eq!(read(&DIGIT, Some("1"), "2"), Ok(Some(1)));
        assert_eq!(read(&DIGIT, None, "2"), Ok(Some(2)));
        assert_eq!(read(&DIGIT, None, ""), Ok(None));
        assert_eq!(read(&DIGIT, Some(""), "2"), Ok(Some(2)));
        assert_eq!(read(&DEFAULTED, Some(""), ""), Ok(Some(7)));
        assert_eq!(read(&DEFAULTED, None, ""), Ok(Some(7)));
    }

    #[test]
    fn an_unknown_value_is_no_value_whatever_the_environment_says() {
        let block = [("block".to_owned(), Value::Unknown)].into();
        let config = Config::from_known(Value::Map(block)).expect("a provider block");
        let environment = [("DIGIT", "2")].into_iter().collect();
        for setting in [DIGIT, DEFAULTED] {
            let read = setting
                .read(&config, &environment)
                .map_err(|error| error.detail);
            assert_eq!(read, Ok(None));
        }
    }

    #[test]
    fn the_environment_of_credentials_is_left_to_their_search() {
        for setting in [DIGIT.of_credentials(), DEFAULTED.of_credentials()] {
            assert_eq!(read(&setting, Some("1"), "2"), Ok(Some(1)));
            assert_eq!(read(&setting, None, "2"), Ok(None));
        }
    }

    #[test]
    fn an_error_says_where_the_value_stands_and_not_what_it_is() {
        let error = read(&DIGIT, Some("s3cr3t"), "2").expect_err("no digit");
        assert_eq!(error, "block.digit is not usable: expected a digit.");
        let error = read(&DIGIT, None, "s3cr3t").expect_err("no digit");
        assert!(error.contains("variable DIGIT") && !error.contains("s3cr3t"));
    }

    #[test]
    fn an_error_about_a_secret_points_at_the_block_and_names_the_attribute() {
        let config = Config::of([("block.digit", "s3cr3t")]);
        let read = DIGIT.secret().read(&config, &Environment::default());
        let error = read.expect_err("no digit");
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
        let three = Setting::new("x", &["A", "B", "C"], parse_digit, "X.").documentation();
        assert!(three.contains("Environment: `A`, `B` or `C`."), "{three}");
    }
}
