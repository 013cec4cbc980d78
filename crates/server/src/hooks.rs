//! The door for events: `/hooks/{source_id}`.

mod client;
mod receive;
mod refusals;
mod reply;
mod sources;
pub(crate) mod status;

pub(crate) use receive::receive;
pub(crate) use refusals::Recorder;
pub(crate) use reply::{Receipt, accepted, refuse, status_url, waits_for};
pub(crate) use sources::Sources;
