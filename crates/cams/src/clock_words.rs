//! What a person reads about clocks that differ.

use alibaba_cloud::openapi::ClockDifference;

/// What belongs behind the service's message about the date of a request that it refused.
///
/// `differs` is what came of that answer. Without it the clock was taken over before, and was
/// `corrected` by that many seconds when the request was refused all the same.
pub(super) fn told(differs: Option<ClockDifference>, corrected: i64) -> String {
    let (what, ahead) = match differs {
        Some(ClockDifference::Refused(ahead)) => (
            ", which is more than a day and therefore not believed",
            ahead,
        ),
        Some(ClockDifference::TakenOver(ahead)) => ("", ahead),
        Some(ClockDifference::Unknown) => {
            return " (the answer does not tell the service's time)".to_owned();
        }
        None => ("", corrected),
    };
    format!(" ({}{what})", difference(ahead))
}

/// Such as `the service's clock is 2 h 5 min ahead of this machine's`.
pub(super) fn difference(ahead: i64) -> String {
    let direction = if ahead < 0 { "behind" } else { "ahead of" };
    let exact = ahead.unsigned_abs();
    // The service tells its time in whole seconds, and some time after it looked at its clock.
    let seconds = match exact >= 3600 {
        true => (exact + 30) / 60 * 60,
        false => exact,
    };
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let mut parts = parts.into_iter().skip_while(|(amount, _)| *amount == 0);
    // Two units are as exact as anybody needs it.
    let shown = [
        parts.next().unwrap_or((0, "s")),
        parts.next().unwrap_or((0, "")),
    ];
    let shown: Vec<String> = shown
        .iter()
        .filter(|(amount, unit)| *amount > 0 || *unit == "s")
        .map(|(amount, unit)| format!("{amount} {unit}"))
        .collect();
    format!(
        "the service's clock is {} {direction} this machine's",
        shown.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_its_two_largest_units() {
        for (ahead, expected) in [
            (7200, "2 h ahead of"),
            (7500, "2 h 5 min ahead of"),
            (-61, "1 min 1 s behind"),
            (172_800 + 3600, "2 d 1 h ahead of"),
            (0, "0 s ahead of"),
            (i64::MIN, "106751991167300 d 15 h behind"),
        ] {
            let expected = format!("the service's clock is {expected} this machine's");
            assert_eq!(difference(ahead), expected);
        }
    }
}
