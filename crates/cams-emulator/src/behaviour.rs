//! What CAMS may do where its documentation leaves a choice.
//!
//! Each default is what the documentation says. Where the documentation says nothing, it is the
//! choice that is hardest for a client. The documentation of the crate has the reasons.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::number_form::NumberForm;
use crate::period::Period;
use crate::refusal::{Rejection, Result, refuse_if};

/// The choices that the documentation of CAMS leaves open. It is a group of flags, and the body of
/// `PUT /_emulator/behaviour`.
#[derive(Clone, Debug, Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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
    #[arg(long, value_name = "STATUS", value_parser = LISTED, default_value = ABSENT)]
    pub(crate) migrating_listed_as: String,
    /// Under which status it lists a migrating number that is verified and not registered
    #[arg(long, value_name = "STATUS", value_parser = LISTED, default_value = PENDING)]
    pub(crate) verified_listed_as: String,
    /// Whether it shows what happened at Meta only after a ChatappSyncPhoneNumber, or at once
    #[arg(long, value_name = "SOURCE", value_enum, default_value_t)]
    pub(crate) list_follows: ListSource,
    /// How long after a change at Meta a ChatappSyncPhoneNumber still gets the state before it
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) sync_lag: Period,
    /// Whether it shows the URLs and the queues of a webhook
    #[arg(long, value_enum, default_value_t)]
    pub(crate) webhook_listed: WebhookListed,
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
    /// In which forms operations that have a PhoneNumber know such a number
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
    /// The most numbers that a space may have; the initiation of one more is refused
    #[arg(long, value_name = "N")]
    pub(crate) max_numbers: Option<usize>,
    /// Refuse every initiation because the number is in use in the WhatsApp app
    #[arg(long)]
    pub(crate) numbers_in_app: bool,
    /// Let numbers be verified when their migration starts
    #[arg(long)]
    pub(crate) arrives_verified: bool,
    /// Let the names of numbers be in review until they are registered a second time; a first
    /// registration leaves such a number PENDING
    #[arg(long)]
    pub(crate) name_in_review: bool,
    /// The code of the refusals of codes, registrations and deregistrations, whatever the reason
    #[arg(long, value_name = "CODE", default_value = PHONE_NUMBER_ERROR)]
    pub(crate) refusal_code: String,
    /// How many sends of a code, the first ones to a number, are refused because servers are busy
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) busy_sends: usize,
    /// How many sends of a code to a number are accepted within the time of --code-lock
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) max_codes: usize,
    /// How long a send counts, a refused one too
    #[arg(long, value_name = "DURATION", default_value = "4320m")]
    pub(crate) code_lock: Period,
    /// How long a code can be submitted
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub(crate) code_expiry: Period,
    /// Whether a new code ends the older ones
    #[arg(long, value_enum, default_value_t)]
    pub(crate) old_codes: OldCodes,
    /// The code of the refusals of ChatappMigrationVerified
    #[arg(long, value_name = "CODE", default_value = "InvalidParameter")]
    pub(crate) wrong_code_as: String,
    /// How many submissions for a number are tried within the time of --try-lock
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) max_tries: usize,
    /// How long a submission counts, a refused one too
    #[arg(long, value_name = "DURATION", default_value = "60m")]
    pub(crate) try_lock: Period,
    /// How long a verification lasts, also that of a number that was registered since
    #[arg(long, value_name = "DURATION", default_value = "20160m")]
    pub(crate) verification_lapse: Period,
    /// Refuse every registration because two-step verification is on
    #[arg(long)]
    pub(crate) two_step: bool,
    /// How the registration of a number that is registered already is answered
    #[arg(long, value_enum, default_value_t)]
    pub(crate) on_registered: OnRegistered,
    /// How many registrations of a number, and how many deregistrations, are accepted within the
    /// time of --registration-lock
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) max_registrations: usize,
    /// How long a registration or deregistration counts, a refused one too
    #[arg(long, value_name = "DURATION", default_value = "4320m")]
    pub(crate) registration_lock: Period,
    /// How long after its registration a number is PENDING
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    pub(crate) connect_after: Period,
    /// The status of a number after that
    #[arg(long, value_name = "STATUS", default_value = "CONNECTED")]
    pub(crate) final_status: String,
    /// The status of a number after its deregistration
    #[arg(long, value_name = "STATUS", default_value = "DISCONNECTED")]
    pub(crate) deregistered_as: String,
    /// Let a number that is deregistered stay verified
    #[arg(long)]
    pub(crate) deregister_keeps_verification: bool,
    /// How many deregistrations, the first ones of a number, fail half-way
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) half_deregistrations: usize,
    /// What UpdatePhoneWebhook does about a URL that is given and empty
    #[arg(long, value_enum, default_value_t)]
    pub(crate) empty_url: EmptyUrl,
    /// Which names the parameter InstanceName of ListInstance matches
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub(crate) instance_name_match: NameMatch,
    /// The HTTP status of business errors that have no flag of their own
    #[arg(long, value_name = "STATUS", value_parser = statuses(), default_value = "400")]
    pub(crate) business_status: u16,
    /// Make the account one that has not subscribed to the product
    #[arg(long)]
    pub(crate) not_subscribed: bool,
}

impl ServiceChoices {
    /// A business error that has no flag of its own for its status.
    pub(crate) fn refusal(&self, code: &str, message: &str) -> Rejection {
        Rejection::new(self.business_status, code, message)
    }

    /// Refuses with such an error if this holds.
    pub(crate) fn refuse_if(&self, holds: bool, code: &str, why: &str) -> Result<()> {
        refuse_if(holds, self.business_status, code, why)
    }

    /// The refusal of a number that the space lacks.
    pub(crate) fn missing(&self) -> Rejection {
        let message = "The space does not have the phone number.";
        Rejection::new(self.missing_status, &*self.missing_code, message)
    }

    /// Whether operations know in this form a number that answers write in that form.
    pub(crate) fn accepts(&self, form: &str, written: &str) -> bool {
        self.accepted_forms == AcceptedForms::All || form == written
    }
}

/// The one documented code that is about phone numbers: "the phone number is abnormal".
pub(crate) const PHONE_NUMBER_ERROR: &str = "InvalidParameter.PhoneNumberError";

/// The value of `--migrating-listed-as` with which the list does not show a number that is
/// migrating.
pub(crate) const ABSENT: &str = "absent";

/// The status of a number that is not connected yet.
pub(crate) const PENDING: &str = "PENDING";

/// The statuses under which the list may show a number that is migrating: as such, as one whose
/// registration is not finished, or as one that is not verified.
const LISTED: [&str; 4] = [ABSENT, "MIGRATING", PENDING, "UNVERIFIED"];

/// How `GetPhoneNumberVerificationStatus` answers for a number that the space lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeletedRows {
    /// The row is deleted with the number.
    Drop,
    /// The row stays with the status `DELETED`, also beside a new row of the same number.
    #[default]
    Keep,
}

/// The forms in which operations know a number that has two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AcceptedForms {
    /// Both of them.
    All,
    /// The form in which answers write the number.
    #[default]
    Written,
}

/// What an answer has in the place of an absent value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ids {
    /// A JSON number, which a service may write although its model declares a text.
    Number,
    /// A JSON text, as documented.
    #[default]
    Text,
}

/// Which fields answers have. No field of an answer is documented as always present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AnswerFields {
    /// All documented fields.
    #[default]
    Full,
    /// Only the fields that a client needs. Each list also has one row of a wrong type.
    Sparse,
}

/// How `CreateChatappMigrationInitiate` answers for a number that is migrating already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnRepeat {
    /// The initiation is refused with a business error.
    #[default]
    Error,
    /// The migration is started once more, and the number gets a new id.
    NewId,
    /// The answer is the same as the first time.
    Same,
}

/// What the list shows of what happened at Meta: a verification and its lapse, a registration, a
/// connection, a deregistration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ListSource {
    /// All of it, at once.
    Meta,
    /// Only what a `ChatappSyncPhoneNumber` found.
    #[default]
    Sync,
}

/// Whether the list shows the URLs and the queues of a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WebhookListed {
    /// Rows have absent values in their place.
    #[default]
    Absent,
    /// Rows have those that were set.
    Shown,
}

/// What becomes of older codes when a number is sent another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OldCodes {
    /// They cannot be submitted any more.
    #[default]
    End,
    /// They can be submitted until they expire.
    Stay,
}

/// How `ChatappMigrationRegister` answers for a number that is registered already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnRegistered {
    /// As for a registration, and nothing happens.
    Ok,
    /// With a business error.
    #[default]
    Refused,
}

/// What `UpdatePhoneWebhook` does about a URL that is given and empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EmptyUrl {
    /// The URL is removed.
    Cleared,
    /// The URL stays as it was.
    Kept,
    /// The call is refused.
    #[default]
    Refused,
}

/// Which names the parameter `InstanceName` of `ListInstance` matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NameMatch {
    /// Those that contain it.
    #[default]
    Contains,
    /// The one that equals it.
    Exact,
}

/// The statuses that a business error may have. The documentation has a status for four codes
/// only, which is 400.
fn statuses() -> impl TypedValueParser<Value = u16> {
    PossibleValuesParser::new(["400", "404", "200"]).try_map(|status| status.parse::<u16>())
}
