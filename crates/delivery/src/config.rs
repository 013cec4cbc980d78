//! A destination's settings, read and checked.

use std::{fmt, time::Duration};

use clock::Timestamp;
use flow::Span;
use outbound::Endpoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Error, breaker,
    credential::Credential,
    error::did_you_mean,
    kind::{Entry, KINDS, Target, Window, read},
    retry::Retry,
    schema,
    signing::SignedBy,
};

/// The most deliveries to one destination under way at once.
const CONCURRENCY: u16 = 256;

/// The most limits of calls, and the most calls that one allows. No span is longer than a worker stays without work,
/// so what was called is never forgotten too early.
const RATES: usize = 4;
const CALLS: u32 = 10_000;

/// How destinations of every kind are called.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Policy {
    /// How long one exchange may take, from resolving the name to the last byte of the answer: 1 s to 60 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Span>,
    /// When a delivery that did not arrive is tried again.
    pub(crate) retry: Retry,
    /// Deliveries under way at once, from 1 to 256.
    #[schemars(range(min = 1, max = CONCURRENCY))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) concurrency: Option<u16>,
    /// How many calls are made at most, in whichever span of that length. What is more waits. Left out, what the vendor
    /// allows; an empty list is no limit.
    #[schemars(length(max = RATES))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<Vec<Rate>>,
    /// When a receiver counts as down, and what is sent meanwhile.
    pub(crate) breaker: breaker::Policy,
    /// What becomes of deliveries with the same order key when one before them is a dead letter.
    pub(crate) when_dead: WhenDead,
}

/// At most so many calls in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    /// How many calls: 1 to 10,000.
    #[schemars(range(min = 1, max = CALLS))]
    calls: u32,
    /// In how long: 1 s to 1 min.
    within: Span,
}

/// What becomes of deliveries with the same order key when one before them is a dead letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhenDead {
    /// They wait until it has been replayed, after them.
    #[default]
    Halt,
    /// They are sent without it.
    Skip,
}

/// A destination whose settings have been read and checked.
pub struct Destination {
    pub(crate) target: Box<dyn Target>,
    pub(crate) timeout: Duration,
    pub(crate) retry: Retry,
    pub(crate) concurrency: usize,
    /// How many calls are made.
    pub(crate) pace: Vec<Window>,
    pub(crate) breaker: breaker::Policy,
    /// Whether a dead letter holds up what has its order key.
    pub(crate) halts: bool,
}

/// Reads and checks a destination's settings: `config` is a JSON object with `kind`, that kind's settings and
/// `timeout`, `retry`, `concurrency`, `rate`, `breaker`, `when_dead`; `secrets` is a JSON object with the kind's secrets, or empty.
///
/// # Errors
/// [`Error::Config`] for the first setting that cannot be used.
pub fn parse(config: &str, secrets: &[u8]) -> Result<Destination, Error> {
    let mut config = object("config", config.as_bytes())?;
    let secrets = if secrets.is_empty() { Map::new() } else { object("secrets", secrets)? };
    let entry = kind(config.shift_remove("kind"))?;
    let (own, of_secrets) = (schema::fields(entry.config), schema::fields(entry.secrets));
    let common = schema::fields(Policy::json_schema);
    check_names("", &config, own.iter().chain(&common))?;
    check_names("secrets.", &secrets, &of_secrets)?;
    let (common, own): (Map<_, _>, Map<_, _>) =
        config.into_iter().partition(|(name, _)| common.contains(name));
    let policy = read::<Policy>("", Value::Object(common))?;
    let target = (entry.open)(Value::Object(own), Value::Object(secrets))?;
    destination(policy, target, entry)
}

impl Destination {
    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        self.target.kind()
    }

    /// Where it connects to: for its messages, and before that for a token if it needs one.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let token = self.target.credential().map(Credential::endpoint);
        token.into_iter().chain([self.target.endpoint()]).collect()
    }

    /// The keys that its messages are signed by, those whose overlap is over by `now` left out.
    pub fn signed_by(&self, now: Timestamp) -> Vec<SignedBy> {
        let mut keys = self.target.signed_by();
        keys.retain(|key| key.until.is_none_or(|until| until > now));
        keys
    }

    /// Deliveries under way to it at once.
    pub fn concurrency(&self) -> usize {
        self.concurrency
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

fn destination(policy: Policy, target: Box<dyn Target>, entry: &Entry) -> Result<Destination, Error> {
    let Policy { timeout, retry, concurrency, rate, breaker, when_dead } = policy;
    if let Some(timeout) = timeout.filter(|timeout| !(1_000..=60_000).contains(&timeout.as_millis())) {
        return Err(Error::config("timeout", format!("{timeout} is not from 1s to 60s.")));
    }
    let concurrency = concurrency.unwrap_or(entry.concurrency);
    if !(1..=CONCURRENCY).contains(&concurrency) {
        let reason = format!("{concurrency} is not from 1 to {CONCURRENCY}.");
        return Err(Error::config("concurrency", reason));
    }
    breaker.check().map_err(|(field, reason)| Error::config(field, reason))?;
    Ok(Destination {
        target,
        timeout: timeout.map_or(entry.timeout, Span::as_duration),
        retry,
        concurrency: usize::from(concurrency),
        pace: rate.map_or_else(|| Ok(entry.pace.to_vec()), |rates| windows(&rates))?,
        breaker,
        halts: when_dead == WhenDead::Halt,
    })
}

fn windows(rates: &[Rate]) -> Result<Vec<Window>, Error> {
    if rates.len() > RATES {
        return Err(Error::config("rate", format!("there are more than {RATES}.")));
    }
    let window = |(at, rate): (usize, &Rate)| {
        let field = |name: &str| format!("rate[{at}].{name}");
        let Rate { calls, within } = *rate;
        if !(1..=CALLS).contains(&calls) {
            return Err(Error::config(field("calls"), format!("{calls} is not from 1 to {CALLS}.")));
        }
        if !(1_000..=60_000).contains(&within.as_millis()) {
            return Err(Error::config(field("within"), format!("{within} is not from 1s to 1m.")));
        }
        Ok(Window { calls, within: within.as_duration() })
    };
    rates.iter().enumerate().map(window).collect()
}

fn object(field: &str, json: &[u8]) -> Result<Map<String, Value>, Error> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Error::config(field, "it is not a JSON object.")),
        Err(error) => Err(Error::config(field, format!("it is not JSON: {error}."))),
    }
}

fn kind(named: Option<Value>) -> Result<&'static Entry, Error> {
    let known = || KINDS.iter().map(|entry| entry.name);
    let list = || format!("Known kinds: {}.", known().collect::<Vec<_>>().join(", "));
    let Some(Value::String(name)) = named else {
        return Err(Error::config("kind", "it is missing: what kind of destination this is.").suggest(list()));
    };
    KINDS.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let error = Error::config("kind", format!("there is no kind `{name}`."));
        error.suggest(did_you_mean(&name, known()).unwrap_or_else(list))
    })
}

fn check_names<'a>(
    prefix: &str,
    given: &Map<String, Value>,
    known: impl IntoIterator<Item = &'a String> + Clone,
) -> Result<(), Error> {
    let unknown = |name: &&String| !known.clone().into_iter().any(|known| known == *name);
    let Some(name) = given.keys().find(unknown) else { return Ok(()) };
    let error = Error::config(format!("{prefix}{name}"), "there is no such setting.");
    let names: Vec<&str> = known.into_iter().map(String::as_str).collect();
    let list = || format!("There are: {}.", names.join(", "));
    Err(error.suggest(did_you_mean(name, names.iter().copied()).unwrap_or_else(list)))
}

#[cfg(test)]
mod tests;
