//! Sources that make their flow's input by themselves: schedules, and those of alerts.

use axum::{Json, extract::State};
use clock::Timestamp;
use engine::{AlertRule, Planned, Schedule, Timetable};
use flow::{Fields, Problem};
use serde::{Deserialize, Serialize};
use store::{FlowId, Place, ScheduleState, Source, SourceKind, VersionId};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    problem::{BodyProblem, Error},
    time::rfc3339,
};
use crate::app::App;

/// How many planned times a preview shows.
const SHOWN: usize = 5;

/// Where a schedule stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    /// The next planned time.
    next_at: String,
    /// The planned time of its last event.
    last_at: Option<String>,
    /// Planned times that no event came of.
    skipped: i64,
    /// The last of them.
    skipped_at: Option<String>,
    /// Why: `off`, `undeployed`, `missed` or `wrong_input`.
    skipped_why: Option<String>,
    /// What of its input did not fit, for `wrong_input`.
    skipped_detail: Option<String>,
}

/// A timetable to look at.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Draft {
    /// Minute, hour, day of the month, month, day of the week; with seconds before them when there are six.
    cron: String,
    /// The IANA name of a time zone; UTC by default.
    #[serde(default = "utc")]
    time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// The planned times that come next.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    /// The next five.
    ticks: Vec<PlannedView>,
}

/// A planned time.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlannedView {
    /// In UTC.
    at: String,
    /// As clocks in the time zone show it, with the offset.
    local: String,
}

/// See when a schedule would tick
#[utoipa::path(post, operation_id = "preview_schedule", path = "/api/v1/schedules/preview", tag = "sources",
    request_body = Draft, responses((status = 200, body = Preview)))]
pub(crate) async fn preview(
    State(app): State<App>,
    _: Caller,
    Json(draft): Json<Draft>,
) -> Result<Json<Preview>, Error> {
    let timetable = Timetable::parse(&draft.cron, &draft.time_zone)
        .map_err(|problem| Error::invalid_at(BodyProblem::from(problem)))?;
    let first = timetable.next_after(app.clock.now());
    let ticks = std::iter::successors(first, |at| timetable.next_after(*at)).take(SHOWN);
    let ticks = ticks.map(|at| PlannedView { at: rfc3339(at), local: timetable.local(at) });
    Ok(Json(Preview { ticks: ticks.collect() }))
}

/// Checks a schedule, against a flow's inputs where they are known, and says when it ticks next; `None` when that is
/// as it was before.
///
/// # Errors
/// Which field of its settings is wrong, why, and what to write.
pub(super) fn next(
    app: &App,
    source: &Source,
    (before, inputs): (Option<&Source>, Option<&Fields>),
) -> Result<Option<Timestamp>, Problem> {
    let schedule = Schedule::compile(&source.config)?;
    let next = schedule.timetable.next_after(app.clock.now()).ok_or_else(no_time)?;
    // One that is off is checked when it is switched on.
    if let Some(inputs) = inputs.filter(|_| source.enabled) {
        schedule.check(inputs, Planned { at: next, missed: false })?;
    }
    let before = before.and_then(|before| Schedule::compile(&before.config).ok());
    let is_as_before = before.is_some_and(|before| before.timetable == schedule.timetable);
    Ok((!is_as_before).then_some(next))
}

/// Checks the sources that make a flow's input by themselves, schedules and those of alerts, against the version that is
/// to serve it.
pub(super) async fn check_deployed(
    app: &App,
    place: Place,
    (flow, version): (FlowId, VersionId),
) -> Result<(), Error> {
    let sources = app.store.source_list(place).await?;
    let is_asked =
        |source: &&Source| source.flow == flow && source.kind != SourceKind::Webhook && source.enabled;
    let mut asked = sources.iter().filter(is_asked).peekable();
    if asked.peek().is_none() {
        return Ok(());
    }
    let program = app.engine.program(place.workspace, version).await?;
    let inputs = &program.flow.definition().inputs;
    for source in asked {
        let fits = match source.kind {
            SourceKind::Webhook => Ok(()),
            SourceKind::Schedule => next(app, source, (None, Some(inputs))).map(drop),
            SourceKind::Alert => check_alerts(source, Some(inputs)),
        };
        fits.map_err(|problem| {
            Error::invalid(format!(
                "The source `{}` does not fit this version: switch it off, deploy, then change it and switch it on: \
                 {problem}",
                source.name
            ))
        })?;
    }
    Ok(())
}

/// Checks a source of alerts, against a flow's inputs where they are known. One that is off is checked when it is
/// switched on.
///
/// # Errors
/// Which field of its settings is wrong, why, and what to write.
pub(super) fn check_alerts(source: &Source, inputs: Option<&Fields>) -> Result<(), Problem> {
    let rule = AlertRule::compile(&source.config)?;
    inputs.filter(|_| source.enabled).map_or(Ok(()), |inputs| rule.check(inputs))
}

fn no_time() -> Problem {
    Problem {
        node: None,
        field: "cron".to_owned(),
        code: "wrong_cron".to_owned(),
        reason: "it has no time any more.".to_owned(),
        suggestion: None,
    }
}

impl From<ScheduleState> for ScheduleView {
    fn from(state: ScheduleState) -> Self {
        let (skipped_at, skipped_why) = state.last_skipped.unzip();
        Self {
            next_at: rfc3339(state.next_at),
            last_at: state.last_at.map(rfc3339),
            skipped: state.skipped,
            skipped_at: skipped_at.map(rfc3339),
            skipped_why,
            skipped_detail: state.skipped_detail,
        }
    }
}
