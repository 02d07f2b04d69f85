//! A string that cannot be printed by accident.

use std::fmt;

use zeroize::Zeroizing;

/// A credential. `Debug` shows `***`, there is no `Display`, and the memory is cleared on drop.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a secret of a text.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The text of the secret, for the one place that signs with it or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the secret is an empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_format_shows_the_secret() {
        let secret = Secret::new("s3cr3t");
        assert_eq!(format!("{secret:?} {secret:#?}"), "*** ***");
        assert_eq!(secret.expose(), "s3cr3t");
    }
}
