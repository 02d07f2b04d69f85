//! What all processes are asked to do: which operation they call, and for which phone numbers.
//!
//! The judge tells from a phone number alone which process asked for it.

/// The operation that starts a migration, which the makespan is about.
pub(crate) const INITIATE: &str = "CreateChatappMigrationInitiate";

/// The calling code of all numbers.
pub(crate) const COUNTRY_CODE: &str = "86";

/// A number that was migrated.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// The calling code and the national number, digits only.
    pub(crate) number: String,
    /// Seconds from the common start until Terraform, or a peer, asked for the number.
    pub(crate) asked: f64,
    /// Seconds from then until the number was done.
    pub(crate) took: f64,
}

/// The national number of a process's `index`-th number. The number of the process is part of it.
pub(crate) fn mobile_number(process: usize, index: usize) -> String {
    format!("13{process:02}{index:07}")
}

/// The process that asked for this number, which begins with the calling code.
pub(crate) fn process_of(phone_number: &str) -> usize {
    phone_number[4..6]
        .parse()
        .expect("a number that mobile_number made")
}
