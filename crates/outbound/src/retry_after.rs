//! When a server wants to be asked again.

use std::time::Duration;

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};

/// How long the answer with these headers asks to wait, if it does.
///
/// Reads `Retry-After` (RFC 9110, section 10.2.3) as seconds, with or without a fraction, or as a date, which
/// is taken against the answer's own `Date`, so that neither side's clock needs to be right; and
/// `retry-after-ms`, which OpenAI and Azure send beside it. The wait is as long as the server says: the caller
/// caps it.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(|value| seconds(value, 0.001)) {
        return Some(wait);
    }
    let value = text(RETRY_AFTER.as_str())?;
    seconds(value, 1.0).or_else(|| {
        let until = httpdate::parse_http_date(value).ok()?;
        let now = httpdate::parse_http_date(text(DATE.as_str())?).ok()?;
        Some(until.duration_since(now).unwrap_or_default())
    })
}

fn seconds(value: &str, unit: f64) -> Option<Duration> {
    let number: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(number * unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        retry_after(&pairs.collect::<HeaderMap>())
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_read() {
        assert_eq!(wait(&[("retry-after", "120")]), Some(Duration::from_secs(120)));
        assert_eq!(wait(&[("retry-after", " 1.5 ")]), Some(Duration::from_millis(1500)));
        assert_eq!(
            wait(&[("retry-after", "2"), ("retry-after-ms", "1700")]),
            Some(Duration::from_millis(1700))
        );
        let until = ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT");
        assert_eq!(wait(&[until, ("date", "Wed, 21 Oct 2015 07:28:00 GMT")]), Some(Duration::from_secs(30)));
        assert_eq!(wait(&[until, ("date", "Wed, 21 Oct 2015 07:29:00 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn what_says_nothing_sensible_is_nothing() {
        assert_eq!(wait(&[]), None);
        for value in ["", "soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")]), None, "a date needs a date");
    }
}
