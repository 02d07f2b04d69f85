//! The work of all processes: the operation that they call, and the phone numbers.
//!
//! Each phone number contains the index of its process, so that the analysis can assign a call to a
//! process.

/// The operation that starts a migration. The makespan is measured for this operation.
pub(crate) const INITIATE: &str = "CreateChatappMigrationInitiate";

/// The calling code of all numbers.
pub(crate) const COUNTRY_CODE: &str = "86";

/// A number that was migrated.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// The calling code and the national number, digits only.
    pub(crate) number: String,
    /// Seconds from the common start until Terraform, or a peer, requested the number.
    pub(crate) asked: f64,
    /// Seconds from the request until the number was done.
    pub(crate) took: f64,
}

/// The national number of the `index`-th number of a process. It contains the index of the process.
pub(crate) fn mobile_number(process: usize, index: usize) -> String {
    format!("13{process:02}{index:07}")
}

/// The index of the process that migrates this number, which begins with the calling code.
pub(crate) fn process_of(phone_number: &str) -> usize {
    phone_number[4..6]
        .parse()
        .expect("a number that mobile_number made")
}
