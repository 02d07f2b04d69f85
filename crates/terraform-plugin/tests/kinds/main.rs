//! Every kind over the wire: a provider that offers one of each, called as Terraform core calls it.

mod action;
mod core;
mod data_source;
mod function;
mod list_resource;
mod offers;
mod toy;

use core::Core;

use protocol_client::tfplugin6::Diagnostic;

/// The titles of diagnostics. The test fails if one has no severity.
fn titles(diagnostics: &[Diagnostic]) -> Vec<&str> {
    assert!(diagnostics.iter().all(|said| said.severity != 0));
    let titles = diagnostics.iter().map(|said| said.summary.as_str());
    titles.collect()
}
