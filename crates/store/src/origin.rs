//! What many events have in common.

use std::borrow::Cow;

use crate::{FlowId, Place, SourceId};

/// Where events belong and the way they came, which the rows of events, runs and deliveries hold as one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) place: Place,
    pub(crate) flow: FlowId,
    pub(crate) source: Option<SourceId>,
    pub(crate) kind: Cow<'static, str>,
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
