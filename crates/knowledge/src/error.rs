//! What can go wrong between a file and its hits.

use crate::EmbedError;

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
}
