//! What nodes of one database tell each other while things happen: who waits for which run, what came of it, what a
//! viewer or a reader on one node sees of the others; and over NATS, that there is work. What nodes tell each other by
//! links goes over NATS as well where no link can be made.
//!
//! It is all about being quick. Whatever is lost here is found in the database a little later; nothing durable rides on
//! it. A node tells the others what it wants to hear, and is told that alone.

mod envelope;
mod exchange;
mod link;
mod mesh;
mod nats;
mod news;
mod relay;
mod said;
mod seldom;
mod wishes;

pub use exchange::{Exchange, Local, Watch};
pub use mesh::{Mesh, Surroundings};
pub use nats::{Dropped, Error, Heard, Nats, Settings, Subscription};
pub use news::carry_news;
