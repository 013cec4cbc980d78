//! The node kinds, one folder each: its config, its step, its help page.
//!
//! A kind is written once. Validation, decoding, the catalogue, the console's form and the help page
//! come from its [`engine::Node`] implementation; [`registry`] lists them all.

mod deliver;
mod if_;
mod output;
mod respond;
mod set;
mod template;

use std::sync::Arc;

use engine::Registry;
use store::{DestinationId, Place};

/// What node kinds need of the server around them.
#[derive(Clone)]
pub struct Needs {
    /// Finds destinations by name.
    pub directory: Arc<dyn Directory>,
}

/// Finds what flows name, in memory.
pub trait Directory: Send + Sync + 'static {
    /// The destination of this name.
    fn destination(&self, place: Place, name: &str) -> Option<DestinationId>;
}

/// Every node kind.
pub fn registry(needs: &Needs) -> Registry {
    Registry::new()
        .register(deliver::Deliver { directory: Arc::clone(&needs.directory) })
        .register(if_::If)
        .register(output::Output)
        .register(respond::Respond)
        .register(set::Set)
        .register(template::Template)
}
