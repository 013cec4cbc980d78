//! The store's news over NATS.

use std::sync::Arc;

use store::{Bus, News, Store};

use crate::{Error, Heard, Nats};

/// The subject of news.
const NEWS: &str = "news";

/// Lets NATS carry the news of a store as long as it is connected; the database does so otherwise.
///
/// # Errors
/// When there is no such subject, as for an odd name of the installation.
pub async fn carry_news(nats: &Nats, store: &Store) -> Result<(), Error> {
    let mut subscription = nats.subscribe(NEWS).await?;
    store.tell_by(Arc::new(Carrier(nats.clone())));
    let store = store.clone();
    tokio::spawn(async move {
        while let Some(heard) = subscription.next().await {
            let anything = || News { anything: true, ..News::default() };
            store.hear(match heard {
                Heard::Message(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|_| anything()),
                Heard::Missed => anything(),
            });
        }
    });
    Ok(())
}

struct Carrier(Nats);

impl Bus for Carrier {
    fn tell(&self, news: &News) -> bool {
        serde_json::to_vec(news).is_ok_and(|bytes| self.0.publish(NEWS, &bytes).is_ok())
    }
}
