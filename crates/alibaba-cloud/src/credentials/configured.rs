//! What the provider block says about credentials.

use std::collections::BTreeMap;

use base::secret::Secret;

/// The arguments of the provider block by name, such as `access_key`. An argument of a nested block
/// has a name with a dot, such as `assume_role.role_arn`. The name of a block alone, with an empty
/// text, says that the block is present.
#[derive(Clone, Debug, Default)]
pub struct Configured(BTreeMap<String, Secret>);

impl Configured {
    /// The text of an argument, if it is set. An empty text counts as not set.
    pub(super) fn get(&self, argument: &str) -> Option<&str> {
        self.written(argument).filter(|text| !text.is_empty())
    }

    /// The text of an argument, which may be empty.
    pub(super) fn written(&self, argument: &str) -> Option<&str> {
        self.0.get(argument).map(Secret::expose)
    }

    /// Whether the nested block of this name is present.
    pub(super) fn has_block(&self, block: &str) -> bool {
        let mut names = self.0.keys();
        names.any(|name| name.split('.').next() == Some(block))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Configured {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(arguments: I) -> Self {
        let arguments = arguments.into_iter();
        Self(
            arguments
                .map(|(name, text)| (name.into(), Secret::new(text)))
                .collect(),
        )
    }
}
