//! What a try of a step is given: who it is, what its templates may see, how long it has. It is all that a step
//! can reach of its run. It cannot write to it: what a step gives is committed by the engine, after it ended.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use flow::{Dynamic, Scope, Text, run::StepPath};
use serde::Serialize;
use serde_json::Value;
use store::{DeliveryId, EventId, Ids, Place, RunId};
use tokio::time::Instant;

use crate::{NodeError, Update, feed::Feed, hub::Hub};

/// What a step knows of its run and its surroundings.
#[derive(Clone)]
pub struct StepContext {
    /// The run.
    pub run: RunId,
    /// Its event.
    pub event: EventId,
    /// Where the run belongs.
    pub place: Place,
    /// The step.
    pub step: StepPath,
    /// Which try, from 1.
    pub attempt: u32,
    /// How often a person has retried the run.
    pub generation: u32,
    /// The secrets that the node's own config names; no other may be used.
    pub secrets: Arc<[String]>,
    /// The mark of secrets' placeholders.
    pub secret_mark: Arc<str>,
    /// Whether the request was answered already.
    pub responded: bool,
    /// When the try is given up.
    pub deadline: Instant,
    /// What the step works on, once it knows.
    pub(crate) input: OnceLock<Arc<Value>>,
    pub(crate) scope: Scope,
    pub(crate) ids: Ids,
    pub(crate) hub: Hub,
    /// Who reads along, and the step's place in the flow.
    pub(crate) feed: Option<(Arc<Feed>, usize)>,
}

/// Where a step sends the text it makes while it makes it.
#[derive(Clone, Debug)]
pub struct Tokens {
    run: RunId,
    event: EventId,
    place: Place,
    step: StepPath,
    hub: Hub,
    feed: Option<(Arc<Feed>, usize)>,
}

impl StepContext {
    /// Renders a text.
    ///
    /// # Errors
    /// `template_failed`.
    pub fn text(&self, template: &Text) -> Result<String, NodeError> {
        Ok(template.render(&self.scope)?)
    }

    /// Renders JSON.
    ///
    /// # Errors
    /// `template_failed`.
    pub fn json(&self, template: &Dynamic) -> Result<Value, NodeError> {
        Ok(template.render(&self.scope)?)
    }

    /// Renders JSON of which a field, if one is named, is HTML: what its templates give is escaped there.
    ///
    /// # Errors
    /// `template_failed`.
    pub fn json_with_html(&self, template: &Dynamic, field: Option<&str>) -> Result<Value, NodeError> {
        Ok(template.render_with_html(&self.scope, field)?)
    }

    /// Says what the step works on, after templates, for the trace. Said before the work begins, it is
    /// there whatever comes of it, also when the time is over. No secrets. Only the first saying counts.
    pub fn works_on(&self, input: impl Serialize) {
        if let Ok(input) = serde_json::to_value(input) {
            let _ = self.input.set(Arc::new(input));
        }
    }

    /// How much time is left for the try.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The idempotency key of one of the step's effects: the same on every try, another after a
    /// person's retry.
    pub fn idempotency_key(&self, call: u32) -> String {
        format!("{}:{}:{call}:{}", self.run, self.step, self.generation)
    }

    /// An id for a delivery that the step makes.
    pub fn delivery_id(&self) -> DeliveryId {
        self.ids.next()
    }

    /// Where to send text as it comes.
    pub fn tokens(&self) -> Tokens {
        Tokens {
            run: self.run,
            event: self.event,
            place: self.place,
            step: self.step.clone(),
            hub: self.hub.clone(),
            feed: self.feed.clone(),
        }
    }
}

impl Tokens {
    /// Passes a piece of text on to whoever looks at the run now or reads along. Never waits. All pieces together are the
    /// output's `text`, if the kind is an AI one.
    pub fn send(&self, text: &str) {
        if let Some((feed, nth)) = &self.feed {
            feed.say(*nth, text);
        }
        self.hub.publish(|| Update {
            place: self.place,
            run: self.run,
            event: self.event,
            change: crate::Change::Token { step: self.step.clone(), text: text.to_owned() },
        });
    }
}

impl fmt::Debug for StepContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}#{}", self.run, self.step, self.attempt)
    }
}
