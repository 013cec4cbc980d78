//! Durations and sizes as people write them: `500ms`, `30s`, `5m`, `2h`, `7d`; `64KiB`, `1MiB`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A length of time, written `500ms`, `30s`, `5m`, `2h` or `7d`. Whole numbers only; kept in
/// milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    ms: u64,
}

/// A number of bytes, written `64KiB`, `1MiB`, `2GiB` or `512B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(pub u64);

/// Text that is no duration or size.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not a {what}: write {example}")]
pub struct InvalidUnit {
    text: String,
    what: &'static str,
    example: &'static str,
}

const TIME_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Span {
    /// A span of so many milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self { ms }
    }

    /// A span of so many seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self { ms: s.saturating_mul(1000) }
    }

    /// The length in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.ms
    }

    /// The length as the standard library's type.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.ms)
    }
}

/// Splits `12KiB` into 12 and its unit's factor; `None` for anything else or an overflow.
fn parse_with(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Writes the value in the largest unit that divides it.
fn write_with(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    let whole = |(_, factor): &&(&str, u64)| value >= *factor && value.is_multiple_of(*factor);
    match units.iter().find(whole) {
        Some((name, factor)) => write!(f, "{}{name}", value / factor),
        None => write!(f, "{value}{}", units.last().map_or("", |(name, _)| name)),
    }
}

impl FromStr for Span {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        parse_with(text, &TIME_UNITS).map(|ms| Self { ms }).ok_or_else(|| InvalidUnit {
            text: text.chars().take(40).collect(),
            what: "duration",
            example: "a whole number with ms, s, m, h or d, such as 500ms, 30s, 5m",
        })
    }
}

impl FromStr for ByteSize {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        parse_with(text, &SIZE_UNITS).map(Self).ok_or_else(|| InvalidUnit {
            text: text.chars().take(40).collect(),
            what: "size",
            example: "a whole number with B, KiB, MiB or GiB, such as 64KiB",
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_with(f, self.ms, &TIME_UNITS)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_with(f, self.0, &SIZE_UNITS)
    }
}

/// Text form in serde, pattern in JSON Schema.
macro_rules! as_text {
    ($type:ty, $name:literal, $pattern:literal) => {
        impl TryFrom<String> for $type {
            type Error = InvalidUnit;

            fn try_from(text: String) -> Result<Self, InvalidUnit> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

as_text!(Span, "Duration", "^[0-9]+(ms|s|m|h|d)$");
as_text!(ByteSize, "ByteSize", "^[0-9]+(B|KiB|MiB|GiB)$");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!("500ms".parse::<Span>().unwrap().as_millis(), 500);
        assert_eq!("2h".parse::<Span>().unwrap().as_millis(), 7_200_000);
        assert_eq!("64KiB".parse::<ByteSize>().unwrap().0, 65_536);
        for wrong in ["", "s", "1.5s", "5 m", "-1s", "5M", "99999999999999999999s", "18446744073709551615d"] {
            let said = wrong.parse::<Span>().unwrap_err().to_string();
            assert!(said.contains("such as 500ms"), "{wrong}: {said}");
        }
        assert!("1KB".parse::<ByteSize>().is_err());
    }

    proptest! {
        #[test]
        fn writes_what_it_reads(ms in any::<u64>(), size in any::<u64>()) {
            prop_assert_eq!(Span::from_millis(ms).to_string().parse::<Span>().unwrap().as_millis(), ms);
            prop_assert_eq!(ByteSize(size).to_string().parse::<ByteSize>().unwrap().0, size);
        }
    }
}
