//! The rate limiter of the adaptive retry mode of AWS's SDKs. It has no limit until the first call
//! is throttled. Then it uses a token bucket, whose rate drops to 0.7 of the achieved rate whenever
//! a call is throttled, and then rises along a cubic curve.

use std::time::Duration;

use tokio::time::Instant;

/// The lowest rate, in calls a second.
const MIN_RATE: f64 = 0.5;
/// The smallest capacity of the bucket, in tokens.
const MIN_CAPACITY: f64 = 1.0;
/// The weight of the newest half second in the measured rate.
const SMOOTHING: f64 = 0.8;
/// The factor for the rate after a throttled call.
const FALL: f64 = 0.7;
/// The steepness of the cubic curve, in calls a second for each cubic second.
const SCALE: f64 = 0.4;

/// The limiter of one process. Times are seconds since `start`; rates are calls a second.
pub(crate) struct Adaptive {
    start: Instant,
    /// Whether a call has been throttled.
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
    pub(crate) fn new(start: Instant) -> Self {
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

    /// Takes a token. Returns the time until the bucket contains it.
    pub(crate) fn take(&mut self, now: Instant) -> Duration {
        if !self.limits {
            return Duration::ZERO;
        }
        self.fill(self.seconds(now));
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens / self.rate).max(0.0))
    }

    /// Records an answer, and whether the call was throttled.
    pub(crate) fn answered(&mut self, throttled: bool, now: Instant) {
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
        self.rate = rate.max(MIN_RATE);
        self.capacity = rate.max(MIN_CAPACITY);
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
