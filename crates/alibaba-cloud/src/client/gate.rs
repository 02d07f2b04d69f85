//! What the client asks of whatever limits its calls and of whatever gives it keys.

use std::sync::Arc;
use std::time::Duration;

use crate::openapi::SigningKey;

use super::bounds::{Bounds, Ended};

/// Limits calls: every attempt needs a permit.
pub trait Gate: Send + Sync + 'static {
    /// The right to send one attempt.
    type Permit: Permit;

    /// Waits for a permit to call this operation, within the bounds. If the service throttled the
    /// last attempt of the same call, this one goes first.
    ///
    /// # Errors
    ///
    /// If the bounds end the wait.
    fn admit(
        &self,
        bounds: &Bounds,
        key: &SigningKey,
        action: &'static str,
        was_throttled: bool,
    ) -> impl Future<Output = Result<Self::Permit, Ended>> + Send;
}

/// The right to send one attempt. Dropped, it counts as an attempt without an answer, which the
/// service may have counted at any time.
pub trait Permit: Send + 'static {
    /// Returns what is called when the attempt leaves on a connection that was there already.
    fn departure(&self) -> impl Fn() + Send + Sync + 'static;

    /// The service answered the attempt.
    fn answered(self);

    /// The service throttled the attempt, and may have asked for a pause.
    fn throttled(self, retry_after: Option<Duration>);

    /// The attempt never left this machine.
    fn unsent(self);
}

/// A gate for APIs whose limits are so high that calls need not be counted.
#[derive(Clone, Copy, Debug)]
pub struct OpenGate;

impl Gate for OpenGate {
    type Permit = Self;

    async fn admit(
        &self,
        _: &Bounds,
        _: &SigningKey,
        _: &'static str,
        _: bool,
    ) -> Result<Self, Ended> {
        Ok(Self)
    }
}

impl Permit for OpenGate {
    fn departure(&self) -> impl Fn() + Send + Sync + 'static {
        || {}
    }

    fn answered(self) {}

    fn throttled(self, _: Option<Duration>) {}

    fn unsent(self) {}
}

/// Gives the keys that sign requests.
pub trait Keys: Send + Sync + 'static {
    /// Returns a key that is valid now, and fetches it if need be.
    ///
    /// # Errors
    ///
    /// If there is no valid key. The text says why.
    fn current(&self) -> impl Future<Output = Result<Arc<SigningKey>, String>> + Send;

    /// The key that is valid now, unless one has to be fetched first.
    fn cached(&self) -> Option<Arc<SigningKey>>;

    /// Whether there is another key than `refused`, which the service does not accept.
    ///
    /// # Errors
    ///
    /// If there should be another key and it cannot be fetched. The text says why.
    fn renew(&self, refused: &SigningKey) -> impl Future<Output = Result<bool, String>> + Send;

    /// Ends a fetch that is under way, because the user asked to stop.
    fn interrupt(&self);
}

/// One key that never changes.
impl Keys for Arc<SigningKey> {
    async fn current(&self) -> Result<Arc<SigningKey>, String> {
        Ok(Self::clone(self))
    }

    fn cached(&self) -> Option<Arc<SigningKey>> {
        Some(Self::clone(self))
    }

    async fn renew(&self, _: &SigningKey) -> Result<bool, String> {
        Ok(false)
    }

    fn interrupt(&self) {}
}
