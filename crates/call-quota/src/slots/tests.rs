//! A simulation in which processes, a network and a server surround the slot algorithm. It shows
//! what the algorithm promises under random arrivals, delays, stalls, cancellations and deaths of
//! processes.
//!
//! This file is longer than 300 lines because clients, network and server of the simulation are
//! read together.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use fastrand::Rng;
use proptest::prelude::*;

use super::{
    Command, LaneId, Limit, PermitId, PermitRequest, Priority, QuotaState, Reply, WaiterId,
};
use crate::constants::{FORWARD_DELAY, Micros, WAITER_GRACE};

const SECOND: Micros = 1_000_000;
const MILLI: Micros = 1000;

/// The conditions of one run. Times are in microseconds.
#[derive(Clone, Debug)]
struct Scene {
    seed: u64,
    processes: usize,
    /// Among how many operations the processes are divided.
    lanes: usize,
    /// Whether the server counts the calls of all operations together.
    together: bool,
    /// Calls each process has to make.
    calls: u32,
    /// How many of them it works on at the same time.
    parallel: u32,
    /// How long after its permit a call can leave, because a connection has to be made for it.
    leave: Micros,
    /// Of so many calls one goes on a connection that is in use. Zero stands for all.
    in_use: u32,
    /// The time from then to the moment the call is counted: evenly distributed in this range.
    forward: (Micros, Micros),
    /// The time from then to the answer.
    rest: (Micros, Micros),
    /// By how much a process wakes late at most, unless it stalls.
    oversleep: Micros,
    /// One wake-up in so many comes 400 ms late. Zero stands for none.
    stalls: u32,
    /// One call in so many is cancelled, while it waits or when it has its permit. Zero stands
    /// for none.
    cancels: u32,
    /// The processes that are killed, and when.
    kills: Vec<(usize, Micros)>,
    /// How many calls the server allows in a sliding second, and from when on.
    allowed: Vec<(Micros, usize)>,
    /// After this time no process begins another call.
    end: Micros,
}

impl Scene {
    fn calm(
        processes: usize,
        calls: u32,
        forward: (Micros, Micros),
        rest: (Micros, Micros),
    ) -> Self {
        Self {
            seed: 7,
            processes,
            lanes: 1,
            together: false,
            calls,
            parallel: 10,
            leave: 0,
            in_use: 0,
            forward,
            rest,
            oversleep: MILLI,
            stalls: 0,
            cancels: 0,
            kills: Vec::new(),
            allowed: vec![(0, 10)],
            end: Micros::MAX,
        }
    }
}

/// What happened in a run.
#[derive(Debug, Default)]
struct Story {
    /// When each call was counted, by which process, and whether it was refused.
    counted: Vec<(Micros, usize, bool)>,
    /// When the last answer came.
    done: Micros,
    /// The longest time in which some living process waited and none was granted.
    longest_drought: Micros,
    /// The longest wait of a call.
    longest_wait: Micros,
    /// The most callers that waited at once.
    longest_queue: usize,
    /// How often a process asked.
    asks: usize,
    /// Calls that were not made although their process was alive.
    left: u32,
}

impl Story {
    /// The most calls of one operation counted in any half-open second.
    fn densest_second(&self, lanes: usize) -> usize {
        let densest = (0..lanes).map(|lane| self.densest_second_of(lanes, lane));
        densest.max().unwrap_or(0)
    }

    fn densest_second_of(&self, lanes: usize, lane: usize) -> usize {
        let of_lane = self.counted.iter().filter(|call| call.1 % lanes == lane);
        let mut times: Vec<_> = of_lane.map(|(at, ..)| *at).collect();
        times.sort_unstable();
        let last_within = |from: Micros| times.partition_point(|at| *at < from + SECOND);
        let counts = times
            .iter()
            .enumerate()
            .map(|(first, at)| last_within(*at) - first);
        counts.max().unwrap_or(0)
    }

    fn refused(&self) -> usize {
        self.counted.iter().filter(|call| call.2).count()
    }

    fn refused_share(&self, from: Micros, to: Micros) -> f64 {
        let within: Vec<_> = self
            .counted
            .iter()
            .filter(|(at, ..)| (from..to).contains(at))
            .collect();
        within.iter().filter(|call| call.2).count() as f64 / within.len() as f64
    }

    /// Calls in a second of simulated time.
    fn rate(&self, from: Micros, to: Micros) -> f64 {
        let within = self
            .counted
            .iter()
            .filter(|(at, _, refused)| (from..to).contains(at) && !refused);
        within.count() as f64 * SECOND as f64 / (to - from) as f64
    }

    /// Jain's fairness index over the calls of each process that were counted in this time.
    fn fairness(&self, processes: usize, from: Micros, to: Micros) -> f64 {
        let mut shares = vec![0_f64; processes];
        for (_, process, _) in self
            .counted
            .iter()
            .filter(|(at, ..)| (from..to).contains(at))
        {
            shares[*process] += 1.0;
        }
        let (sum, squares) = (
            shares.iter().sum::<f64>(),
            shares.iter().map(|x| x * x).sum::<f64>(),
        );
        sum * sum / (processes as f64 * squares)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Answered {
        process: usize,
        permit: PermitId,
        refused: bool,
    },
    Cancelled {
        process: usize,
        permit: PermitId,
    },
    Counted {
        process: usize,
        permit: PermitId,
    },
    Killed {
        process: usize,
    },
    /// The call leaves on a connection that is in use, after it had to wait for it.
    Departed {
        process: usize,
        permit: PermitId,
    },
    Woken {
        process: usize,
        alarm: u64,
    },
}

#[derive(Clone, Debug, Default)]
struct Process {
    dead: bool,
    left: u32,
    refused: u32,
    busy: u32,
    waiter: Option<WaiterId>,
    alarm: u64,
    /// Since when each of its callers waits.
    waiting: VecDeque<Micros>,
}

struct World {
    scene: Scene,
    rng: Rng,
    state: QuotaState,
    now: Micros,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    scheduled: u64,
    processes: Vec<Process>,
    /// The time since which processes wait and no permit was granted.
    drought: Option<Micros>,
    story: Story,
}

fn run(scene: &Scene) -> Story {
    let mut world = World::new(scene.clone());
    while let Some(Reverse((at, _, event))) = world.events.pop() {
        world.now = at;
        world.happen(event);
    }
    world.story.left = world
        .processes
        .iter()
        .filter(|p| !p.dead)
        .map(|p| p.left + p.busy)
        .sum();
    world.story
}

impl World {
    fn new(scene: Scene) -> Self {
        let process = Process {
            left: scene.calls,
            ..Process::default()
        };
        let mut world = Self {
            rng: Rng::with_seed(scene.seed),
            state: QuotaState::default(),
            now: 0,
            events: BinaryHeap::new(),
            scheduled: 0,
            processes: vec![process; scene.processes],
            drought: None,
            story: Story::default(),
            scene,
        };
        for (process, at) in world.scene.kills.clone() {
            world.later(at, Event::Killed { process });
        }
        for process in 0..world.processes.len() {
            let start = world.rng.u64(0..20 * MILLI);
            world.later(start, Event::Woken { process, alarm: 0 });
        }
        world
    }

    fn lane(&self, process: usize) -> LaneId {
        LaneId((process % self.scene.lanes) as u64)
    }

    fn later(&mut self, delay: Micros, event: Event) {
        self.scheduled += 1;
        self.events
            .push(Reverse((self.now + delay, self.scheduled, event)));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Answered {
                process,
                permit,
                refused,
            } => self.answered(process, permit, refused),
            Event::Cancelled { process, permit } => {
                self.state.step(self.now, Command::Unsent(permit));
                self.wake(process);
            }
            Event::Counted { process, permit } => self.counted(process, permit),
            Event::Departed { process, permit } => self.departed(process, permit),
            Event::Killed { process } => {
                self.processes[process].dead = true;
                self.drought = self.drought.filter(|_| self.has_waiters());
            }
            Event::Woken { process, alarm } => {
                if self.processes[process].alarm == alarm {
                    self.drive(process);
                }
            }
        }
    }

    fn wake(&mut self, process: usize) {
        self.processes[process].alarm += 1;
        let alarm = self.processes[process].alarm;
        self.later(0, Event::Woken { process, alarm });
    }

    /// As many callers wait as the process works on at the same time, less those that are busy.
    fn arrive(&mut self, process: usize) {
        let mut waiting: usize = self.processes.iter().map(|other| other.waiting.len()).sum();
        let me = &mut self.processes[process];
        let callers = me.left.min(self.scene.parallel.saturating_sub(me.busy));
        while me.waiting.len() < callers as usize {
            waiting += 1;
            me.waiting.push_back(self.now);
        }
        self.story.longest_queue = self.story.longest_queue.max(waiting);
    }

    /// Does what a queue's driver does until it has to wait.
    fn drive(&mut self, process: usize) {
        let limit = Limit {
            calls: 10,
            window: SECOND,
        };
        while !self.processes[process].dead {
            self.arrive(process);
            let me = &self.processes[process];
            let waiter = me.waiter;
            let priority = if me.refused > 0 {
                Priority::Retry
            } else {
                Priority::Normal
            };
            if me.left == 0 || me.busy >= self.scene.parallel || self.now > self.scene.end {
                if let Some(waiter) = waiter {
                    self.state.step(self.now, Command::Cancel(waiter));
                }
                self.processes[process].waiter = None;
                self.drought = self.drought.filter(|_| self.has_waiters());
                return;
            }
            if self.one_in(self.scene.cancels) {
                // The first caller gives up while it waits. The process then asks for the next
                // one, under the same id.
                self.processes[process].left -= 1;
                self.processes[process].waiting.pop_front();
                continue;
            }
            self.story.asks += 1;
            let acquire = Command::Acquire(PermitRequest {
                lane: self.lane(process),
                waiter,
                priority,
                limit,
                leave: self.scene.leave,
            });
            match self.state.step(self.now, acquire) {
                Reply::Granted(permit) => self.send(process, permit),
                Reply::Wait(wait) => {
                    let stall = if self.one_in(self.scene.stalls) {
                        400 * MILLI
                    } else {
                        0
                    };
                    let oversleep = self.rng.u64(0..=self.scene.oversleep) + stall;
                    let me = &mut self.processes[process];
                    me.waiter = wait.waiter;
                    self.drought = self.drought.or(Some(self.now));
                    let me = &mut self.processes[process];
                    me.alarm += 1;
                    let alarm = me.alarm;
                    self.later(wait.delay + oversleep, Event::Woken { process, alarm });
                    return;
                }
                Reply::Done => unreachable!("a request for a permit is granted or waits"),
            }
        }
    }

    fn send(&mut self, process: usize, permit: PermitId) {
        self.processes[process].waiter = None;
        if let Some(since) = self.drought.take() {
            self.story.longest_drought = self.story.longest_drought.max(self.now - since);
        }
        self.drought = self.has_waiters().then_some(self.now);
        let cancelled = self.one_in(self.scene.cancels);
        let me = &mut self.processes[process];
        me.left -= 1;
        let wait = me.waiting.pop_front().map_or(0, |since| self.now - since);
        self.story.longest_wait = self.story.longest_wait.max(wait);
        if cancelled {
            let delay = self.rng.u64(0..2 * SECOND);
            self.later(delay, Event::Cancelled { process, permit });
        } else {
            me.refused = me.refused.saturating_sub(1);
            me.busy += 1;
            let waits = self.rng.u64(0..=self.scene.leave);
            if self.scene.in_use == 0 || self.one_in(self.scene.in_use) {
                // Now and then it is one that has just become idle.
                let waits = if self.one_in(4) { waits } else { 0 };
                self.later(waits, Event::Departed { process, permit });
            } else {
                // The departure on a new connection is not reported.
                let forward = waits + self.forward();
                self.later(forward, Event::Counted { process, permit });
            }
        }
    }

    fn departed(&mut self, process: usize, permit: PermitId) {
        // A process that was killed sends nothing.
        if !self.processes[process].dead {
            self.state.step(self.now, Command::Departed(permit));
            let forward = self.forward();
            self.later(forward, Event::Counted { process, permit });
        }
    }

    fn forward(&mut self) -> Micros {
        let forward = self.rng.u64(self.scene.forward.0..=self.scene.forward.1);
        forward.min(FORWARD_DELAY)
    }

    fn counted(&mut self, process: usize, permit: PermitId) {
        let counts = |other: usize| self.scene.together || self.lane(other) == self.lane(process);
        let recent = |(at, other, refused): &&(Micros, usize, bool)| {
            !refused && *at + SECOND > self.now && counts(*other)
        };
        let accepted = self
            .story
            .counted
            .iter()
            .rev()
            .take(100)
            .filter(recent)
            .count();
        let allowed = self
            .scene
            .allowed
            .iter()
            .rev()
            .find(|(from, _)| *from <= self.now);
        let refused = accepted >= allowed.map_or(usize::MAX, |(_, calls)| *calls);
        self.story.counted.push((self.now, process, refused));
        let rest = self.rng.u64(self.scene.rest.0..=self.scene.rest.1);
        self.later(
            rest,
            Event::Answered {
                process,
                permit,
                refused,
            },
        );
    }

    fn answered(&mut self, process: usize, permit: PermitId, refused: bool) {
        let me = &mut self.processes[process];
        if me.dead {
            return;
        }
        self.story.done = self.now;
        me.busy -= 1;
        let was_idle = me.waiter.is_none();
        if refused {
            me.left += 1;
            me.refused += 1;
        }
        let command = if refused {
            Command::Throttled(self.lane(process), permit, None)
        } else {
            Command::Answered(permit)
        };
        self.state.step(self.now, command);
        self.arrive(process);
        if was_idle {
            self.wake(process);
        }
    }

    fn has_waiters(&self) -> bool {
        self.processes
            .iter()
            .any(|process| !process.dead && process.waiter.is_some())
    }

    fn one_in(&mut self, often: u32) -> bool {
        often > 0 && self.rng.u32(0..often) == 0
    }
}

fn scenes() -> impl Strategy<Value = Scene> {
    let delays = (0..FORWARD_DELAY, 0..FORWARD_DELAY).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let rests = prop_oneof![
        (0..50 * MILLI).prop_map(|most| (0, most)),
        (0..3 * SECOND).prop_map(|most| (most / 2, most)),
    ];
    let kills = proptest::collection::vec((0_usize..12, 0..20 * SECOND), 0..6);
    let connections = (prop_oneof![Just(0), 0..10 * SECOND], 0_u32..4);
    (
        any::<u64>(),
        (1_usize..=12, 1_usize..=3),
        1_u32..40,
        1_u32..=30,
        (delays, connections),
        rests,
        0..5 * MILLI,
        0_u32..30,
        0_u32..30,
        kills,
    )
        .prop_map(
            |(
                seed,
                (processes, lanes),
                calls,
                parallel,
                (forward, (leave, in_use)),
                rest,
                oversleep,
                stalls,
                cancels,
                kills,
            )| Scene {
                seed,
                lanes,
                parallel,
                leave,
                in_use,
                oversleep,
                stalls,
                cancels,
                kills: kills
                    .into_iter()
                    .map(|(process, at)| (process % processes, at))
                    .collect(),
                allowed: Vec::new(),
                ..Scene::calm(processes, calls, forward, rest)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_second_has_more_than_ten_calls_and_no_process_is_stuck(scene in scenes()) {
        let story = run(&scene);
        let densest = story.densest_second(scene.lanes);
        prop_assert!(densest <= 10, "{densest}");
        prop_assert_eq!(story.left, 0);
        // The longest time until a slot becomes free by itself, and until a process that stalls
        // is passed.
        let stall = if scene.stalls > 0 { 400 * MILLI } else { 0 };
        let patience = scene.leave + SECOND + FORWARD_DELAY + stall + WAITER_GRACE + 5 * MILLI;
        prop_assert!(story.longest_drought <= patience, "{}", story.longest_drought);
    }
}

/// Makespan over the shortest possible, for 160 calls from 4 processes.
fn stretch(scene: &Scene) -> f64 {
    let story = run(scene);
    assert_eq!(story.densest_second(1), 10);
    assert_eq!(story.refused(), 0);
    story.done as f64 / (15 * SECOND) as f64
}

#[test]
fn the_quota_is_used_up() {
    let four = |rest| Scene::calm(4, 40, (5 * MILLI, 15 * MILLI), rest);
    for (rest, most) in [
        ((5 * MILLI, 10 * MILLI), 1.04),
        ((20 * MILLI, 60 * MILLI), 1.08),
        ((90 * MILLI, 280 * MILLI), 1.24),
        ((1990 * MILLI, 1990 * MILLI), 1.64),
    ] {
        let stretch = stretch(&four(rest));
        assert!(stretch <= most, "{rest:?}: {stretch}");
    }
}

#[test]
fn processes_share_evenly() {
    for processes in [4, 16] {
        let scene = Scene::calm(
            processes,
            100,
            (5 * MILLI, 15 * MILLI),
            (5 * MILLI, 40 * MILLI),
        );
        let story = run(&scene);
        // The first two seconds do not count, because the slots that are free at the start are
        // granted in the order of arrival.
        let fairness = story.fairness(processes, 2 * SECOND, 30 * SECOND);
        assert!(fairness >= 0.99, "{processes} processes: {fairness}");
        // Those who wait also stand behind the ten that were permitted in the last second.
        let fair = (story.longest_queue as u64 + 10) * SECOND / 10;
        let wait = story.longest_wait as f64 / fair as f64;
        assert!(wait <= 1.2, "{processes} processes: {wait}");
        let asks = story.asks as f64 / story.counted.len() as f64;
        assert!(asks < 4.0, "{asks} requests per call");
    }
}

/// The processes of two or three operations, with so many calls each.
fn operations(lanes: usize, together: bool, calls: u32) -> (Scene, Story) {
    let scene = Scene {
        lanes,
        together,
        ..Scene::calm(6, calls, (5 * MILLI, 15 * MILLI), (5 * MILLI, 40 * MILLI))
    };
    let story = run(&scene);
    (scene, story)
}

#[test]
fn operations_that_are_counted_together_share_their_slots_after_one_burst() {
    for lanes in [2, 3] {
        let (_, story) = operations(lanes, true, 30);
        // What was under way when the first answer came.
        assert!(story.refused() <= 10 * (lanes - 1), "{}", story.refused());
        let stretch = story.done as f64 / (17 * SECOND) as f64;
        assert!(stretch <= 1.2, "{lanes} operations: {stretch}");
        let fairness = story.fairness(6, 3 * SECOND, 15 * SECOND);
        assert!(fairness >= 0.98, "{lanes} operations: {fairness}");
    }
    // After a minute each operation is tried apart, and after that only in two.
    let (_, story) = operations(2, true, 250);
    assert!(story.refused() <= 20, "{}", story.refused());
    let stretch = story.done as f64 / (149 * SECOND) as f64;
    assert!(stretch <= 1.2, "{stretch}");
}

#[test]
fn operations_that_are_counted_apart_do_not_wait_for_each_other() {
    let (scene, story) = operations(3, false, 40);
    assert_eq!((story.densest_second(3), story.refused()), (10, 0));
    let calls = scene.calls as u64 * 6 / 3;
    let stretch = story.done as f64 / ((calls - 1) / 10 * SECOND) as f64;
    assert!(stretch <= 1.1, "{stretch}");
}

/// A caller outside Terraform uses half of what an operation may call, or of what the account may.
#[test]
fn a_part_that_other_callers_use_is_left_to_them() {
    // Where two operations are taken to be counted together by mistake, they get less than theirs.
    for (lanes, together, least) in [(1, false, 4.3), (2, false, 6.0), (2, true, 4.3)] {
        let scene = Scene {
            lanes,
            together,
            allowed: vec![(0, 5)],
            end: 60 * SECOND,
            ..Scene::calm(4, 1000, (5 * MILLI, 15 * MILLI), (5 * MILLI, 15 * MILLI))
        };
        let story = run(&scene);
        let (from, to) = (6 * SECOND, 60 * SECOND);
        let (refused, rate) = (story.refused_share(from, to), story.rate(from, to));
        assert!(refused < 0.03, "{lanes} {together}: {refused}");
        assert!(rate > least, "{lanes} {together}: {rate}");
    }
}

#[test]
fn a_lowered_limit_is_found_and_a_raised_one_is_used_again() {
    for seed in 0..20 {
        let scene = Scene {
            seed,
            allowed: vec![(0, 10), (10 * SECOND, 5), (40 * SECOND, 10)],
            end: 80 * SECOND,
            ..Scene::calm(4, 1000, (5 * MILLI, 15 * MILLI), (5 * MILLI, 15 * MILLI))
        };
        let story = run(&scene);
        let from = |second| second * SECOND;
        assert_eq!(story.refused_share(from(13), from(19)), 0.0, "seed {seed}");
        assert!(
            story.refused_share(from(13), from(40)) < 0.03,
            "seed {seed}"
        );
        assert!(story.rate(from(13), from(40)) > 4.3, "seed {seed}");
        assert!(story.rate(from(53), from(55)) >= 9.5, "seed {seed}");
    }
}
