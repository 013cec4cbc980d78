//! What can go wrong with the engine: the store refuses, a version does not compile here, a journal does not
//! fit. A step that fails is none of these: it is an event of its run, kept in the journal as
//! [`StepError`](flow::run::StepError).

use flow::Problem;

/// What can go wrong with the engine itself; what goes wrong in a flow is the run's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("the run could not be stored")]
    Store(#[from] store::Error),
    /// There is no such version.
    #[error("the version {0} does not exist")]
    NoVersion(store::VersionId),
    /// A stored version does not compile with the kinds of this build.
    #[error("version {version} cannot run here: {}", .problems.first().map_or_else(String::new, ToString::to_string))]
    Program {
        /// Which version.
        version: store::VersionId,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// A stored version has node kinds that this build lacks: a newer one made it.
    #[error(
        "version {version} needs `{kind}`, which this build of Linchpin does not have; start a newer one"
    )]
    Lacks {
        /// Which version.
        version: store::VersionId,
        /// The first kind that is missing, such as `llm@2`.
        kind: String,
    },
    /// What the journal holds does not fit the flow.
    #[error("the journal of {run} does not fit its flow")]
    Journal {
        /// Which run.
        run: store::RunId,
        /// Why.
        #[source]
        source: JournalError,
    },
    /// What a job is to do, or how far it is, is not in the form of this build.
    #[error("the job {job} cannot be read by this build of Linchpin: {source}; start a newer one")]
    Order {
        /// Which job.
        job: store::JobId,
        /// Why.
        source: serde_json::Error,
    },
    /// There is no such run.
    #[error("the run {0} does not exist")]
    NoRun(store::RunId),
    /// A schedule, or a source of alerts, cannot be gone by.
    #[error("the source {id} is wrong: {problem}")]
    Source {
        /// Which.
        id: store::SourceId,
        /// What is wrong with it.
        problem: Box<Problem>,
    },
    /// The tick's schedule has moved on, was changed or is gone: whoever fired it, it was not this one.
    #[error("the schedule does not stand at this tick any more")]
    Passed,
    /// The server is stopping.
    #[error("the server is stopping; try again")]
    Stopping,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A record is not in the form of this build.
    #[error("a record cannot be read")]
    Decode(#[from] serde_json::Error),
    /// An event cannot follow from those before it.
    #[error("an event cannot follow from those before it")]
    Illegal(#[from] flow::run::Illegal),
    /// The event's content is gone.
    #[error("the event's content is gone")]
    NoContent,
}
