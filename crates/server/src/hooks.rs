//! The door for events: `/hooks/{source_id}`.

mod client;
mod receive;
mod refusals;
mod reply;
mod sources;
pub(crate) mod status;
pub(crate) mod stream;

pub(crate) use receive::receive;
pub(crate) use refusals::Recorder;
pub(crate) use reply::status_url;
pub(crate) use sources::Sources;
