//! Credentials as what signs the requests of a client.

use std::sync::Arc;

use crate::client::Keys;
use crate::openapi::SigningKey;

use super::refresh::Credentials;

impl Keys for Credentials {
    async fn current(&self) -> Result<Arc<SigningKey>, String> {
        let key = Credentials::current(self).await;
        key.map_err(|error| error.to_string())
    }

    fn at_hand(&self) -> Option<Arc<SigningKey>> {
        Credentials::at_hand(self)
    }

    async fn renew(&self, refused: &SigningKey) -> Result<bool, String> {
        let other = Credentials::renew(self, refused).await;
        other
            .map(|other| other.is_some())
            .map_err(|error| error.to_string())
    }

    fn interrupt(&self) {
        self.break_off();
    }
}
