//! The command line of `doctor`.

use std::ffi::OsString;

use base::foreign_text;
use cams::phone::PhoneNumber;

/// What `doctor --help` prints.
pub(crate) const HELP: &str = "\
Usage: terraform-provider-cams doctor [--json] [--space ID] [--number COUNTRY_CODE/NUMBER]

Asks CAMS a few questions with the credentials and settings from the environment. Reports what
works, what does not and what to do about it, and how the service behaves where its documentation
leaves something open. It only reads: no number and no setting is changed.

  --json         Print the report as JSON, without any personal data, fit for a bug report
  --space ID     Examine this space instead of the one in CAMS_CUST_SPACE_ID
  --number COUNTRY_CODE/NUMBER
                 A number of the space whose migration has started and is not finished, such as
                 86/13900001234: reports how the service lists such numbers
  --help         Print this text

The exit code is 0 if everything that the provider needs works, 1 if something does not, 2 for
invalid arguments, and 3 if the report cannot be written.";

/// How to examine the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether the report is JSON.
    pub(crate) json: bool,
    /// The space, in place of the environment's.
    pub(crate) space: Option<String>,
    /// A number of the space that is migrating.
    pub(crate) number: Option<PhoneNumber>,
}

/// Reads the arguments behind `doctor`. `None` if they ask for [`HELP`].
///
/// # Errors
///
/// If the arguments cannot be understood. The text says why.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let mut options = Options::default();
    let mut arguments = arguments.map(|argument| {
        argument.into_string().map_err(|argument| {
            let shown = foreign_text::line(&argument.to_string_lossy());
            format!("{shown} is not UTF-8")
        })
    });
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        let (name, given) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        let mut value = || match given {
            Some(value) => Ok(value.to_owned()),
            None => arguments
                .next()
                .unwrap_or_else(|| Err("a value is missing behind the last argument".to_owned())),
        };
        let name = name.strip_prefix('-').unwrap_or_default();
        match name.trim_start_matches('-') {
            "help" | "h" => return Ok(None),
            "json" if given.is_none() => options.json = true,
            "space" => options.space = Some(space(value()?)?),
            "number" => options.number = Some(number(&value()?)?),
            _ => {
                let shown = foreign_text::line(&argument);
                return Err(format!("unknown argument {shown}"));
            }
        }
    }
    Ok(Some(options))
}

fn space(text: String) -> Result<String, String> {
    match text.is_empty() || text.trim() != text {
        true => Err("--space needs a space id without white space around it".to_owned()),
        false => Ok(text),
    }
}

fn number(text: &str) -> Result<PhoneNumber, String> {
    let Some((country_code, mobile_number)) = text.split_once('/') else {
        return Err("--number needs COUNTRY_CODE/NUMBER, such as 86/13900001234".to_owned());
    };
    PhoneNumber::parse(country_code, mobile_number)
        .map_err(|problem| format!("--number: {}", foreign_text::line(&problem.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Option<Options>, String> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn every_argument_is_understood_in_both_ways_to_write_it() {
        let all = Options {
            json: true,
            space: Some("cams-1".to_owned()),
            number: PhoneNumber::parse("86", "13900001234").ok(),
        };
        for arguments in [
            &["--json", "--space", "cams-1", "--number", "86/13900001234"][..],
            &["-number=86/13900001234", "--space=cams-1", "-json"],
        ] {
            assert_eq!(parsed(arguments), Ok(Some(all.clone())));
        }
        assert_eq!(parsed(&[]), Ok(Some(Options::default())));
        assert_eq!(parsed(&["--json", "--help"]), Ok(None));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (arguments, named) in [
            (&["--verbose"][..], "--verbose"),
            (&["--json=yes"], "--json=yes"),
            (&["--space"], "value is missing"),
            (&["--space", " cams-1"], "white space"),
            (&["--number", "8613900001234"], "COUNTRY_CODE/NUMBER"),
            (&["--number", "86/+1"], "--number"),
        ] {
            let wrong = parsed(arguments).expect_err("not understood");
            assert!(wrong.contains(named), "{wrong}");
        }
    }
}
