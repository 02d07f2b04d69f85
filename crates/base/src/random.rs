//! Randomness as a value, so that a test can fix it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::sync::lock;

/// A source of random numbers for nonces and jitter, which clones share. It is not good enough for
/// keys.
#[derive(Clone, Debug)]
pub struct Random(Arc<Mutex<fastrand::Rng>>);

impl Random {
    /// A source that is seeded by the keys of the standard library's hasher, which come from the
    /// operating system, so that no two processes draw the same nonces.
    ///
    /// `fastrand` on its own seeds itself from the clock and the thread's id, which two processes
    /// may share.
    pub fn from_system() -> Self {
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    /// A source that gives the same numbers every time, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// A random text of 32 hexadecimal digits.
    pub fn nonce(&self) -> String {
        format!("{:032x}", self.with(|rng| rng.u128(..)))
    }

    /// A duration drawn evenly from zero to `limit`.
    pub fn up_to(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.with(fastrand::Rng::f64))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut lock(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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

    #[test]
    fn no_two_sources_of_the_system_draw_alike() {
        let nonces = (0..1000).map(|_| Random::from_system().nonce());
        assert_eq!(nonces.collect::<HashSet<_>>().len(), 1000);
    }
}
