//! Times in the API: RFC 3339, UTC, to the millisecond.

use clock::Timestamp;

use super::problem::Error;

/// A time as the API writes it.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    format!("{time:.3}")
}

/// A time that a caller wrote, RFC 3339; `field` is where.
pub(crate) fn parsed(field: &str, text: &str) -> Result<Timestamp, Error> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.map(|time| Timestamp::from_millis(time.as_millisecond())).map_err(|_| {
        Error::invalid(format!("`{field}`: write a time with its zone, such as `2026-01-31T08:00:00Z`."))
    })
}

/// Refuses a change by a caller who says when what is changed was changed last, and it has been changed since.
pub(crate) fn unchanged(updated_at: Timestamp, read: Option<&str>) -> Result<(), Error> {
    match read.map(|read| parsed("unless_changed_since", read)).transpose()? {
        Some(read) if read != updated_at => Err(Error::changed_meanwhile()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_the_millisecond() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(rfc3339(Timestamp::from_millis(0)), "1970-01-01T00:00:00.000Z");
    }
}
