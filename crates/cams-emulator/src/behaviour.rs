//! What CAMS may do where its documentation leaves a choice.
//!
//! One structure serves as flags of the binary and as configuration, so that a choice is described
//! once. Each default is what the documentation says; where the documentation says nothing, it is
//! the choice that is hardest for a client. The documentation of [`emulator`](super) has the whole
//! table.

use clap::ValueEnum;

use super::operation::Operation;
use super::period::Period;

/// The choices that the documentation of CAMS leaves open.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "What the documentation of CAMS leaves open")]
pub struct Behaviour {
    /// How GetPhoneNumberVerificationStatus answers for a number that the space lacks
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub missing_number: MissingNumber,
    /// The code of that answer, if it is a refusal
    #[arg(long, value_name = "CODE", default_value = PHONE_NUMBER_ERROR)]
    pub missing_code: String,
    /// The HTTP status of that answer, if it is a refusal
    #[arg(long, value_name = "STATUS", value_enum, default_value_t)]
    pub missing_status: ErrorStatus,
    /// Under which status QueryChatappPhoneNumbers lists a number that is migrating
    #[arg(long, value_name = "STATUS", value_enum, default_value_t)]
    pub migrating_listed_as: MigratingListedAs,
    /// Whether a number that was deleted stays in the list as a row with the status DELETED
    #[arg(long, value_enum, default_value_t)]
    pub deleted_rows: DeletedRows,
    /// How long after a change QueryChatappPhoneNumbers still shows what was before
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub list_lag: Period,
    /// How long after a change GetPhoneNumberVerificationStatus still shows what was before
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub lookup_lag: Period,
    /// In which form answers write a number that WhatsApp writes in a form of its own
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub number_form: NumberForm,
    /// In which forms GetPhoneNumberVerificationStatus knows such a number
    #[arg(long, value_name = "FORMS", value_enum, default_value_t)]
    pub accepted_forms: AcceptedForms,
    /// What stands where an answer has nothing
    #[arg(long, value_name = "VALUE", value_enum, default_value_t)]
    pub absent: Absent,
    /// Whether ids and phone numbers are JSON texts or JSON numbers
    #[arg(long, value_enum, default_value_t)]
    pub ids: Ids,
    /// Whether answers hold every documented field or only the indispensable ones
    #[arg(long, value_enum, default_value_t)]
    pub answers: Answers,
    /// What the initiation of a number that is migrating already is answered with
    #[arg(long, value_enum, default_value_t)]
    pub on_repeat: OnRepeat,
    /// The code that refuses the initiation of a number that the space has already
    #[arg(long, value_name = "CODE", default_value = PHONE_NUMBER_ERROR)]
    pub repeat_code: String,
    /// The HTTP status of business errors that have no flag of their own
    #[arg(long, value_name = "STATUS", value_enum, default_value_t)]
    pub business_status: ErrorStatus,
    /// Let the account be one that has not subscribed to the product
    #[arg(long)]
    pub not_subscribed: bool,
    /// Let RAM deny this operation to the caller; may be given several times
    #[arg(long, value_name = "ACTION", value_enum)]
    pub deny: Vec<Operation>,
}

/// The one documented code that is about phone numbers: "the phone number is abnormal".
pub(super) const PHONE_NUMBER_ERROR: &str = "InvalidParameter.PhoneNumberError";

/// How `GetPhoneNumberVerificationStatus` answers for a number that the space lacks. It is
/// documented for numbers that were added to the account; what it says of others is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MissingNumber {
    /// `Code` is `OK`, and `Data` is an empty object.
    EmptyData,
    /// `Code` is `OK`, and there is no `Data`.
    NoData,
    /// `Code` is `OK`, and `Data` has the number and `NOT_VERIFIED`, and nothing as its `Id`.
    NotVerified,
    /// `Code` is `OK`, and `Data` is null.
    NullData,
    /// The answer is a business error.
    #[default]
    Refusal,
}

/// How `QueryChatappPhoneNumbers` shows numbers that are migrating. `MIGRATING` is documented as a
/// status of the initiation's answer alone. The number's own status stays `MIGRATING`; what the
/// list shows may differ from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MigratingListedAs {
    /// The list does not show them at all.
    #[default]
    #[value(name = "absent")]
    Absent,
    /// The list shows them as `MIGRATING`.
    #[value(name = "MIGRATING")]
    Migrating,
    /// The list shows them as numbers whose registration is not finished.
    #[value(name = "PENDING")]
    Pending,
    /// The list shows them as numbers that nobody has verified.
    #[value(name = "UNVERIFIED")]
    Unverified,
}

/// What becomes of the row of a deleted number. `DELETED` is a documented status of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DeletedRows {
    /// The row is deleted with the number.
    Drop,
    /// The row stays, with the status `DELETED`, and stays beside a new row if the number is
    /// initiated again.
    #[default]
    Keep,
}

/// The form in which answers write a number that WhatsApp writes in a form of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum NumberForm {
    /// As it is dialled today.
    Dialled,
    /// As WhatsApp writes it.
    #[default]
    Whatsapp,
}

/// The forms in which the lookup knows a number that has two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AcceptedForms {
    /// It knows both of them.
    All,
    /// It knows the one in which answers write it.
    #[default]
    Written,
}

/// What stands where an answer has nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Absent {
    /// An empty text stands there.
    Empty,
    /// The text `None` stands there.
    #[default]
    None,
    /// The JSON value null stands there.
    Null,
}

/// The JSON type of ids and phone numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// A JSON number, which a service may write although its model declares a text.
    Number,
    /// A JSON text, as documented.
    #[default]
    Text,
}

/// Which fields answers have. No field of an answer is documented as one that is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Answers {
    /// Answers have all documented fields.
    #[default]
    Full,
    /// Answers have only the fields that a client cannot do without. Each list also has one row of
    /// a wrong type.
    Sparse,
}

/// What `CreateChatappMigrationInitiate` answers for a number that is migrating already. No
/// idempotency is documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnRepeat {
    /// The initiation is refused with a business error.
    #[default]
    Error,
    /// The migration is started once more, and the number gets a new id.
    NewId,
    /// The answer is the same as the first time.
    Same,
}

/// The HTTP status of a business error: it is documented for four codes only, and is 400 for these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ErrorStatus {
    /// The status of a request that is refused, as the documented codes have it.
    #[default]
    #[value(name = "400")]
    BadRequest,
    /// The status of a thing that does not exist.
    #[value(name = "404")]
    NotFound,
    /// The status of a success, whose `Code` alone says that it is none.
    #[value(name = "200")]
    Ok,
}

impl ErrorStatus {
    /// The number that goes over the wire.
    pub(super) fn as_u16(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::NotFound => 404,
            Self::Ok => 200,
        }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            missing_number: MissingNumber::default(),
            missing_code: PHONE_NUMBER_ERROR.into(),
            missing_status: ErrorStatus::default(),
            migrating_listed_as: MigratingListedAs::default(),
            deleted_rows: DeletedRows::default(),
            list_lag: Period::default(),
            lookup_lag: Period::default(),
            number_form: NumberForm::default(),
            accepted_forms: AcceptedForms::default(),
            absent: Absent::default(),
            ids: Ids::default(),
            answers: Answers::default(),
            on_repeat: OnRepeat::default(),
            repeat_code: PHONE_NUMBER_ERROR.into(),
            business_status: ErrorStatus::default(),
            not_subscribed: false,
            deny: Vec::new(),
        }
    }
}
