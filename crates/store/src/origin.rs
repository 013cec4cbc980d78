//! What many events have in common.

use std::{borrow::Cow, collections::HashMap};

use crate::{FlowId, Place, SourceId, event::NewEvent};

/// Where events belong and the way they came, which the rows of events, runs and deliveries hold as one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) place: Place,
    pub(crate) flow: FlowId,
    pub(crate) source: Option<SourceId>,
    pub(crate) kind: Cow<'static, str>,
}

impl Origin {
    /// That of an event.
    pub(crate) fn of(event: &NewEvent) -> Self {
        Self { place: event.place, flow: event.flow, source: event.source, kind: event.kind.into() }
    }
}

/// The origins whose numbers a writer knows, both ways: one for each flow of an environment that the API called, and
/// for each flow of each source there ever was. A number stands for the same for good.
#[derive(Default)]
pub(crate) struct Origins {
    numbers: HashMap<Origin, i64>,
    by_number: HashMap<i64, Origin>,
    /// Those that the transaction under way has made or read.
    new: Vec<i64>,
}

impl Origins {
    pub(crate) fn number(&self, origin: &Origin) -> Option<i64> {
        self.numbers.get(origin).copied()
    }

    pub(crate) fn origin(&self, number: i64) -> Option<&Origin> {
        self.by_number.get(&number)
    }

    pub(crate) fn add(&mut self, number: i64, origin: Origin) {
        self.new.push(number);
        self.by_number.insert(number, origin.clone());
        self.numbers.insert(origin, number);
    }

    /// Whether another knows the same, whatever is new to it.
    #[cfg(test)]
    pub(crate) fn knows_the_same(&self, other: &Self) -> bool {
        self.numbers == other.numbers && self.by_number == other.by_number
    }

    /// The transaction is on stable storage.
    pub(crate) fn committed(&mut self) {
        self.new.clear();
    }

    /// The transaction was undone.
    pub(crate) fn undone(&mut self) {
        for number in self.new.drain(..) {
            if let Some(origin) = self.by_number.remove(&number) {
                self.numbers.remove(&origin);
            }
        }
    }
}

/// The origins whose rows a list shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) place: Place,
    /// Only those of this flow.
    pub(crate) flow: Option<FlowId>,
    /// Only those of this source.
    pub(crate) source: Option<SourceId>,
}
