use super::*;
use crate::throttle::memory::Memory;
use crate::throttle::slots::{LaneId, Priority};

const LIMIT: ConfiguredLimit = ConfiguredLimit {
    calls: NonZeroU32::new(10).unwrap(),
    window: 1_000_000,
};
/// A store that nobody can reach, and that takes its time to show it.
struct Unreachable;

/// How long an attempt to reach it takes.
const STEP: Duration = Duration::from_secs(4);
/// How long others rely on a process to come back.
const RETURN: Duration = Duration::from_secs(9);

impl FallibleStore for Unreachable {
    fn try_step(&self, _: Command) -> Option<Result<Reply, Failure>> {
        None
    }

    async fn step(&self, _: Command) -> Result<Reply, Failure> {
        tokio::time::sleep(STEP).await;
        Err(Failure("nobody is there".into()))
    }

    async fn probe(&self, _: ConfiguredLimit) -> Result<(), Failure> {
        tokio::time::sleep(STEP).await;
        Err(Failure("nobody is there".into()))
    }

    fn replies_within(&self) -> Duration {
        STEP
    }

    fn returns_within(&self) -> Option<Duration> {
        Some(RETURN)
    }

    fn noticed_after(&self) -> Duration {
        Duration::from_secs(2) + STEP
    }
}

/// Asks for a permit, as the process that the last reply named. `None` stands for a permit.
async fn ask(store: &impl Store, last: Option<Wait>) -> Option<Wait> {
    let acquire = Command::Acquire {
        lane: LaneId(1),
        waiter: last.and_then(|wait| wait.waiter),
        priority: Priority::Normal,
        limit: LIMIT,
        leave: 0,
    };
    match store.step(acquire, 0).await.reply {
        Reply::Granted { .. } => None,
        Reply::Wait(wait) => Some(wait),
        Reply::Done => unreachable!("a request for a permit is granted or waits"),
    }
}

/// Makes as many calls as the store lets in this time.
async fn calls(store: &impl Store, time: Duration) -> u32 {
    let (end, mut calls, mut last) = (Instant::now() + time, 0, None);
    while Instant::now() < end {
        last = ask(store, last).await;
        match last {
            None => calls += 1,
            Some(wait) => tokio::time::sleep(Duration::from_micros(wait.delay)).await,
        }
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn the_fallback_goes_on_while_the_primary_is_tried() {
    let store = WithFallback::new(
        Unreachable,
        Memory::new(),
        NonZeroU32::MIN,
        Outage::default(),
    );
    let pause = ask(&store, None).await.expect("the primary is gone").delay;
    assert_eq!(pause, 7_500_001);
    tokio::time::sleep(Duration::from_micros(pause)).await;
    // Nobody answers these calls, so that each counts for a window and a half.
    let made = calls(&store, Duration::from_secs(60)).await;
    assert!((38..=41).contains(&made), "{made}");
}

#[tokio::test(start_paused = true)]
async fn after_standing_still_the_primary_is_tried_before_the_fallback_is_used() {
    let store = WithFallback::new(
        Unreachable,
        Memory::new(),
        NonZeroU32::MIN,
        Outage::default(),
    );
    ask(&store, None).await.expect("the primary is gone");
    // The process is stopped: time passes, and no task of it runs.
    tokio::time::advance(Duration::from_secs(60)).await;
    let stood_still = Instant::now();
    while ask(&store, None).await.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(stood_still.elapsed() >= STEP, "{:?}", stood_still.elapsed());
}
