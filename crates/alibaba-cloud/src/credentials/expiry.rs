//! When temporary credentials end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a date as Alibaba Cloud writes it, `2025-01-02T03:04:05Z`, and as other programs do: with
/// a fraction of a second or with an offset such as `+08:00`.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at_checked(at)?,
        None => return None,
    };
    let (time, _fraction) = time.split_once('.').unwrap_or((time, ""));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let sensible = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !sensible {
        return None;
    }
    let of_day = hour * 3600 + minute * 60 + second;
    let seconds = days(year, month, day) * 86_400 + of_day - self::offset(offset)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// The seconds that an offset is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.chars().next()? {
        'Z' | 'z' => return (text.len() == 1).then_some(0),
        '-' => -1,
        _ => 1,
    };
    let [hour, minute] = numbers(text.get(1..)?, ':')?;
    (hour <= 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}

/// So many whole numbers without a sign.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(separator);
    for number in &mut numbers {
        let part = parts.next()?;
        let plain = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = plain.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

/// The days from 1970-01-01 to a day, counted in years that begin in March, so that the leap day is
/// the last one of a year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let march_month = (month + 9) % 12;
    let of_year = (153 * march_month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use base::clock::Utc;

    fn seconds(text: &str) -> Option<u64> {
        let since = parse(text)?.duration_since(UNIX_EPOCH).ok()?;
        Some(since.as_secs())
    }

    #[test]
    fn dates_are_read_in_every_usual_form() {
        let at = Some(1_735_787_045);
        for text in [
            "2025-01-02T03:04:05Z",
            " 2025-01-02T03:04:05.678Z\n",
            "2025-01-02T11:04:05+08:00",
            "2025-01-01T22:34:05-04:30",
        ] {
            assert_eq!(seconds(text), at, "{text}");
        }
        for text in [
            "",
            "1735787045",
            "2025-01-02T03:04:05",
            "2025-13-02T03:04:05Z",
            "2025-01-02T24:04:05Z",
            "2025-01-02T03:04Z",
            "2025-01-02T03:04:05Zulu",
            "-025-01-02T03:04:05Z",
            "2025-01-02T03:04:05+0800",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_the_clock_writes_is_read_again(at in 0_u64..250_000_000_000) {
            let text = Utc::from(UNIX_EPOCH + Duration::from_secs(at)).seconds();
            prop_assert_eq!(seconds(&text), Some(at), "{}", text);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }
    }
}
