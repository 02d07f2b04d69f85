//! When all operations of an account share one set of slots.
//!
//! The documentation gives each operation a limit of its own. It is not sure that the service
//! counts so: it may count all operations of the account together. That shows when it throttles a
//! call although the slots of its operation were kept. It has one of two reasons. Either the calls
//! of all operations together were more than one operation may make, and that is what the service
//! counts. Or a caller outside Terraform uses a part of the limit.
//!
//! In the first case the operations share one set of slots for a while. It has as many slots as the
//! operation with the most calls may make. The slots that are occupied then count in it, so that no
//! further call is made before the earlier ones have left the window, and only the calls that were
//! under way are refused. When the time is over, each operation is given its own limit again; if
//! that is refused soon, the time doubles.
//!
//! In the second case the limit of the operation is lowered (`limit.rs`), or that of the shared set
//! while there is one.

use super::constants::{FIRST_SHARING, LONGEST_SHARING, MAX_PAUSE, Micros, REMEMBERED_AFTER};
use super::slots::{LaneId, PermitId, Pool, State};

impl State {
    /// Takes into account that the API throttled a call of this operation.
    pub(crate) fn throttled(
        &mut self,
        now: Micros,
        lane: LaneId,
        permit: PermitId,
        pause: Option<Micros>,
    ) {
        if !self.lanes.iter().any(|known| known.id == lane) {
            // The state was lost since. No process calls before the pause that follows a loss is
            // over.
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
        let pause = pause.unwrap_or(pool.limit.window).min(MAX_PAUSE);
        pool.paused_until = pool.paused_until.max(now.saturating_add(pause));
        // A permit's id is the time at which it was granted, as far as that matters here.
        pool.limit.lower(now, permit.0);
    }

    /// Whether the calls of all operations explain that one of this operation was throttled.
    ///
    /// The answer comes a little later than the service counted. In the meantime slots of calls
    /// that it counted may have become free.
    fn exceeds_the_account(&self, now: Micros, lane: LaneId) -> bool {
        let own = self.occupied(now, Some(lane)).count();
        let counted_at = now.saturating_sub(REMEMBERED_AFTER);
        let all = self.occupied(counted_at, None);
        let others = all.filter(|slot| slot.lane != lane).count();
        let (calls, _) = self.account_limit(now);
        others > 0 && own + others > calls as usize
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
        sharing.pool = Pool::default();
        let limit = &mut sharing.pool.limit;
        // The throttled calls do not lower a limit that would not have let them go.
        (limit.confirmed_at, limit.lowered_at) = (now, now);
        limit.set(calls, window);
    }

    /// The greatest number of calls of the operations in use, and the longest of their windows.
    pub(crate) fn account_limit(&self, now: Micros) -> (u32, Micros) {
        let limits = self.lanes.iter().map(|lane| lane.pool.limit);
        let in_use = limits.filter(|limit| limit.is_in_use(now));
        in_use.fold((1, 1), |(calls, window), limit| {
            (calls.max(limit.calls), window.max(limit.window))
        })
    }
}
