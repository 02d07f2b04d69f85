//! What `doctor` has seen, without any judgement.

use call_quota::Caveats;
use cams::phone::PhoneNumber;
use cams::{Error, ErrorKind, Form, Inspected, LookupData, NumberList, Waba};

use super::super::settings::throttle::Scope;
use super::names::Names;

/// Everything that was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Observations {
    pub(super) settings: Settings,
    pub(super) answers: Answers,
    /// By how many seconds the service's clock is ahead; `None` if no answer had a date.
    pub(super) clock_ahead: Option<i64>,
    /// Where the credentials come from, if any are configured.
    pub(super) credentials: Option<Origin>,
    /// The last four characters of the access key id that signed, unless it is too short to be
    /// masked.
    pub(super) access_key_end: Option<String>,
    /// Why the store of the shared quota cannot be used.
    pub(super) quota_trouble: Option<String>,
    /// What is not as it should be with the store of the shared quota.
    pub(super) quota_caveats: Caveats,
    /// Why the access key stands for the account.
    pub(super) account_trouble: Option<String>,
    /// Knows what no report may hold.
    pub(super) names: Names,
}

/// What the environment and the command line say.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// Why no client can be made of the settings, in the provider's words.
    pub(super) problems: Vec<String>,
    /// The URL of the API, if the settings name a usable one.
    pub(super) endpoint: Option<String>,
    /// The variable that it comes from; without one it is the region's own.
    pub(super) endpoint_variable: Option<&'static str>,
    /// The variable with the account's id.
    pub(super) account_variable: Option<&'static str>,
    /// Who shares the quota, if that could be read.
    pub(super) scope: Option<Scope>,
    /// Where the processes of this machine share it.
    pub(super) directory: Option<String>,
    pub(super) space: Option<Space>,
    /// A number that is said to be migrating.
    pub(super) number: Option<PhoneNumber>,
}

/// Where credentials come from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// In words, with the name of a profile and the path of a file.
    pub(super) description: String,
    /// What kind of place it is, without any name.
    pub(super) kind: &'static str,
}

/// The space that is examined.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub(super) id: String,
    /// The variable or the argument that it comes from.
    pub(super) origin: &'static str,
}

/// An answer, why there is none, or `None` if the question was not asked.
pub(super) type Asked<T> = Option<Result<Inspected<T>, Error>>;

/// What the service said.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) open_status: Asked<Option<bool>>,
    pub(super) waba: Asked<Waba>,
    pub(super) list: Asked<NumberList>,
    /// The lookup of a number that nobody can have.
    pub(super) missing: Asked<LookupData>,
    /// The lookup of what is no phone number.
    pub(super) malformed: Asked<LookupData>,
    /// The lookup of a number that the list shows, or that was named on the command line.
    pub(super) known: Asked<LookupData>,
}

impl Answers {
    /// The errors, in the order of the questions.
    pub(super) fn errors(&self) -> impl Iterator<Item = &Error> {
        let errors = [
            error(&self.open_status),
            error(&self.waba),
            error(&self.list),
            error(&self.missing),
            error(&self.malformed),
            error(&self.known),
        ];
        errors.into_iter().flatten()
    }

    /// How the successful answers are written.
    pub(super) fn forms(&self) -> impl Iterator<Item = Form> {
        let forms = [
            form(&self.open_status),
            form(&self.waba),
            form(&self.list),
            form(&self.missing),
            form(&self.malformed),
            form(&self.known),
        ];
        forms.into_iter().flatten()
    }

    /// Whether any question was asked. Without credentials none is.
    pub(super) fn asked(&self) -> bool {
        let unasked = |error: &Error| error.kind == ErrorKind::CredentialsUnavailable;
        self.forms().next().is_some() || self.errors().any(|error| !unasked(error))
    }

    /// Whether CAMS answered, be it with a refusal. An answer without a code is from something else
    /// on the way.
    pub(super) fn of_cams(&self) -> bool {
        self.forms().next().is_some() || self.errors().any(|error| error.code.is_some())
    }
}

fn error<T>(asked: &Asked<T>) -> Option<&Error> {
    asked.as_ref()?.as_ref().err()
}

fn form<T>(asked: &Asked<T>) -> Option<Form> {
    Some(asked.as_ref()?.as_ref().ok()?.form)
}
