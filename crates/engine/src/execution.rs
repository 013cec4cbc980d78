//! One run under way: carries out the reducer's commands and commits where the outside could notice.

mod commit;
mod drive;
mod step;
mod wait;

use std::{collections::VecDeque, sync::Arc};

use clock::Timestamp;
use flow::{
    Effect, NodeIndex, Scope,
    run::{Command, Event, Illegal, RunError, State},
    template::{Facts, Values},
};
use serde_json::Value;
use store::{Begin, ClaimedRun, DestinationId, Ending, EventId, HeldRun, NewDelivery, Place, RunId};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use crate::{Error, Outcome, Program, Shared, Submission, Tells, feed::Feed, journal, progress::Progress};

pub(crate) use commit::persist;
pub(crate) use step::message;

/// Which run it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) run: RunId,
    pub(crate) event: EventId,
    pub(crate) place: Place,
    pub(crate) created_at: Timestamp,
}

/// A run under way.
pub(crate) struct Execution {
    shared: Arc<Shared>,
    program: Arc<Program>,
    identity: Identity,
    held: HeldRun,
    /// How often its worker died with it since it last came further.
    deaths: u32,
    state: State,
    values: Arc<Values>,
    /// Commands that have not been looked at.
    queue: VecDeque<Command>,
    /// Steps that may start once what they stand on is committed.
    ready: Vec<Ready>,
    /// Pauses under way, with when they end.
    pauses: Vec<(Timestamp, NodeIndex)>,
    /// Steps that wait for something outside.
    waits: Vec<wait::Waiting>,
    /// When it is to be looked whether that has come.
    look_at: Option<Timestamp>,
    pending: Pending,
    /// Records in the journal.
    records: u32,
    /// Destinations of the deliveries that were made before the event was committed.
    destinations: Vec<DestinationId>,
    /// Whether those who wait have been answered.
    answered: bool,
    /// Who reads along, once it is carried on.
    feed: Option<Arc<Feed>>,
    /// When it was last asked for that turned out to be this node's to carry on.
    confirmed_at: Instant,
    /// Its place among those under way; none for one that is only to be cancelled.
    _permit: Option<OwnedSemaphorePermit>,
}

/// What has happened since the last commit.
#[derive(Default)]
struct Pending {
    events: Vec<Event>,
    deliveries: Vec<NewDelivery>,
    /// Whether something in it has cost something or changed the outside.
    costly: bool,
}

/// A step that may start.
#[derive(Clone, Copy)]
struct Ready {
    node: NodeIndex,
    attempt: u32,
    generation: u32,
}

impl Execution {
    /// A run that begins now.
    pub(crate) fn begin(
        shared: Arc<Shared>,
        program: &Arc<Program>,
        (identity, permit): (Identity, Option<OwnedSemaphorePermit>),
        (input, facts): (&Value, Facts),
    ) -> Self {
        let at = shared.clock.now().as_millis();
        let held = HeldRun { id: identity.run, place: identity.place, owner: shared.node, fence: 1 };
        let values = Arc::new(Values::new(Arc::clone(program.flow.graph()), input, facts));
        let state = State::new(&program.flow);
        let mut execution = Self {
            shared,
            program: Arc::clone(program),
            identity,
            held,
            deaths: 0,
            state,
            values,
            queue: VecDeque::new(),
            ready: Vec::new(),
            pauses: Vec::new(),
            waits: Vec::new(),
            look_at: None,
            pending: Pending::default(),
            records: 0,
            destinations: Vec::new(),
            answered: false,
            feed: None,
            confirmed_at: Instant::now(),
            _permit: permit,
        };
        // The input lies with the event; the state needs none of its own.
        execution.take_note(journal::started(at));
        execution
    }

    /// A run that goes on from its journal.
    pub(crate) async fn resume(
        shared: Arc<Shared>,
        (claimed, asked_at): (ClaimedRun, Instant),
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Self, Error> {
        let ClaimedRun { held, version, event, deaths, created_at, .. } = claimed;
        let program = shared.program(held.place.workspace, version).await?;
        let told = shared.told(&program, held.id, (held.place.workspace, event)).await?;
        let identity = Identity { run: held.id, event, place: held.place, created_at };
        let facts = stored_facts(&shared, &program, identity).await?;
        let mut execution = Self::begin(shared, &program, (identity, permit), (&told.input, facts));
        execution.held = held;
        execution.confirmed_at = asked_at;
        execution.deaths = deaths;
        if told.records > 0 {
            execution.queue = told.state.resume(&program.flow).into();
            execution.answered = told.state.response().is_some();
            execution.state = told.state;
            execution.records = told.records;
            execution.pending = Pending::default();
            if execution.queue.iter().any(|open| matches!(open, Command::Wait { .. })) {
                // It may have come already; what comes from now on is told.
                execution.look_soon();
            }
            for node in program.flow.graph().nodes() {
                execution.show_output(node);
            }
        }
        Ok(execution)
    }

    /// What expressions see of the run and its event.
    pub(crate) fn facts(shared: &Shared, submission: &Submission, identity: Identity) -> Facts {
        Facts {
            source: submission.source.as_ref().map(|(_, name)| Arc::clone(name)),
            kind: submission.kind,
            ..base_facts(shared, &submission.program, identity)
        }
    }

    /// Carries out every command that touches nothing outside, until there is none left or the time is up.
    pub(crate) fn advance(&mut self, until: Option<Instant>) {
        while let Some(command) = self.queue.pop_front() {
            match command {
                Command::Run { node, attempt, generation } => {
                    let ready = Ready { node, attempt, generation };
                    let late = || until.is_some_and(|until| Instant::now() >= until);
                    if self.program.flow.node(node).effect == Effect::Pure && !late() {
                        self.run_pure(ready);
                    } else {
                        self.ready.push(ready);
                    }
                }
                Command::Pause { node, pause, until } => self.pause(node, pause, until),
                Command::Wait { node, attempt, wait } => self.wait(node, attempt, wait),
                Command::Conclude => self.conclude(),
                // Steps under way are dropped together when the run has ended.
                Command::Stop { .. } | Command::End(_) => {}
            }
        }
    }

    /// How the run begins in the store, with what its pure steps did.
    pub(crate) fn take_begin(&mut self) -> Result<Begin, Error> {
        let record = self.encode_pending()?;
        let deliveries = std::mem::take(&mut self.pending.deliveries);
        self.destinations = deliveries.iter().map(|delivery| delivery.destination).collect();
        self.records = 1;
        Ok(match self.ending() {
            Some(ending) => Begin::Finished { ending, record, deliveries },
            None => Begin::Held { owner: self.shared.node, record: Some(record), deliveries },
        })
    }

    /// The event is committed with what happened so far: tells the outbox, and gives what there is to answer.
    pub(crate) fn admitted(&mut self) -> Outcome {
        if !self.destinations.is_empty() {
            self.shared.world.deliveries_made(&std::mem::take(&mut self.destinations));
        }
        let outcome = self.outcome();
        self.answered = outcome.tells(Tells::Answer);
        outcome
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::of(&self.state)
    }

    /// Cancels the run, unless it has ended.
    pub(crate) fn cancel(&mut self, by: &str) {
        let at = self.shared.clock.now().as_millis();
        self.take_note(Event::Cancelled { by: by.to_owned(), at });
    }

    /// Takes an event into the state and the pending record.
    fn happened(&mut self, event: Event) -> Result<(), Illegal> {
        let mut commands = Vec::new();
        self.state.apply(&self.program.flow, &event, &mut commands)?;
        self.queue.extend(commands);
        self.pending.events.push(event);
        Ok(())
    }

    /// The same, for an event that does not count when it cannot follow: it is late.
    fn take_note(&mut self, event: Event) {
        if let Err(late) = self.happened(event) {
            tracing::debug!(run = %self.identity.run, %late, "an event came too late");
        }
    }

    /// Makes a step's output visible to the expressions after it.
    fn show_output(&self, node: NodeIndex) {
        if let Some(output) = self.state.output(node) {
            self.values.set_output(node, output);
        }
    }

    /// Shows those who read along where the steps stand.
    fn show(&self) {
        if let Some(feed) = &self.feed {
            feed.show(|| Progress::of(&self.program, &self.state));
        }
    }

    fn pause(&mut self, node: NodeIndex, pause: flow::Span, until: Option<i64>) {
        let due = until.map_or_else(
            || {
                let jittered = self.shared.random.jitter(pause.as_duration(), 0.2);
                let due = self.shared.clock.now().after(jittered);
                let step = self.program.flow.graph().id(node).as_str().into();
                self.take_note(Event::PauseStarted { step, until: due.as_millis() });
                due
            },
            Timestamp::from_millis,
        );
        self.pauses.push((due, node));
    }

    /// Makes the run's outputs: those of the flow, and those that steps name.
    fn conclude(&mut self) {
        let flow = &self.program.flow;
        let rendered = flow.outputs().render(&Scope::new(Arc::clone(&self.values), flow.final_ai_output()));
        let at = self.shared.clock.now().as_millis();
        let event = match rendered {
            Ok(Value::Object(mut outputs)) => {
                for node in flow.graph().nodes().filter(|node| flow.node(*node).names_results) {
                    if let Some(Value::Object(named)) = self.state.output(node).map(|output| &**output) {
                        outputs.extend(named.clone());
                    }
                }
                Event::Concluded { outputs: Arc::new(Value::Object(outputs)), at }
            }
            Ok(_) => Event::Concluded { outputs: Arc::new(Value::Null), at },
            Err(error) => {
                let error =
                    RunError { step: None, code: "outputs_failed".to_owned(), message: error.to_string() };
                Event::Failed { error, at }
            }
        };
        self.take_note(event);
    }

    /// How the run ended, if it has.
    fn ending(&self) -> Option<Ending> {
        self.state.status().is_final().then(|| Ending {
            status: self.state.status(),
            error: self.state.error().and_then(|error| serde_json::to_string(&error.without_payload()).ok()),
            at: self.shared.clock.now(),
        })
    }

    fn encode_pending(&mut self) -> Result<Vec<u8>, Error> {
        let events = std::mem::take(&mut self.pending.events);
        journal::encode(&events).map_err(|source| Error::Journal { run: self.identity.run, source })
    }
}

/// What expressions see of a run that is stored, and of its event.
pub(crate) async fn stored_facts(
    shared: &Shared,
    program: &Program,
    identity: Identity,
) -> Result<Facts, Error> {
    let mut facts = base_facts(shared, program, identity);
    if let Some(row) = shared.store.event_get(identity.place.workspace, identity.event).await? {
        facts.received_at = row.received_at.as_millis();
        facts.kind = known_kind(&row.kind);
        facts.source = match row.source {
            Some(id) => shared.store.source_get(id).await?.map(|source| source.name.into()),
            None => None,
        };
    }
    Ok(facts)
}

fn base_facts(shared: &Shared, program: &Program, identity: Identity) -> Facts {
    let surroundings = shared.world.surroundings(identity.place);
    Facts {
        run_id: identity.run.to_string(),
        flow: Arc::clone(&program.name),
        version: program.number,
        environment: Arc::clone(&surroundings.environment),
        started_at: identity.created_at.as_millis(),
        event_id: identity.event.to_string(),
        source: None,
        kind: "api",
        received_at: identity.created_at.as_millis(),
        env: Arc::clone(&surroundings.variables),
        secret_mark: Arc::clone(&shared.secret_mark),
    }
}

/// The kinds of events, as they are stored and as expressions see them.
fn known_kind(kind: &str) -> &'static str {
    const KINDS: [&str; 5] = ["webhook", "api", "schedule", "alert", "manual"];
    KINDS.into_iter().find(|known| *known == kind).unwrap_or("webhook")
}
