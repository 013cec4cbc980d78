//! The door for events: `/hooks/{source_id}`.

mod again;
mod client;
mod receive;
mod refusals;
mod reply;
mod sources;
pub(crate) mod status;

pub(crate) use again::judge_again;
pub(crate) use receive::receive;
pub(crate) use refusals::{KEPT, Recorder};
pub(crate) use reply::status_url;
pub(crate) use sources::{Found, Live, Sources};
