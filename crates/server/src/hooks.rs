//! The door for events: `/hooks/{source_id}`.

mod client;
mod in_flight;
pub(crate) mod interface;
mod receive;
mod refusals;
mod reply;
mod sources;
pub(crate) mod status;

pub(crate) use client::ForwardedBy;
pub(crate) use in_flight::InFlight;
pub(crate) use receive::receive;
pub(crate) use refusals::Recorder;
pub(crate) use reply::status_url;
pub(crate) use sources::Sources;
