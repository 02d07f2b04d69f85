//! Thousands of schedules each, half at random, half with few switches at the worst places.

use interleavings::{Fate, Kind, line_up, meet};
use shuttle::future::block_on;

const SCHEDULES: usize = 1000;

/// Schedules with so many switches at chosen places find bugs that take no more of them.
const SWITCHES: usize = 3;

fn explore(scenario: impl Fn() + Clone + Send + Sync + 'static) {
    shuttle::check_random(scenario.clone(), SCHEDULES);
    shuttle::check_pct(scenario, SCHEDULES, SWITCHES);
}

fn all_meet(fates: &'static [Fate]) {
    for kind in [Kind::Swift, Kind::Slow] {
        explore(move || block_on(meet(kind, fates)));
    }
}

#[test]
fn callers_who_are_answered_leave_no_trace() {
    all_meet(&[
        Fate::Answered,
        Fate::Answered,
        Fate::Answered,
        Fate::Answered,
    ]);
}

#[test]
fn callers_who_give_up_lose_no_slot() {
    all_meet(&[
        Fate::GivesUp,
        Fate::Unsent,
        Fate::GivesUp,
        Fate::GivesUp,
        Fate::Unsent,
    ]);
}

#[test]
fn callers_who_are_turned_away_go_first_and_block_nobody() {
    all_meet(&[Fate::Throttled, Fate::Answered, Fate::GivesUp]);
}

#[test]
fn whoever_comes_first_is_served_first() {
    for kind in [Kind::Swift, Kind::Slow] {
        explore(move || block_on(line_up(kind, 3)));
    }
}
