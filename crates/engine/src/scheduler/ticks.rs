//! Firing the ticks of schedules. Each is an event, committed together with where its schedule stands then.

use std::{collections::HashMap, sync::Arc, time::Duration};

use clock::Timestamp;
use flow::Problem;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use serde_json::{Value, json};
use store::{DueSchedule, News, SourceId, Tick};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    time::Instant,
};

use super::plan::{MISSED_AFTER, Plan, planned};
use crate::{Engine, Error, Program, Schedule, Submission};

/// Schedules that are read at once.
const PAGE: u32 = 256;

/// Schedules that are fired side by side.
const ABREAST: usize = 32;

/// Ticks of one schedule that are fired in a row, before others have their turn again.
const IN_A_ROW: usize = 16;

/// How soon a schedule is tried again that could not be fired because of the store.
const RETRY: Duration = Duration::from_secs(1);

/// How soon one is whose flow this build cannot run: another node may be the scheduler then, or the flow be mended.
const LATER: Duration = Duration::from_secs(60);

/// How long the scheduler sleeps at most: its clock may be put right meanwhile.
const FALLBACK: Duration = Duration::from_secs(5);

/// Fires ticks as their times come, while this node is the scheduler: since when it is, it is told.
pub(super) async fn run(engine: &Engine, mut since: watch::Receiver<Option<Instant>>) {
    let shared = &engine.0;
    let mut news = shared.store.news();
    let scheduler = Scheduler::new(engine);
    loop {
        let is_ours = since.borrow_and_update().is_some_and(|since| shared.lease.has_run_since(since));
        let wait = if is_ours { scheduler.pass().await } else { FALLBACK };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.schedules.notified() => {}
            () = changes(&mut news) => {}
            changed = since.changed() => if changed.is_err() { return },
        }
    }
}

/// Waits until another node has changed the configuration, or may have done so unheard.
async fn changes(news: &mut Option<broadcast::Receiver<News>>) {
    let Some(heard) = news else { return std::future::pending().await };
    loop {
        match heard.recv().await {
            Ok(News { configuration: false, anything: false, .. }) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// The one who fires.
pub(crate) struct Scheduler<'e> {
    engine: &'e Engine,
    /// Schedules that could not be fired, and when they are tried again.
    aside: Mutex<HashMap<SourceId, Instant>>,
}

/// What came of a schedule that was due.
enum Fired {
    /// It waits for its next time.
    All,
    /// More of its times have come.
    More,
}

impl<'e> Scheduler<'e> {
    pub(crate) fn new(engine: &'e Engine) -> Self {
        Self { engine, aside: Mutex::default() }
    }

    /// Fires all that is due; gives how long to wait then.
    pub(crate) async fn pass(&self) -> Duration {
        let shared = &self.engine.0;
        self.aside.lock().retain(|_, until| *until > Instant::now());
        let now = shared.clock.now();
        let (mut behind, mut more) = (None, false);
        loop {
            let page = match shared.store.schedule_due(now, behind, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "the schedules could not be read");
                    return RETRY;
                }
            };
            let is_last = page.len() < PAGE as usize;
            behind = page.last().map(|due| (due.next_at, due.source));
            let fired = stream::iter(page).map(|due| self.one(due)).buffer_unordered(ABREAST);
            more |= fired.fold(false, async |more, fired| more | matches!(fired, Fired::More)).await;
            if is_last {
                break;
            }
        }
        if more {
            return Duration::ZERO;
        }
        match shared.store.schedule_next(now).await {
            Ok(next) => {
                let next = next.map_or(FALLBACK, |next| shared.clock.now().until(next));
                let aside =
                    self.aside.lock().values().min().map(|at| at.saturating_duration_since(Instant::now()));
                next.min(aside.unwrap_or(FALLBACK)).min(FALLBACK)
            }
            Err(error) => {
                tracing::warn!(%error, "the next time of the schedules could not be read");
                RETRY
            }
        }
    }

    /// Fires what is due of a schedule; one that cannot be fired is put aside for a while, so that others are not held
    /// up.
    async fn one(&self, due: DueSchedule) -> Fired {
        let source = due.source;
        if self.aside.lock().contains_key(&source) {
            return Fired::All;
        }
        let fired = match Schedule::compile(&due.config) {
            Ok(schedule) => Firing { engine: self.engine, due, schedule: Arc::new(schedule) }.fire().await,
            Err(problem) => Err(Error::Source { id: source, problem: Box::new(problem) }),
        };
        let error = match fired {
            Ok(fired) => return fired,
            // Whoever was faster, or the change, has seen to it; what is due then is read anew.
            Err(Error::Passed) => return Fired::More,
            Err(error) => error,
        };
        tracing::warn!(%source, error = &error as &dyn std::error::Error, "a schedule could not be fired");
        let pause = if matches!(error, Error::Store(_) | Error::Stopping) { RETRY } else { LATER };
        self.aside.lock().insert(source, Instant::now() + pause);
        Fired::All
    }
}

/// A schedule that is due, as it is fired.
struct Firing<'e> {
    engine: &'e Engine,
    due: DueSchedule,
    schedule: Arc<Schedule>,
}

impl Firing<'_> {
    async fn fire(&self) -> Result<Fired, Error> {
        let due = &self.due;
        let off = match due.version {
            _ if !due.enabled => Some("off"),
            None => Some("undeployed"),
            Some(_) => None,
        };
        let plan = self.plan(off.is_some()).await?;
        if let Some(skipped) = plan.skipped {
            let why = off.unwrap_or("missed");
            self.skip((due.next_at, plan.next), skipped, (why, None)).await?;
        }
        let Some(version) = due.version.filter(|_| off.is_none()) else { return Ok(Fired::All) };
        let program = self.engine.program(due.place.workspace, version).await?;
        let mut at = plan.next;
        for _ in 0..IN_A_ROW {
            if at > self.engine.0.clock.now() {
                return Ok(Fired::All);
            }
            let next_at = self.schedule.timetable.next_after(at).ok_or_else(|| self.no_more())?;
            self.tick(&program, (at, next_at)).await?;
            at = next_at;
        }
        Ok(Fired::More)
    }

    /// What becomes of what has come. To count what was missed for long takes a while, so it is done elsewhere.
    async fn plan(&self, is_off: bool) -> Result<Plan, Error> {
        let (from, now) = (self.due.next_at, self.engine.0.clock.now());
        let schedule = Arc::clone(&self.schedule);
        let plan = move || {
            if is_off {
                Plan::off(&schedule.timetable, from, now)
            } else {
                Plan::of(&schedule.timetable, schedule.missed, from, now)
            }
        };
        let is_long = from < now.before(MISSED_AFTER);
        let plan = if is_long { tokio::task::spawn_blocking(plan).await.ok().flatten() } else { plan() };
        plan.ok_or_else(|| self.no_more())
    }

    /// Makes the event of a planned time, and moves the schedule on to the next one with it.
    async fn tick(&self, program: &Arc<Program>, (at, next_at): (Timestamp, Timestamp)) -> Result<(), Error> {
        let (due, now) = (&self.due, self.engine.0.clock.now());
        let planned = planned(at, now);
        let input = match self.schedule.input(&program.flow.definition().inputs, planned) {
            Ok(input) => Value::Object(input),
            Err(problem) => {
                tracing::warn!(source = %due.source, %problem, "a schedule has no input that fits its flow");
                let why = ("wrong_input", Some(problem.to_string()));
                return self.skip((at, next_at), (1, at), why).await;
            }
        };
        let content = json!({ "input": input, "tick": self.schedule.tick(planned) });
        let submission = Submission {
            place: due.place,
            program: Arc::clone(program),
            source: Some((due.source, due.name.as_str().into())),
            kind: "schedule",
            received_at: now,
            input,
            content: content.to_string().into(),
            dedupe: None,
            files: Vec::new(),
            tick: Some(Tick { source: due.source, revision: due.revision, at, next_at }),
            filtered: false,
            until_committed: None,
            waits_for: None,
        };
        self.engine.submit(submission).await.map(drop)
    }

    /// Moves the schedule on without events.
    async fn skip(
        &self,
        (at, next_at): (Timestamp, Timestamp),
        (times, last): (u32, Timestamp),
        (why, detail): (&str, Option<String>),
    ) -> Result<(), Error> {
        let source = self.due.source;
        let tick = Tick { source, revision: self.due.revision, at, next_at };
        if !self.engine.0.store.schedule_skip(tick, (times, last), (why, detail.as_deref())).await? {
            return Err(Error::Passed);
        }
        if why == "missed" {
            tracing::warn!(%source, times, "ticks of a schedule were missed and are not made up for");
        }
        Ok(())
    }

    fn no_more(&self) -> Error {
        let problem = Problem {
            node: None,
            field: "cron".to_owned(),
            code: "no_more".to_owned(),
            reason: "it has no time after this one.".to_owned(),
            suggestion: None,
        };
        Error::Source { id: self.due.source, problem: Box::new(problem) }
    }
}
