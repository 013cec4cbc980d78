//! What can go wrong between a file and its hits.

use crate::{EmbedError, ModelError};

/// Every way in which this crate fails. Messages name what to do and contain no document text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is larger than the extraction limit.
    #[error("the file has {bytes} bytes, the limit is {limit}: split it or raise the limit")]
    TooLarge {
        /// Size of the file, or of its text once decoded.
        bytes: usize,
        /// The limit that was passed to the extraction.
        limit: usize,
    },
    /// No extractor reads this kind of file.
    #[error("cannot read text from {kind}: upload plain text, Markdown or HTML")]
    Unsupported {
        /// The media type or file name that was given.
        kind: String,
    },
    /// The bytes are not text in any encoding that is known.
    #[error("the file is not text (it looks binary): save it as UTF-8 and upload it again")]
    NotText,
    /// The sizes of chunks contradict each other.
    #[error("chunk sizes do not fit: {reason}")]
    ChunkSizes {
        /// Which rule was broken.
        reason: &'static str,
    },
    /// A vector's length differs from that of the index.
    #[error("a vector has {found} dimensions, the index holds {expected}: embed with the base's own model")]
    Dimensions {
        /// Dimensions of the index.
        expected: usize,
        /// Dimensions of the vector.
        found: usize,
    },
    /// A vector holds NaN, infinity or nothing but zeros.
    #[error("a vector is not finite or has no direction: the embedding model gave no usable answer")]
    NoDirection,
    /// Search by vector alone was asked for without a vector.
    #[error("the question has no vector: embed it, or search by keywords")]
    VectorMissing,
    /// The change would take the index over its limits.
    #[error("the index is full: {used} of {limit} {unit} used; split the base or raise the limit")]
    Full {
        /// What is used before the change.
        used: usize,
        /// How much there may be.
        limit: usize,
        /// `bytes` or `chunks`.
        unit: &'static str,
    },
    /// The evaluation set could not be read.
    #[error("cannot read the evaluation set: expected SQuAD-form JSON")]
    EvaluationParse(#[source] serde_json::Error),
    /// The two languages of the evaluation set do not hold the same paragraphs and questions.
    #[error("the evaluation sets are not translations of each other: {reason}")]
    EvaluationPair {
        /// What differs.
        reason: &'static str,
    },
    /// Embedding the evaluation set failed.
    #[error("cannot embed the texts")]
    Embed(#[source] EmbedError),
    /// The database did not take or give what was asked.
    #[error("the knowledge base cannot be read or written now; try again")]
    Store(#[from] store::Error),
    /// There is no base of this name.
    #[error("there is no knowledge base `{name}`; make it, or name another")]
    BaseMissing {
        /// The name that was given.
        name: String,
    },
    /// A base's name, or a document's, cannot be used.
    #[error("{what} has 1 to {longest} characters")]
    Name {
        /// Whose name it is.
        what: &'static str,
        /// The most characters.
        longest: usize,
    },
    /// A base's stored settings cannot be read.
    #[error("the settings of the knowledge base `{base}` cannot be read; save them again")]
    Settings {
        /// The base's name.
        base: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The embedding model cannot be had.
    #[error("the embedding model cannot be used")]
    Model(#[from] ModelError),
    /// Two bases that are searched together have different embedding models.
    #[error(
        "the bases `{first}` and `{second}` have different embedding models; search them apart, by keywords, or \
         give them the same model"
    )]
    DifferentModels {
        /// One base.
        first: String,
        /// The other.
        second: String,
    },
    /// The embedding model gave no vector for the question.
    #[error("the question could not be embedded")]
    EmbedQuestion(#[source] inference::Error),
    /// The embedding model gave no vectors for a document, also when asked again.
    #[error("the document could not be embedded; add it again when the model answers")]
    EmbedDocument(#[source] inference::Error),
    /// There is no text in a file.
    #[error("there is no text in the file")]
    NoText,
    /// A document is too long.
    #[error("the document makes {chunks} chunks, and {limit} are the most: split it, or make chunks larger")]
    TooManyChunks {
        /// How many it makes.
        chunks: usize,
        /// How many it may make.
        limit: usize,
    },
    /// Work over memory ended by an error of the server.
    #[error("an error of the server ended the work; its log says more")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(_) | Self::Model(ModelError::Lookup { .. }) => true,
            Self::EmbedQuestion(source) | Self::EmbedDocument(source) => source.is_transient(),
            _ => false,
        }
    }

    /// The error and its causes in one line, for the person whose document or question it was.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let message = error.to_string();
            // Many errors repeat their cause in their own message; say each thing once.
            if !text.ends_with(&message) {
                text.push_str(": ");
                text.push_str(&message);
            }
            cause = error.source();
        }
        text
    }
}
