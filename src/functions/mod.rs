//! The functions of the provider, one file each. Terraform calls them also where the provider is not
//! configured, so they use neither the configuration nor the network.

pub(crate) mod format_phone_number;
pub(crate) mod parse_phone_number;
