//! The data sources of the provider, one file each. `shown` declares the models of what CAMS shows.

pub(crate) mod instances;
pub(crate) mod phone_number;
pub(crate) mod phone_numbers;
mod shown;
pub(crate) mod waba;

#[cfg(test)]
pub(crate) fn diagnostics() -> Vec<terraform_plugin::framework::diagnostic::Diagnostic> {
    let mut all = crate::reader::diagnostics();
    all.extend(phone_number::diagnostics());
    all.push(waba::not_bound("cams-1"));
    all
}
