//! The data sources of the provider, one file each. `number_attributes` are those of a number, which two
//! of them have.

pub(crate) mod instances;
mod number_attributes;
pub(crate) mod phone_number;
pub(crate) mod phone_numbers;
pub(crate) mod waba;

#[cfg(test)]
pub(crate) fn diagnostics() -> Vec<terraform_plugin::framework::diagnostic::Diagnostic> {
    let mut all = crate::reader::diagnostics();
    all.extend(phone_number::diagnostics());
    all.push(waba::not_bound("cams-1"));
    all
}
