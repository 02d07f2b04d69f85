//! How much memory answers may take: one budget for all that are read at the same time, one for the
//! lists that are kept.
//!
//! A share is taken before the bytes are, so that a hundred answers without end need no more memory
//! than a few. Whoever reads an answer waits for its share. Nobody waits for a second share while
//! holding one, so that none wait for each other.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For all answers that are being read: thirty-two of the largest size at once.
const READING: usize = 32 << 20;

/// For the rows of all lists that are kept.
const KEEPING: usize = 64 << 20;

/// Memory is counted in blocks of this size.
const BLOCK: usize = 1 << 10;

/// The memory for the answers of a client.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    reading: Arc<Semaphore>,
    keeping: Arc<Semaphore>,
}

/// Memory that is taken from the budget, and given back when all clones are dropped.
#[derive(Clone, Debug, Default)]
pub struct Share(Vec<Arc<OwnedSemaphorePermit>>);

/// The memory for lists is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Exhausted {
    /// What was too large.
    pub(super) const MESSAGE: &str = "the lists of all spaces together need more than 64 MiB";
}

impl Budget {
    /// Nothing is taken yet.
    pub(super) fn new() -> Self {
        Self {
            reading: Arc::new(Semaphore::new(READING / BLOCK)),
            keeping: Arc::new(Semaphore::new(KEEPING / BLOCK)),
        }
    }

    /// Waits for the memory to read an answer of this size.
    pub(super) async fn read(&self, bytes: usize) -> Share {
        let blocks = blocks(bytes.min(READING));
        let permit = Arc::clone(&self.reading).acquire_many_owned(blocks).await;
        // The semaphore is never closed.
        Share(permit.map(Arc::new).into_iter().collect())
    }

    /// Adds memory for rows to what a list has.
    pub(super) fn keep(&self, bytes: usize, share: &mut Share) -> Result<(), Exhausted> {
        let permit = Arc::clone(&self.keeping).try_acquire_many_owned(blocks(bytes));
        share.0.push(Arc::new(permit.map_err(|_| Exhausted)?));
        Ok(())
    }
}

/// One answer is like another, whoever holds the memory for it.
impl PartialEq for Share {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Share {}

fn blocks(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BLOCK)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn whoever_reads_waits_and_whoever_keeps_is_refused() {
        let budget = Budget::new();
        let all = budget.read(usize::MAX).await;
        assert!(budget.read(1).now_or_never().is_none());
        drop(all);
        assert!(budget.read(1).now_or_never().is_some());

        let mut share = Share::default();
        assert_eq!(budget.keep(KEEPING, &mut share), Ok(()));
        assert_eq!(budget.keep(1, &mut Share::default()), Err(Exhausted));
        drop(share);
        assert_eq!(budget.keep(1, &mut Share::default()), Ok(()));
    }
}
