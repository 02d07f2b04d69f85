//! The access key that requests are signed with, alone and with the cleaner that removes it from
//! foreign text.

use std::fmt;

use base::foreign_text::Cleaner;
use base::secret::Secret;

/// An access key, permanent or temporary.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The AccessKey id. It is not secret, but it identifies a user: `Debug` shows only its last
    /// four characters.
    pub id: String,
    /// The AccessKey secret, which signs requests and is never sent.
    pub secret: Secret,
    /// The security token that comes with temporary credentials, and is sent with each request.
    /// `None` for a permanent key.
    pub security_token: Option<Secret>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = match self.id.chars().count() {
            length @ 9.. => length - 4,
            length => length,
        };
        let end: String = self.id.chars().skip(hidden).collect();
        f.debug_struct("AccessKey")
            .field("id", &format!("…{end}"))
            .field("temporary", &self.security_token.is_some())
            .finish()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_four_characters_of_the_id_and_nothing_else() {
        let key = AccessKey {
            id: "LTAI5tTestAccessKeyId01".into(),
            secret: Secret::new("s3cr3t"),
            security_token: Some(Secret::new("t0ken")),
        };
        assert_eq!(
            format!("{key:?}"),
            r#"AccessKey { id: "…Id01", temporary: true }"#
        );
    }
}
