//! The three kinds of window at their boundaries.

use proptest::prelude::*;

use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn quotas(quota: &str, window: Window, count_rejected: bool) -> Quotas {
    let quota = quota.parse().expect("a quota");
    Quotas::new(Limits {
        quota,
        quota_per: QuotaPer::Action,
        window,
        count_rejected,
    })
}

/// Which of these arrivals, in milliseconds from the start, are let through.
fn admitted(quotas: &mut Quotas, arrivals: &[u64]) -> Vec<bool> {
    arrivals
        .iter()
        .map(|at| quotas.admit("1", "A", MS(*at)))
        .collect()
}

#[test]
fn a_sliding_window_is_half_open() {
    let mut quotas = quotas("2/1s", Window::Sliding, false);
    assert_eq!(
        admitted(&mut quotas, &[0, 500, 999, 1000, 1499, 1500]),
        [true, true, false, true, false, true]
    );
}

#[test]
fn fixed_windows_let_twice_the_quota_through_across_an_edge() {
    let mut quotas = quotas("2/1s", Window::Fixed, false);
    assert_eq!(
        admitted(&mut quotas, &[998, 999, 999, 1000, 1001, 1999, 2000]),
        [true, true, false, true, true, false, true]
    );
}

#[test]
fn a_bucket_starts_full_and_refills_evenly() {
    let mut quotas = quotas("2/1s", Window::Bucket, false);
    assert_eq!(
        admitted(
            &mut quotas,
            &[0, 0, 0, 499, 500, 501, 1000, 9000, 9000, 9000]
        ),
        [
            true, true, false, false, true, false, true, true, true, false
        ]
    );
}

#[test]
fn the_actions_of_an_account_are_counted_apart_or_together() {
    for (per, second) in [(QuotaPer::Action, true), (QuotaPer::Account, false)] {
        let mut quotas = quotas("1/1s", Window::Sliding, false);
        quotas.limits.quota_per = per;
        let mut passes = |account, action| quotas.admit(account, action, MS(0));
        assert!(passes("1", "A"));
        assert_eq!(passes("1", "B"), second);
        assert!(passes("2", "B"));
    }
}

#[test]
fn rejected_calls_count_only_when_told() {
    let arrivals = [0, 600, 1100, 1500];
    let mut lenient = quotas("1/1s", Window::Sliding, false);
    assert_eq!(
        admitted(&mut lenient, &arrivals),
        [true, false, true, false]
    );
    let mut strict = quotas("1/1s", Window::Sliding, true);
    assert_eq!(
        admitted(&mut strict, &arrivals),
        [true, false, false, false]
    );
}

#[test]
fn each_action_has_its_own_count() {
    let mut quotas = quotas("1/1s", Window::Sliding, false);
    assert!(quotas.admit("1", "A", MS(0)));
    assert!(quotas.admit("1", "B", MS(0)));
    assert!(!quotas.admit("1", "A", MS(0)));
}

#[test]
fn a_changed_quota_remembers_what_was_counted() {
    let halved = "2/2s".parse().expect("a quota");

    let mut log = quotas("4/1s", Window::Sliding, false);
    assert_eq!(admitted(&mut log, &[0]), [true]);
    log.change(halved);
    assert_eq!(admitted(&mut log, &[0, 0]), [true, false]);

    let mut bucket = quotas("4/1s", Window::Bucket, false);
    assert_eq!(admitted(&mut bucket, &[0, 0, 0]), [true; 3]);
    bucket.change(halved);
    assert_eq!(admitted(&mut bucket, &[0, 0]), [true, false]);
}

#[test]
fn the_largest_quotas_do_not_overflow() {
    let text = "4294967295/300000000000m";
    let largest = text.parse().expect("a quota");
    for window in [Window::Bucket, Window::Fixed, Window::Sliding] {
        let mut quotas = quotas(text, window, true);
        assert!(quotas.admit("1", "A", MS(1)));
        quotas.change("1/1us".parse().expect("a quota"));
        quotas.change(largest);
        assert!(quotas.admit("1", "A", MS(2)), "{window:?}");
    }
}

#[test]
fn only_quotas_above_zero_are_read() {
    let quota = "10/1s".parse::<Rate>().map(|quota| quota.to_string());
    assert_eq!(quota, Ok("10/1s".to_owned()));
    for text in ["", "10", "0/1s", "10/0s", "-1/1s", "10/1", "x/1s"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_sliding_window_ever_has_more_than_the_quota(
        gaps in proptest::collection::vec(0_u64..400, 1..200),
        calls in 1_u32..12,
    ) {
        let mut quotas = quotas(&format!("{calls}/1s"), Window::Sliding, false);
        let mut at = Duration::ZERO;
        let mut passed: Vec<Duration> = Vec::new();
        for gap in gaps {
            at += MS(gap);
            if quotas.admit("1", "A", at) {
                passed.push(at);
            }
        }
        for (index, first) in passed.iter().enumerate() {
            let inside = passed[index..].iter().filter(|t| **t < *first + MS(1000)).count();
            prop_assert!(inside <= calls as usize);
        }
    }
}
