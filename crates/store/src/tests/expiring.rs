//! Traces that do what they like for months, while history is pruned: each is there as a whole, or gone as a whole.

use std::{collections::HashSet, sync::Arc};

use ::flow::run::Status;
use clock::{Clock, Random, Timestamp};

use super::fixture::{ALL, Fixture};
use crate::*;

const DAY: i64 = 86_400_000;

/// What a trace is made of, as far as the test knows.
struct Trace {
    event: EventId,
    runs: Vec<Run>,
    /// When the last thing ended in it, so far.
    ended_at: Timestamp,
    is_gone: bool,
}

struct Run {
    id: RunId,
    /// Records in its journal.
    records: u32,
    stands: Stands,
    deliveries: Vec<Sent>,
}

enum Stands {
    Queued,
    Waiting,
    Ended,
}

struct Sent {
    id: DeliveryId,
    attempts: usize,
    state: DeliveryState,
}

impl Trace {
    fn is_finished(&self) -> bool {
        let arrived = |sent: &Sent| sent.state == DeliveryState::Delivered;
        self.runs.iter().all(|run| matches!(run.stands, Stands::Ended) && run.deliveries.iter().all(arrived))
    }
}

struct World {
    f: Fixture,
    random: Random,
    /// Who else makes ids: their clocks are behind and ahead.
    others: [(Clock, Ids); 2],
    destination: DestinationId,
    traces: Vec<Trace>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let f = Fixture::new().await;
        let destination = f.owned_destination().await;
        let others = [-5, 5].map(|days| {
            let clock = Clock::virtual_from(Timestamp::from_millis(f.store.now().as_millis() + days * DAY));
            let maker = Arc::new(u16::try_from(500 + days).unwrap().into());
            (clock.clone(), Ids::after(0, maker, clock, Random::seeded(seed)))
        });
        Self { f, random: Random::seeded(seed), others, destination, traces: Vec::new() }
    }

    fn draw(&self, below: usize) -> usize {
        usize::from(u16::from_be_bytes(self.random.bytes())) % below
    }

    fn id<Id: From<uuid::Uuid>>(&self) -> Id {
        match self.draw(4) {
            maker @ 0..2 => self.others[maker].1.next(),
            _ => self.f.store.ids().next(),
        }
    }

    fn time_passes(&self, millis: i64) {
        self.f.clock.skew(millis);
        self.others.iter().for_each(|(clock, _)| clock.skew(millis));
    }

    /// Something happens somewhere.
    async fn step(&mut self) {
        let living: Vec<usize> = (0..self.traces.len()).filter(|at| !self.traces[*at].is_gone).collect();
        if living.is_empty() || self.draw(4) == 0 {
            self.admit().await;
            return;
        }
        let trace = living[self.draw(living.len())];
        let run = self.draw(self.traces[trace].runs.len().max(1));
        match self.draw(8) {
            0 => self.replay(trace).await,
            1..5 => self.run(trace, run).await,
            _ => self.send(trace, run).await,
        }
    }

    async fn admit(&mut self) {
        let mut admission = self.f.admission(None, Begin::Queued);
        let filtered = self.draw(8) == 0;
        // Of one that runs nothing its id alone tells its age.
        admission.event.id = if filtered { self.f.store.ids().next() } else { self.id() };
        let event = admission.event.id;
        let original =
            Run { id: event.original_run(), records: 0, stands: Stands::Queued, deliveries: vec![] };
        if filtered {
            (admission.event.status, admission.run) = (EventStatus::Filtered, None);
        }
        self.f.store.event_admit(admission).await.unwrap();
        let runs = if filtered { vec![] } else { vec![original] };
        self.traces.push(Trace { event, runs, ended_at: self.f.store.now(), is_gone: false });
    }

    async fn replay(&mut self, trace: usize) {
        let (id, event) = (self.id(), self.traces[trace].event);
        let repeat = Repeat { id, event, elsewhere: None, version: self.f.version };
        self.f.store.run_repeat(self.f.place.workspace, repeat).await.unwrap();
        self.traces[trace].runs.push(Run { id, records: 0, stands: Stands::Queued, deliveries: vec![] });
    }

    /// A run that has not ended is taken up, may send something, and waits or ends.
    async fn run(&mut self, trace: usize, run: usize) {
        let deliveries: Vec<NewDelivery> = (0..self.draw(3).saturating_sub(1))
            .map(|_| NewDelivery { id: self.id(), ..self.f.delivery(self.destination) })
            .collect();
        let ends = self.draw(3) > 0;
        let trace = &mut self.traces[trace];
        let Some(run) = trace.runs.get_mut(run).filter(|run| !matches!(run.stands, Stands::Ended)) else {
            return;
        };
        let held = self.f.store.run_claim_one(self.f.node, run.id).await.unwrap().unwrap().held;
        let waits = Then::Release { status: Status::Waiting, wake_at: None };
        let then = if ends { Then::End(self.f.ending()) } else { waits };
        let sent = deliveries.iter().map(|delivery| delivery.id);
        run.deliveries.extend(sent.map(|id| Sent { id, attempts: 0, state: DeliveryState::Pending }));
        let commit = RunCommit { seq: run.records, deliveries, ..Fixture::commit(held, then) };
        assert_eq!(self.f.store.run_commit(&self.f.store.run_seal(commit)).await.unwrap(), Committed::Done);
        run.records += 1;
        run.stands = if ends { Stands::Ended } else { Stands::Waiting };
        trace.ended_at = self.f.store.now();
    }

    /// A delivery of a run is tried, or a dead one is made due again.
    async fn send(&mut self, trace: usize, run: usize) {
        let (store, then) = (&self.f.store, self.draw(4));
        let trace = &mut self.traces[trace];
        let Some(run) = trace.runs.get_mut(run) else { return };
        let Some(sent) = run.deliveries.iter_mut().find(|sent| sent.state != DeliveryState::Delivered) else {
            return;
        };
        if sent.state == DeliveryState::Dead {
            assert!(store.delivery_replay(self.f.place.workspace, sent.id).await.unwrap());
            sent.state = DeliveryState::Pending;
        }
        let (then, state) = match then {
            0 => (Settle::Retry(store.now()), DeliveryState::Pending),
            1 => (Settle::Dead { halts: true }, DeliveryState::Dead),
            _ => (Settle::Delivered(store.now()), DeliveryState::Delivered),
        };
        self.f.attempted(self.destination, sent.id, then).await;
        (sent.attempts, sent.state) = (sent.attempts + 1, state);
        trace.ended_at = store.now();
    }

    /// Each trace is there as a whole, or has gone when it might.
    async fn check(&mut self) {
        self.f.nothing_is_half().await;
        let there =
            self.f.store.rows("SELECT id FROM event", vec![], |row| row.get::<EventId>(0)).await.unwrap();
        let there: HashSet<EventId> = there.into_iter().collect();
        let slack = if self.f.is_on_postgres() { 9 } else { 0 };
        let now = self.f.store.now().as_millis();
        for trace in &mut self.traces {
            let (is_there, age) = (there.contains(&trace.event), now - trace.ended_at.as_millis());
            if !trace.is_gone && (!trace.is_finished() || age <= 30 * DAY) {
                assert!(is_there, "{} is gone after {} days", trace.event, age / DAY);
            }
            // An id that was made ahead of its time looks younger.
            assert!(!is_there || !trace.is_finished() || age < (36 + slack) * DAY, "{} stays", trace.event);
            assert!(!is_there || !trace.is_gone, "{} is back", trace.event);
            trace.is_gone = !is_there;
        }
        let [events, runs, journal, delivered, attempts, queued, live, pending] = self.f.counts().await;
        let known = || self.traces.iter().filter(|trace| !trace.is_gone);
        let known_runs = || known().flat_map(|trace| &trace.runs);
        let sent = || known_runs().flat_map(|run| &run.deliveries);
        // An attempt that arrived is in the row of its delivery.
        let rows = |sent: &Sent| sent.attempts - usize::from(sent.state == DeliveryState::Delivered);
        let expected = [
            known().count(),
            known_runs().count(),
            known_runs().map(|run| run.records as usize).sum(),
            sent().count(),
            sent().map(rows).sum(),
        ];
        let expected = expected.map(|rows| i64::try_from(rows).unwrap());
        assert_eq!([events, runs + queued + live, journal, delivered + pending, attempts], expected);
    }
}

async fn months(seed: u64) {
    let mut world = World::new(seed).await;
    for _ in 0..50 {
        for _ in 0..world.draw(12) {
            world.step().await;
        }
        let hours = i64::try_from(world.draw(120)).unwrap();
        world.time_passes(hours * 3_600_000);
        world.f.prune().await;
        world.check().await;
    }
    assert!(world.traces.iter().filter(|trace| trace.is_gone).count() > 10, "enough has happened");
    assert!(world.traces.iter().any(|trace| !trace.is_finished()) && world.traces.len() < ALL * 10);
}

#[tokio::test]
async fn a_trace_is_whole_or_gone() {
    months(1).await;
}

#[tokio::test]
async fn another_trace_is_whole_or_gone() {
    months(2).await;
}
