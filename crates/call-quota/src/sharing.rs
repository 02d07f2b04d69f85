//! When all operations of an account share one set of slots.
//!
//! The documentation gives each operation its own limit. But the service may count all operations of
//! the account together. This is visible when it throttles a call although the operation stayed
//! within its slots. There are two possible reasons. Either all operations together made more calls
//! than one operation may make, and the service counts them together. Or a caller outside Terraform
//! uses a part of the limit.
//!
//! In the first case the operations share one set of slots for a time. It has as many slots as the
//! greatest limit of an operation. The slots that are already occupied count in it, so that no
//! further call is made before the earlier ones have left the window, and only the calls that are
//! under way are throttled. When the time is over, each operation has its own limit again; if a call
//! is throttled soon afterwards, the time doubles.
//!
//! In the second case the limit of the operation is lowered (`limit.rs`), or the limit of the shared
//! set while there is one.

use super::constants::{FIRST_SHARING, LONGEST_SHARING, MAX_PAUSE, Micros, REMEMBERED_AFTER};
use super::limit::Pool;
use super::slots::{LaneId, PermitId, QuotaState};

impl QuotaState {
    /// Takes into account that the API throttled a call of this operation.
    pub(crate) fn throttled(
        &mut self,
        now: Micros,
        lane: LaneId,
        permit: PermitId,
        pause: Option<Micros>,
    ) {
        if !self.lanes.iter().any(|known| known.id == lane) {
            // The state was lost in the meantime, and a pause follows every loss.
            return;
        }
        if !self.sharing.lasts(now) && self.exceeds_the_account(now, lane) {
            self.share(now);
        }
        let set = match self.sharing.lasts(now) {
            true => None,
            false => Some(lane),
        };
        let pool = self.pool(set);
        let pause = pause.unwrap_or(pool.window).min(MAX_PAUSE);
        pool.paused_until = pool.paused_until.max(now.saturating_add(pause));
        // A permit's id is close enough to the time at which it was granted.
        pool.lower(now, permit.0);
    }

    /// Whether the calls of all operations together explain why this operation was throttled.
    ///
    /// The answer arrives after the service has counted. In the meantime slots of counted calls may
    /// have become free.
    fn exceeds_the_account(&self, now: Micros, lane: LaneId) -> bool {
        let own = self.occupied(now, Some(lane)).count();
        let counted_at = now.saturating_sub(REMEMBERED_AFTER);
        let all = self.occupied(counted_at, None);
        let others = all.filter(|slot| slot.lane != lane).count();
        let (calls, _) = self.account_limit(now);
        others > 0 && (own + others) as u64 > calls
    }

    fn share(&mut self, now: Micros) {
        let (calls, window) = self.account_limit(now);
        let sharing = &mut self.sharing;
        let again = sharing.until > 0 && now.saturating_sub(sharing.until) <= sharing.span;
        sharing.span = match again {
            true => (sharing.span * 2).min(LONGEST_SHARING),
            false => FIRST_SHARING,
        };
        sharing.until = now.saturating_add(sharing.span);
        // The throttled calls do not lower this limit, which would not have permitted them.
        sharing.pool = Pool {
            confirmed_at: now,
            lowered_at: now,
            ..Pool::default()
        };
        sharing.pool.set(calls, window);
    }

    /// The greatest number of calls of the operations in use, and the longest of their windows.
    pub(crate) fn account_limit(&self, now: Micros) -> (u64, Micros) {
        let pools = self.lanes.iter().map(|lane| lane.pool);
        let in_use = pools.filter(|pool| pool.is_in_use(now));
        in_use.fold((1, 1), |(calls, window), pool| {
            (calls.max(pool.calls), window.max(pool.window))
        })
    }
}
