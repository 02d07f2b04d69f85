//! An access key together with the cleaner that removes it from foreign text.

use base::foreign_text::Cleaner;
use base::secret::Secret;

use super::AccessKey;

/// An access key that requests are signed with, and the [`Cleaner`] that knows it.
///
/// The cleaner is made once for each key, because that takes longer than signing a request.
#[derive(Clone, Debug)]
pub struct SigningKey {
    access_key: AccessKey,
    cleaner: Cleaner,
}

impl SigningKey {
    /// Makes the key usable for requests.
    ///
    /// The cleaner knows the secret too, although it is never sent: a user may have put it into a
    /// field that is.
    pub fn new(access_key: AccessKey) -> Self {
        let token = access_key.security_token.as_ref().map(Secret::expose);
        let parts = [access_key.id.as_str(), access_key.secret.expose()];
        let cleaner = Cleaner::new(parts.into_iter().chain(token));
        Self {
            access_key,
            cleaner,
        }
    }

    /// The id, the secret and the token that sign.
    pub fn access_key(&self) -> &AccessKey {
        &self.access_key
    }

    /// Removes the parts of the key from text that came from outside.
    pub fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }
}
