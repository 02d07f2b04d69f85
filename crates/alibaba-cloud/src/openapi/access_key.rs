//! The access key that requests are signed with.

use std::fmt;

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
        let tail: String = self
            .id
            .chars()
            .skip(self.id.chars().count().saturating_sub(4))
            .collect();
        let id = if self.id.chars().count() > 8 {
            format!("…{tail}")
        } else {
            "…".to_owned()
        };
        f.debug_struct("AccessKey")
            .field("id", &id)
            .field("temporary", &self.security_token.is_some())
            .finish()
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
