//! Fetches the public keys that sources verify tokens with (JWKS).

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream};
use gateway::{KeySet, MalformedKeys};
use http::{HeaderMap, Method, StatusCode, header};
use outbound::{Limit, Request, Timeouts};
use tokio::{sync::Mutex, time::Instant};

use crate::app::App;

/// How long a fetch may take: a sender waits meanwhile.
const DEADLINE: Duration = Duration::from_secs(3);

/// The least time between two fetches for tokens of unknown keys, so that forged ones do not make a flood of fetches.
const PAUSE: Duration = Duration::from_secs(30);

/// How often stale keys are looked for, and how many sets are fetched at once then.
const ROUND: Duration = Duration::from_secs(30);
const AT_ONCE: usize = 8;

/// When each of a source's key sets was fetched last, and what failed.
#[derive(Default)]
pub(crate) struct Renewal(Mutex<HashMap<String, Tried>>);

struct Tried {
    at: Instant,
    failure: Option<String>,
}

/// What came of wanting newer keys.
pub(super) enum Renewed {
    /// They may be there: the request is worth another look.
    Perhaps,
    /// They are not, and this is why, if something failed.
    Not(Option<String>),
}

/// Why there are no newer keys.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the keys could not be fetched: {}", .0.chain())]
    Call(#[from] outbound::Error),
    #[error("the keys' server answered with {0} and not with 200")]
    Status(StatusCode),
    #[error(transparent)]
    Malformed(#[from] MalformedKeys),
}

impl Renewal {
    /// Fetches newer keys, one fetch at a time, unless that was tried a moment ago.
    pub(super) async fn renew(&self, app: &App, keys: &KeySet) -> Renewed {
        let Ok(mut tried) = self.0.try_lock() else {
            // What another request is fetching is worth another look.
            drop(self.0.lock().await);
            return Renewed::Perhaps;
        };
        let pause = if keys.is_known(app.clock.now()) { PAUSE } else { KeySet::RETRY_AFTER };
        if let Some(tried) = tried.get(keys.url()).filter(|tried| tried.at.elapsed() < pause) {
            return Renewed::Not(tried.failure.clone());
        }
        // Noted before: a sender that hangs up ends the fetch, and must not be able to begin the next at once.
        let unfinished =
            Tried { at: Instant::now(), failure: Some("the sender did not wait for them".to_owned()) };
        tried.insert(keys.url().to_owned(), unfinished);
        let fetched = fetch(app, keys).await;
        let failure = fetched.err().map(|failure| failure.to_string());
        let renewed = match &failure {
            None => Renewed::Perhaps,
            Some(failure) => {
                tracing::warn!(%failure, "a source's public keys were not renewed");
                Renewed::Not(Some(failure.clone()))
            }
        };
        if let Some(tried) = tried.get_mut(keys.url()) {
            tried.failure = failure;
        }
        renewed
    }
}

/// Renews keys before their age is over, as long as the server runs.
pub(crate) async fn keep_fresh(app: App) {
    let mut round = tokio::time::interval(ROUND);
    loop {
        round.tick().await;
        let now = app.clock.now();
        let sources =
            app.sources.live().into_iter().filter(|live| live.judge.keys().any(|keys| keys.is_stale(now)));
        stream::iter(sources)
            .for_each_concurrent(AT_ONCE, |live| {
                let app = app.clone();
                async move {
                    for keys in live.judge.keys().filter(|keys| keys.is_stale(now)) {
                        live.renewal.renew(&app, keys).await;
                    }
                }
            })
            .await;
    }
}

async fn fetch(app: &App, keys: &KeySet) -> Result<(), Failure> {
    let request = Request::new(Method::GET, keys.url())?
        .header(header::ACCEPT.as_str(), "application/json")?
        .timeouts(Timeouts::total(DEADLINE))
        .limit(Limit::fail(KeySet::MAX_BYTES));
    let response = app.outbound.send(request).await?;
    if response.status != StatusCode::OK {
        return Err(Failure::Status(response.status));
    }
    Ok(keys.learn(&response.body, app.clock.now(), max_age(&response.headers))?)
}

/// How long an answer is good for, by its `Cache-Control`.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let said = headers.get_all(header::CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    let age = |word: &str| {
        word.trim().to_ascii_lowercase().strip_prefix("max-age=")?.trim_matches('"').parse().ok()
    };
    said.flat_map(|value| value.split(',')).find_map(age).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_the_servers() {
        let age = |value: &'static str| {
            max_age(&HeaderMap::from_iter([(header::CACHE_CONTROL, value.parse().unwrap())]))
        };
        assert_eq!(age("public, Max-Age=600, must-revalidate"), Some(Duration::from_secs(600)));
        assert_eq!(age("max-age=\"60\""), Some(Duration::from_secs(60)));
        assert_eq!(age("no-store"), None);
        assert_eq!(age("max-age=soon"), None);
        assert_eq!(max_age(&HeaderMap::new()), None);
    }
}
