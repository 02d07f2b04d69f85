//! The rate limiter of the adaptive retry mode of AWS's SDKs: there is no limit until the first
//! call is turned away. From then on there is a token bucket, whose rate falls to 0.7 of what was
//! reached whenever a call is turned away, and climbs back along a cubic curve.

use std::time::Duration;

use tokio::time::Instant;

/// Calls a second, however often calls are turned away.
const LEAST_RATE: f64 = 0.5;
/// The tokens that the bucket can hold at least.
const LEAST_CAPACITY: f64 = 1.0;
/// The weight of the newest half second in the measured rate.
const SMOOTHING: f64 = 0.8;
/// What is left of the rate after a call that was turned away.
const FALL: f64 = 0.7;
/// How steeply the rate climbs back, in calls a second for each cubic second.
const SCALE: f64 = 0.4;

/// The limiter of one process. Its times are seconds from `start`, its rates calls a second.
pub(super) struct Adaptive {
    start: Instant,
    /// Whether a call has been turned away yet.
    limits: bool,
    rate: f64,
    capacity: f64,
    tokens: f64,
    filled_at: f64,
    /// The rate at which calls were answered, measured in half seconds and smoothed.
    measured: f64,
    half_second: f64,
    answered: f64,
    rate_before_fall: f64,
    fell_at: f64,
}

impl Adaptive {
    pub(super) fn new(start: Instant) -> Self {
        Self {
            start,
            limits: false,
            rate: 0.0,
            capacity: 0.0,
            tokens: 0.0,
            filled_at: 0.0,
            measured: 0.0,
            half_second: 0.0,
            answered: 0.0,
            rate_before_fall: 0.0,
            fell_at: 0.0,
        }
    }

    /// Takes a token. Returns how long it takes until the bucket has it.
    pub(super) fn take(&mut self, now: Instant) -> Duration {
        if !self.limits {
            return Duration::ZERO;
        }
        self.fill(self.seconds(now));
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens / self.rate).max(0.0))
    }

    /// Takes notice of an answer, and of whether it says that the call was turned away.
    pub(super) fn answered(&mut self, throttled: bool, now: Instant) {
        let now = self.seconds(now);
        self.measure(now);
        let rate = if throttled {
            let reached = if self.limits {
                self.measured.min(self.rate)
            } else {
                self.measured
            };
            self.rate_before_fall = reached;
            self.fell_at = now;
            self.limits = true;
            reached * FALL
        } else {
            let back_after = (self.rate_before_fall * (1.0 - FALL) / SCALE).cbrt();
            SCALE * (now - self.fell_at - back_after).powi(3) + self.rate_before_fall
        };
        self.set_rate(rate.min(2.0 * self.measured), now);
    }

    fn measure(&mut self, now: f64) {
        let half_second = (now * 2.0).floor() / 2.0;
        self.answered += 1.0;
        if half_second > self.half_second {
            let current = self.answered / (half_second - self.half_second);
            self.measured = current * SMOOTHING + self.measured * (1.0 - SMOOTHING);
            self.answered = 0.0;
            self.half_second = half_second;
        }
    }

    fn set_rate(&mut self, rate: f64, now: f64) {
        self.fill(now);
        self.rate = rate.max(LEAST_RATE);
        self.capacity = rate.max(LEAST_CAPACITY);
        self.tokens = self.tokens.min(self.capacity);
    }

    fn fill(&mut self, now: f64) {
        self.tokens = (self.tokens + (now - self.filled_at) * self.rate).min(self.capacity);
        self.filled_at = now;
    }

    fn seconds(&self, now: Instant) -> f64 {
        (now - self.start).as_secs_f64()
    }
}
