//! When a delivery that did not arrive is tried again.

use std::{borrow::Cow, time::Duration};

use clock::Random;
use flow::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A receiver's `Retry-After` is honoured up to this long.
pub(crate) const RETRY_AFTER_CAP: Duration = Duration::from_secs(3600);

/// Every delay is shortened or lengthened by up to this fraction, so that what failed together does not
/// come back together.
const JITTER: f64 = 0.2;

/// The longest list of delays, and the longest delay in it.
const DELAYS: usize = 30;
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Ten attempts in all over about 75 hours, as the Standard Webhooks specification suggests.
const STANDARD: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];

const BRIEF: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];

/// When a delivery is tried again: `standard` (10 attempts over about 75 hours), `brief` (3 retries, after
/// 1 s, 5 s and 25 s), `none`, or a list of delays such as `["10s", "5m", "1h"]`. Each delay varies by
/// ±20 %. A receiver's `Retry-After` lengthens a delay, up to one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Retry {
    delays: Cow<'static, [Duration]>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { delays: Cow::Borrowed(&STANDARD) }
    }
}

impl Retry {
    /// How long to wait after the attempt `tries` (from 1) has failed, when the receiver asked for `asked`;
    /// `None` when the attempts are used up.
    ///
    /// What the receiver asks for only lengthens a wait: otherwise one that answers 429 for an hour would
    /// use up attempts that were meant for days.
    pub(crate) fn wait(&self, tries: u32, asked: Option<Duration>, random: &Random) -> Option<Duration> {
        let planned = self.delays.get(usize::try_from(tries).ok()?.checked_sub(1)?)?;
        let planned = random.jitter(*planned, JITTER);
        // Spread over the 20 % after the time that was asked for, never before it.
        let asked = asked.map(|asked| random.jitter(asked.min(RETRY_AFTER_CAP).mul_f64(1.1), 0.09));
        Some(asked.map_or(planned, |asked| asked.max(planned)))
    }
}

impl TryFrom<Value> for Retry {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let delays = match &value {
            Value::String(name) => Cow::Borrowed(named(name).ok_or_else(said)?),
            Value::Array(list) if list.len() <= DELAYS => {
                list.iter().map(delay).collect::<Result<Vec<_>, _>>()?.into()
            }
            Value::Array(_) => return Err(format!("there are more than {DELAYS} delays")),
            _ => return Err(said()),
        };
        Ok(Self { delays })
    }
}

impl From<Retry> for Value {
    fn from(retry: Retry) -> Self {
        let name = ["standard", "brief", "none"].into_iter().find(|name| named(name) == Some(&*retry.delays));
        name.map_or_else(|| retry.delays.iter().map(|delay| text(*delay)).collect(), Self::from)
    }
}

impl JsonSchema for Retry {
    fn schema_name() -> Cow<'static, str> {
        "Retry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let delay = generator.subschema_for::<Span>();
        json_schema!({
            "oneOf": [
                { "type": "string", "enum": ["standard", "brief", "none"] },
                { "type": "array", "items": delay, "maxItems": DELAYS },
            ]
        })
    }
}

fn named(name: &str) -> Option<&'static [Duration]> {
    match name {
        "standard" => Some(&STANDARD),
        "brief" => Some(&BRIEF),
        "none" => Some(&[]),
        _ => None,
    }
}

fn delay(value: &Value) -> Result<Duration, String> {
    let span: Span = value.as_str().ok_or_else(said)?.parse().map_err(|error| format!("{error}"))?;
    let delay = span.as_duration();
    if delay > LONGEST { Err(format!("the delay {span} is longer than 7d")) } else { Ok(delay) }
}

fn text(delay: Duration) -> Value {
    Span::from_millis(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)).to_string().into()
}

fn said() -> String {
    "write `standard`, `brief`, `none`, or a list of delays such as [\"10s\", \"5m\", \"1h\"]".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn retry(value: Value) -> Retry {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn standard_is_ten_attempts_over_about_75_hours() {
        let (retry, random) = (Retry::default(), Random::seeded(1));
        let waits: Vec<Duration> = (1..).map_while(|tries| retry.wait(tries, None, &random)).collect();
        assert_eq!(waits.len() + 1, 10);
        for (wait, planned) in waits.iter().zip(STANDARD) {
            let ratio = wait.as_secs_f64() / planned.as_secs_f64();
            assert!((0.8..=1.2).contains(&ratio), "{wait:?} for {planned:?}");
        }
        assert_eq!(STANDARD.iter().sum::<Duration>(), Duration::from_secs(75 * 3600 + 35 * 60 + 5));
        assert_ne!(waits[8], STANDARD[8], "it varies");
    }

    #[test]
    fn the_other_policies() {
        let random = Random::seeded(2);
        let attempts = |value| {
            let retry = retry(value);
            1 + (1..).map_while(|tries| retry.wait(tries, None, &random)).count()
        };
        assert_eq!(attempts(json!("brief")), 4);
        assert_eq!(attempts(json!("none")), 1);
        assert_eq!(attempts(json!([])), 1);
        assert_eq!(attempts(json!(["1ms", "7d"])), 3);
        assert_eq!(retry(json!("brief")).wait(0, None, &random), None);
    }

    #[test]
    fn what_the_receiver_asks_for_lengthens_a_wait_up_to_the_cap() {
        let random = Random::seeded(3);
        let retry = retry(json!(["10s"]));
        let wait = |asked_s| retry.wait(1, Some(Duration::from_secs(asked_s)), &random).unwrap();
        for _ in 0..50 {
            assert!((8..=12).contains(&wait(1).as_secs()), "never shorter than planned");
            let asked = wait(100).as_secs_f64();
            assert!((100.0..=120.0).contains(&asked), "never before it was asked for: {asked}");
            assert!(wait(1_000_000) <= RETRY_AFTER_CAP.mul_f64(1.2));
        }
        assert_eq!(retry.wait(2, Some(Duration::from_secs(1)), &random), None, "attempts are still counted");
    }

    #[test]
    fn reads_and_writes_its_form() {
        for form in [json!("standard"), json!("brief"), json!("none"), json!(["10s", "5m"])] {
            assert_eq!(serde_json::to_value(retry(form.clone())).unwrap(), form);
        }
        for wrong in
            [json!("often"), json!(3), json!([3]), json!(["8d"]), json!(["soon"]), json!(vec!["1s"; 31])]
        {
            assert!(serde_json::from_value::<Retry>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
