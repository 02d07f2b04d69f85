//! What CAMS may do where its documentation leaves a choice.
//!
//! Each default is what the documentation says. Where the documentation says nothing, it is the
//! choice that is hardest for a client. The documentation of the crate has the reasons.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::number_form::NumberForm;
use crate::period::Period;

/// The choices that the documentation of CAMS leaves open.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What the documentation of CAMS leaves open")]
pub(crate) struct ServiceChoices {
    /// How GetPhoneNumberVerificationStatus answers for a number that the space lacks
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub(crate) missing_number: MissingNumber,
    /// The code of that answer, if it is a refusal
    #[arg(long, value_name = "CODE", default_value = PHONE_NUMBER_ERROR)]
    pub(crate) missing_code: String,
    /// The HTTP status of that answer, if it is a refusal
    #[arg(long, value_name = "STATUS", value_parser = statuses(), default_value = "400")]
    pub(crate) missing_status: u16,
    /// Under which status QueryChatappPhoneNumbers lists a number that is migrating
    #[arg(long, value_name = "STATUS", value_parser = listed(), default_value = ABSENT)]
    pub(crate) migrating_listed_as: String,
    /// Whether a deleted number stays in the list as a row with the status DELETED
    #[arg(long, value_enum, default_value_t)]
    pub(crate) deleted_rows: DeletedRows,
    /// How long after a change QueryChatappPhoneNumbers still shows the state before it
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) list_lag: Period,
    /// How long after a change GetPhoneNumberVerificationStatus still shows the state before it
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) lookup_lag: Period,
    /// In which form answers write a number that WhatsApp writes in a form of its own
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) number_form: NumberForm,
    /// In which forms GetPhoneNumberVerificationStatus knows such a number
    #[arg(long, value_name = "FORMS", value_enum, default_value_t)]
    pub(crate) accepted_forms: AcceptedForms,
    /// What an answer has in the place of an absent value
    #[arg(long, value_name = "VALUE", value_enum, default_value_t)]
    pub(crate) absent: AbsentValue,
    /// Whether ids and phone numbers are JSON texts or JSON numbers
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ids: Ids,
    /// Whether answers have every documented field or only the indispensable ones
    #[arg(long, value_enum, default_value_t)]
    pub(crate) answers: AnswerFields,
    /// How the initiation of a number that is migrating already is answered
    #[arg(long, value_enum, default_value_t)]
    pub(crate) on_repeat: OnRepeat,
    /// The code that refuses the initiation of a number that the space has already
    #[arg(long, value_name = "CODE", default_value = PHONE_NUMBER_ERROR)]
    pub(crate) repeat_code: String,
    /// The HTTP status of business errors that have no flag of their own
    #[arg(long, value_name = "STATUS", value_parser = statuses(), default_value = "400")]
    pub(crate) business_status: u16,
    /// Make the account one that has not subscribed to the product
    #[arg(long)]
    pub(crate) not_subscribed: bool,
}

/// The one documented code that is about phone numbers: "the phone number is abnormal".
pub(crate) const PHONE_NUMBER_ERROR: &str = "InvalidParameter.PhoneNumberError";

/// The value of `--migrating-listed-as` with which the list does not show a number that is
/// migrating.
pub(crate) const ABSENT: &str = "absent";

/// The statuses under which the list may show a number that is migrating: as such, as one whose
/// registration is not finished, or as one that is not verified.
fn listed() -> PossibleValuesParser {
    PossibleValuesParser::new([ABSENT, "MIGRATING", "PENDING", "UNVERIFIED"])
}

/// How `GetPhoneNumberVerificationStatus` answers for a number that the space lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissingNumber {
    /// `Code` is `OK`, and `Data` is an empty object.
    EmptyData,
    /// `Code` is `OK`, and there is no `Data`.
    NoData,
    /// `Code` is `OK`, and `Data` has the number, `NOT_VERIFIED` and no `Id`.
    NotVerified,
    /// `Code` is `OK`, and `Data` is null.
    NullData,
    /// The answer is a business error.
    #[default]
    Refusal,
}

/// What becomes of the row of a deleted number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeletedRows {
    /// The row is deleted with the number.
    Drop,
    /// The row stays with the status `DELETED`, also beside a new row of the same number.
    #[default]
    Keep,
}

/// The forms in which the lookup knows a number that has two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AcceptedForms {
    /// Both of them.
    All,
    /// The form in which answers write the number.
    #[default]
    Written,
}

/// What an answer has in the place of an absent value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AbsentValue {
    /// An empty text.
    Empty,
    /// The text `None`.
    #[default]
    None,
    /// The JSON value null.
    Null,
}

/// The JSON type of ids and phone numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ids {
    /// A JSON number, which a service may write although its model declares a text.
    Number,
    /// A JSON text, as documented.
    #[default]
    Text,
}

/// Which fields answers have. No field of an answer is documented as always present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFields {
    /// All documented fields.
    #[default]
    Full,
    /// Only the fields that a client needs. Each list also has one row of a wrong type.
    Sparse,
}

/// How `CreateChatappMigrationInitiate` answers for a number that is migrating already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnRepeat {
    /// The initiation is refused with a business error.
    #[default]
    Error,
    /// The migration is started once more, and the number gets a new id.
    NewId,
    /// The answer is the same as the first time.
    Same,
}

/// The statuses that a business error may have. The documentation has a status for four codes
/// only, which is 400.
fn statuses() -> impl TypedValueParser<Value = u16> {
    PossibleValuesParser::new(["400", "404", "200"]).try_map(|status| status.parse::<u16>())
}
