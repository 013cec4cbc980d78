//! The flow language, without a clock, chance or I/O.
//!
//! - [`Definition`] is what a person wrote: the YAML of a flow.
//! - [`Field`] types what comes in and what goes out.
//! - [`template`] renders expressions; [`Scope`] is what they can see.
//! - [`compile`] checks a definition against the node kinds and what the workspace has, and
//!   gives a [`Flow`]: a graph that the reducer can run.
//! - [`run`] is the reducer: `(state, event) → (state, commands)`. Replaying a journal of
//!   events gives the live state.

mod answer;
mod compile;
mod definition;
mod field;
mod graph;
mod kind;
mod names;
mod path;
mod problem;
pub mod run;
pub mod template;
mod units;

pub use answer::is_reserved_header;
pub use compile::{Flow, Node, Resources, compile, compile_published};
pub use definition::{Backoff, Definition, FORMAT, KindName, NodeDefinition, OnFailure, ParseError, Retry};
pub use field::{Field, FieldProblem, FieldType, Fields, Leniency, take_all};
pub use graph::{Edge, EdgeIndex, Graph, Join, NodeIndex, PORT_FAILED, PORT_NEXT};
pub use kind::{ConfigProblem, Effect, Kinds, NodeKind, Resource, ResourceKind, Shape};
pub use names::{InvalidName, NodeId};
pub use path::{Path, PathError};
pub use problem::{Problem, did_you_mean};
pub use template::{Dynamic, Expression, Names, Scope, Text};
pub use units::{ByteSize, Span};
