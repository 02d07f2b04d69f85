//! Randomness as a value, so that a test can fix it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A shared source of random numbers for nonces and jitter. Not for keys.
#[derive(Clone, Debug)]
pub struct Random(Arc<Mutex<fastrand::Rng>>);

impl Random {
    /// Seeded by the operating system.
    pub fn from_system() -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::new())))
    }

    /// The same numbers every time.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// 32 hexadecimal digits.
    pub fn nonce(&self) -> String {
        format!("{:032x}", self.with(|rng| rng.u128(..)))
    }

    /// A duration drawn evenly from zero to `limit`.
    pub fn up_to(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.with(fastrand::Rng::f64))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_numbers_and_nonces_differ() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));
        let first = one.nonce();
        assert_eq!(first, two.nonce());
        assert_eq!(first.len(), 32);
        assert_ne!(first, one.nonce());
        assert!(one.up_to(Duration::from_secs(1)) <= Duration::from_secs(1));
    }
}
