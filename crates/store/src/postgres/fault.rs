//! What PostgreSQL's errors mean for whoever meets them.

use tokio_postgres::error::{Severity, SqlState};

use crate::{Error, Fault};

/// What callers are told; why it is so is in the log, by the tasks that keep connections.
pub(super) const UNREACHABLE: &str = "the database cannot be reached";

/// Whether the database as a whole takes no work, or this piece of work is `wrong`.
pub(super) fn classify(fault: Fault, wrong: fn(Fault) -> Error) -> Error {
    match unavailable(&fault) {
        Some(reason) => Error::Unavailable { reason: reason.to_owned() },
        None => wrong(fault),
    }
}

/// Why the database takes no work, if it was that.
pub(super) fn unavailable(fault: &Fault) -> Option<&'static str> {
    let code = match fault {
        Fault::Postgres(error) => error.code(),
        Fault::Unreachable(_) => return Some(UNREACHABLE),
        _ => None,
    };
    let Some(code) = code else {
        return is_lost(fault).then_some("the connection to the database was lost");
    };
    if *code == SqlState::DISK_FULL {
        return Some("the database's disk is full");
    }
    // By class: connection, resources, operator's intervention, transaction undone, system.
    match code.code().get(..2) {
        Some("08" | "53" | "57" | "58") => Some("the database takes no work now"),
        Some("40") => Some("the database is busy"),
        _ => is_lost(fault).then_some("the database has ended the connection"),
    }
}

/// Whether there was no connection, or it was lost: then nothing is wrong with what was to be written.
pub(super) fn is_lost(fault: &Fault) -> bool {
    let ended = || matches!(severity(fault), Some(Severity::Fatal | Severity::Panic));
    match fault {
        Fault::Postgres(error) => {
            let source = std::error::Error::source(error);
            error.is_closed() || source.is_some_and(<dyn std::error::Error>::is::<std::io::Error>) || ended()
        }
        Fault::Unreachable(_) | Fault::Silent(_) => true,
        Fault::Sqlite(_) | Fault::Column { .. } => false,
    }
}

/// Whether the same may succeed at once when it is tried again.
pub(super) fn stood_in_the_way(fault: &Fault) -> bool {
    let Fault::Postgres(error) = fault else { return false };
    error.code().is_some_and(|code| {
        [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(code)
    })
}

/// How grave an error of the database is, if it is one.
pub(super) fn severity(fault: &Fault) -> Option<Severity> {
    let Fault::Postgres(error) = fault else { return None };
    error.as_db_error()?.parsed_severity()
}
