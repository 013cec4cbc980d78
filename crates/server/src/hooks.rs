//! The door for events: `/hooks/{source_id}`.

mod again;
mod client;
mod in_flight;
pub(crate) mod interface;
mod jwks;
mod receive;
mod refusals;
mod reply;
mod sources;
pub(crate) mod status;
pub(crate) mod stream;

pub(crate) use again::judge_again;
pub(crate) use client::ForwardedBy;
pub(crate) use in_flight::InFlight;
pub(crate) use jwks::keep_fresh;
pub(crate) use receive::receive;
pub(crate) use refusals::{KEPT, Recorder};
pub(crate) use reply::{How, Receipt, accepted, refuse, status_url, waits_for};
pub(crate) use sources::{Found, Live, Sources};
