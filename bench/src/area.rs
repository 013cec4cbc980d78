//! The areas: what load is put on.

/// What load is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// The floor.
    Bare,
    /// Events are kept and run.
    Accept,
    /// Events are kept while the workers are held.
    AcceptHeld,
    /// Three pure steps are waited for.
    Run,
    /// The same with a dedupe key for each event.
    RunDedupe,
    /// A model call and a delivery besides.
    EndToEnd,
}

impl Area {
    /// All that are measured beside the floor, in this order.
    pub(crate) const ALL: [Self; 5] =
        [Self::Accept, Self::AcceptHeld, Self::Run, Self::RunDedupe, Self::EndToEnd];

    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Accept => "accept",
            Self::AcceptHeld => "accept-held",
            Self::Run => "run",
            Self::RunDedupe => "run+dedupe",
            Self::EndToEnd => "e2e",
        }
    }

    /// The area of the figures to reach that it belongs to.
    pub(crate) fn group(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Accept | Self::AcceptHeld => "accept",
            Self::Run | Self::RunDedupe => "run",
            Self::EndToEnd => "e2e",
        }
    }

    pub(crate) fn has_keys(self) -> bool {
        matches!(self, Self::Accept | Self::AcceptHeld | Self::RunDedupe)
    }

    pub(crate) fn status(self) -> u16 {
        if matches!(self, Self::Run | Self::RunDedupe | Self::EndToEnd) { 200 } else { 202 }
    }
}
