//! Why a model cannot be loaded.

use std::{io, path::PathBuf};

/// Why a model cannot be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the model cannot be read.
    #[error("the model's file {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file of the model is not what it should be.
    #[error("the model's file {} is damaged or of another model: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The processor is too old.
    #[error("the chat model needs a processor with {feature}, which this one lacks")]
    Processor {
        /// What it lacks.
        feature: &'static str,
    },
    /// The operating system gives no thread.
    #[error("no thread could be started for the model")]
    Thread {
        /// The cause.
        #[source]
        source: io::Error,
    },
}
