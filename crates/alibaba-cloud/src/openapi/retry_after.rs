//! For how long the service asks a client to pause.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// The longest pause that one answer can ask for.
const MAX: Duration = Duration::from_secs(120);

/// The longest pause that any header asks for, up to [`MAX`]. The headers are those that Alibaba
/// Cloud's SDKs and the HTTP standard know. `None` if none asks for one.
pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let milliseconds = text("x-acs-retry-after")
        .and_then(|text| text.trim().parse().ok())
        .map(Duration::from_millis);
    let quota = ["x-ratelimit-user-api", "x-ratelimit-user"]
        .into_iter()
        .filter_map(|name| time_left(text(name)?));
    let standard = text("retry-after").and_then(|text| standard(text.trim(), now));
    let longest = quota.chain(milliseconds).chain(standard).max()?;
    (!longest.is_zero()).then_some(longest.min(MAX))
}

/// Reads a header such as `Limit:10,TimeLeft:230`, whose `TimeLeft` is in milliseconds.
fn time_left(text: &str) -> Option<Duration> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once(':'));
    let (_, left) = pairs
        .into_iter()
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("TimeLeft"))?;
    Some(Duration::from_millis(left.trim().parse().ok()?))
}

/// Reads the standard header, which holds a number of seconds or a date.
fn standard(text: &str, now: SystemTime) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(now)
            .ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use reqwest::header::HeaderName;

    use super::*;

    fn asked(headers: &[(&str, &str)]) -> Option<u128> {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                value.parse().expect("a value"),
            )
        });
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        read(&headers.collect(), now).map(|wait| wait.as_millis())
    }

    #[test]
    fn every_form_is_read_and_the_longest_counts() {
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[("x-acs-retry-after", "250")]), Some(250));
        assert_eq!(
            asked(&[
                ("x-ratelimit-user", "Limit:10,TimeLeft:300"),
                ("x-ratelimit-user-api", "TimeLeft:200")
            ]),
            Some(300)
        );
        assert_eq!(
            asked(&[("retry-after", "2"), ("x-acs-retry-after", "100")]),
            Some(2000)
        );
        assert_eq!(
            asked(&[("retry-after", "Sun, 06 Nov 1994 08:49:42 GMT")]),
            Some(5000)
        );
    }

    #[test]
    fn nonsense_is_ignored_and_impertinence_capped() {
        for value in ["-5", "soon", "", "0", "1e9"] {
            assert_eq!(
                asked(&[("x-acs-retry-after", value), ("retry-after", value)]),
                None,
                "{value:?}"
            );
        }
        assert_eq!(asked(&[("retry-after", "86400")]), Some(120_000));
        assert_eq!(
            asked(&[("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT")]),
            None,
            "in the past"
        );
    }
}
