//! What nodes of one database tell each other: that there is work. It only wakes; what there is to do is read from the
//! database, so that a message that is lost costs time and nothing else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{BaseId, DestinationId, DocumentId, RunId};

/// What happened on another node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Runs were queued.
    #[serde(default)]
    pub runs: bool,
    /// What these runs waited for has come.
    #[serde(default)]
    pub woken: BTreeSet<RunId>,
    /// Deliveries were added to these destinations.
    #[serde(default)]
    pub destinations: BTreeSet<DestinationId>,
    /// These documents of these knowledge bases were ingested or deleted.
    #[serde(default)]
    pub documents: BTreeSet<(BaseId, DocumentId)>,
    /// Sources, destinations, variables, deployments or models were changed.
    #[serde(default)]
    pub configuration: bool,
    /// Messages were lost: anything may have happened.
    #[serde(default)]
    pub anything: bool,
}

/// More destinations, documents and runs than this in one message are told as anything: a message has room for 8,000 bytes.
const NAMED: usize = 100;

/// Another way for news than through the database: quicker, and no work for it. It may lose some.
pub trait Bus: Send + Sync {
    /// Takes news to the other nodes without waiting. Says `false` when it cannot: then the database carries it.
    fn tell(&self, news: &News) -> bool;
}

impl News {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Hands over to a bus what every node looks for by itself as well. The rest is told once and for all, and not
    /// every node need have the bus.
    pub(crate) fn hand_over(&mut self, bus: &dyn Bus) {
        let (runs, destinations) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.destinations));
        let woken = std::mem::take(&mut self.woken);
        let work = Self { runs, woken, destinations, ..Self::default() };
        if !work.is_empty() && !bus.tell(&work) {
            self.join(work);
        }
    }

    /// Both in one.
    pub(crate) fn join(&mut self, other: Self) {
        self.runs |= other.runs;
        self.configuration |= other.configuration;
        self.anything |= other.anything;
        self.destinations.extend(other.destinations);
        self.documents.extend(other.documents);
        self.woken.extend(other.woken);
        if self.destinations.len() + self.documents.len() + self.woken.len() > NAMED {
            *self = Self { anything: true, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_documents_fit_into_a_message() {
        let mut news = News::default();
        for n in 0..100_u128 {
            let pair = (BaseId::from_bytes(n.to_be_bytes()), DocumentId::from_bytes(n.to_be_bytes()));
            news.join(News { documents: BTreeSet::from([pair]), ..News::default() });
        }
        assert!(!news.anything);
        let text = serde_json::to_string(&news).unwrap();
        assert!(text.len() < 8_000, "{}", text.len());
        assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news);
    }

    #[test]
    fn news_is_joined_and_never_too_long_for_a_message() {
        let of = |n: u16| {
            let id = DestinationId::from_bytes(u128::from(n).to_be_bytes());
            News { destinations: BTreeSet::from([id]), ..News::default() }
        };
        let mut news = News { runs: true, ..News::default() };
        (0..100).for_each(|n| news.join(of(n)));
        assert_eq!((news.runs, news.destinations.len(), news.anything), (true, 100, false));
        let text = serde_json::to_string(&news).unwrap();
        assert!(text.len() < 8_000, "{}", text.len());
        assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news);
        news.join(of(100));
        assert_eq!(news, News { anything: true, ..News::default() });
    }
}
