//! What the load harness and the demo share: processes under test, and a small HTTP client.

pub mod api;
pub mod process;
