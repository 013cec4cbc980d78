//! The books: what was promised to senders, against what is stored and what came outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::AddAssign,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    outside::{Outside, key},
    senders::{Receipt, Taken},
    support::{Api, Seen, within},
};

/// How long everything that was taken may take to be done.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long after it woke a node may still make a call that it was about to make when it was stopped.
const WAKING: Duration = Duration::from_secs(1);

/// What must have happened, and nothing else.
#[derive(Default)]
pub(crate) struct Promised {
    /// The events that were answered with a 2xx.
    pub(crate) taken: Taken,
    /// The keys of the ticks that schedules have had.
    pub(crate) ticks: BTreeSet<String>,
    /// When nodes woke that had stood still.
    pub(crate) woken: Vec<Instant>,
}

impl From<Taken> for Promised {
    fn from(taken: Taken) -> Self {
        Self { taken, ..Self::default() }
    }
}

/// What the books came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) events: usize,
    /// Planned times of schedules, each of which has one event.
    pub(crate) ticks: usize,
    /// Calls of steps and models.
    pub(crate) calls: usize,
    /// Those that were made again, since the answer to the one before was not committed.
    pub(crate) repeated_calls: usize,
    /// Those that came after one whose answer was committed: of nodes that were stopped in the midst of a call, and woke
    /// when others had made it. Nobody inside can prevent that, and the outside knows them by their key.
    pub(crate) late_calls: usize,
    /// Deliveries, and how many of them came again.
    pub(crate) deliveries: usize,
    pub(crate) repeated_deliveries: usize,
}

/// What came for one event, each with its place among all that came.
type Came = Vec<(usize, Seen)>;

impl Outside {
    /// Waits until everything that was promised is done, then goes through the books.
    pub(crate) async fn balance(&self, owner: &Api, promised: impl Into<Promised>) -> Sum {
        let promised = promised.into();
        let events = within(PATIENCE, "every event is done and every delivery has arrived", async || {
            let events = owner.list_all("events").await;
            let done =
                |event: &Value| event["status"] == "succeeded" && event["deliveries"] == json!(["delivered"]);
            if let Some(stuck) =
                events.iter().find(|event| ["failed", "parked"].iter().any(|s| event["status"] == *s))
            {
                panic!("{}", owner.trace(stuck["id"].as_str().unwrap()).await);
            }
            events.iter().all(done).then_some(events)
        });
        let (ticks, events): (Vec<_>, Vec<_>) =
            events.await.into_iter().partition(|event| event["kind"] == "schedule");
        // The outside knows which tick came how often: each event has a message of its own there.
        assert_eq!(ticks.len(), promised.ticks.len(), "a planned time has not exactly one event");
        let events: BTreeSet<String> = ids(&events, "id");
        let taken = &promised.taken;
        let answered: BTreeSet<String> = taken.values().map(|receipt| receipt.event.clone()).collect();
        assert_eq!(answered.len(), taken.len(), "two keys have one event");
        assert_eq!(events, answered, "the events are not those that were answered with a 2xx");

        let runs = owner.list_all("runs").await;
        assert_eq!(runs.len(), taken.len() + ticks.len(), "an event has not exactly one run");
        assert_eq!(ids(&runs, "event"), &answered | &ids(&ticks, "id"));
        let is_fine = |run: &&Value| run["cause"] == "original" && run["status"] == "succeeded";
        assert!(runs.iter().all(|run| is_fine(&run)), "{runs:?}");
        count(owner, self.seen(), &promised).await
    }
}

/// Compares what came outside with what was promised.
async fn count(owner: &Api, seen: Vec<Seen>, Promised { taken, ticks, woken }: &Promised) -> Sum {
    let mut by_key: BTreeMap<String, Came> = BTreeMap::new();
    for (nth, seen) in seen.into_iter().enumerate() {
        by_key.entry(key(&seen)).or_default().push((nth, seen));
    }
    assert_eq!(
        by_key.keys().collect::<BTreeSet<_>>(),
        taken.keys().chain(ticks).collect::<BTreeSet<_>>(),
        "somebody was called for nothing, or not at all"
    );
    let mut sum = Sum { events: taken.len(), ticks: ticks.len(), ..Sum::default() };
    let mut names = BTreeSet::new();
    for (key, came) in &by_key {
        let told = one_name(key, came, "/hook", "webhook-id", &mut names);
        sum.deliveries += 1;
        sum.repeated_deliveries += told.len() - 1;
        if key.starts_with("working") {
            let calls = Calls::of(key, came, &mut names);
            let outputs = outputs(owner, &taken[key], calls.are_repeated()).await;
            calls.check(key, (&told, &outputs), woken, &mut sum);
        }
    }
    sum
}

/// What a run gave, as far as it matters: as its sender was told, and as its trace says where a step was tried again.
async fn outputs(owner: &Api, receipt: &Receipt, are_needed: bool) -> Value {
    let answered = receipt.outputs.clone().unwrap_or(Value::Null);
    if !are_needed {
        return answered;
    }
    let traced = owner.trace(&receipt.event).await["runs"][0]["outputs"].take();
    assert!(answered.is_null() || answered == traced, "{answered} was answered, {traced} is stored");
    traced
}

/// The calls of one event of the working flow, by step.
struct Calls {
    asked: Came,
    thought: Came,
    booked: Came,
}

impl Calls {
    fn of(key: &str, came: &Came, names: &mut BTreeSet<String>) -> Self {
        let is_of_a_model = |(_, seen): &&(usize, Seen)| seen.path.ends_with("completions");
        Self {
            asked: one_name(key, came, "/ask", "idempotency-key", names),
            thought: came.iter().filter(is_of_a_model).cloned().collect(),
            booked: one_name(key, came, "/book", "idempotency-key", names),
        }
    }

    fn are_repeated(&self) -> bool {
        [&self.asked, &self.thought, &self.booked].iter().any(|calls| calls.len() > 1)
    }

    /// Which call of each step gave what was committed, and whether nothing came before what it stands on.
    fn check(&self, key: &str, (told, outputs): (&Came, &Value), woken: &[Instant], sum: &mut Sum) {
        let said = told[0].1.json();
        for (calls, name) in [(&self.asked, "asked"), (&self.thought, "thought"), (&self.booked, "booked")] {
            let committed = number(&outputs[name]).unwrap_or(calls[0].0);
            let place = calls.iter().position(|(nth, _)| *nth == committed);
            let place =
                place.unwrap_or_else(|| panic!("{key}: nobody was answered with {committed}: {name}"));
            let late = &calls[place + 1..];
            let is_of_a_waking_node =
                |at: Instant| woken.iter().any(|woke| (*woke..*woke + WAKING).contains(&at));
            assert!(
                late.iter().all(|(_, seen)| is_of_a_waking_node(seen.at)),
                "{key}: {name} was committed with {committed} and called again: {calls:?}"
            );
            sum.calls += calls.len();
            sum.repeated_calls += place;
            sum.late_calls += late.len();
            if name != "booked" {
                assert_eq!(
                    number(&said[name]),
                    Some(committed),
                    "{key}: what was told is not what is stored"
                );
                let behind = if name == "asked" { &self.thought } else { &self.booked };
                assert!(committed < behind[0].0, "{key}: {committed} was not awaited: {behind:?}");
            }
        }
        let (told_last, booked) = (&told[told.len() - 1], &self.booked[0]);
        let told_late = woken.iter().any(|woke| (*woke..*woke + WAKING).contains(&told_last.1.at));
        assert!(told_last.0 < booked.0 || told_late, "{key}: {booked:?} did not wait for {told_last:?}");
        assert_eq!(booked.1.json()["told"], 200, "{key}: it did not have the answer");
        let thought = number(&said["thought"]);
        assert!(thought < Some(told[0].0), "{key}: it was told of before it was thought: {told:?}");
    }
}

/// The number of a call, as its answer says it.
fn number(said: &Value) -> Option<usize> {
    said.as_str().map_or_else(|| said.as_u64()?.try_into().ok(), |text| text.parse().ok())
}

/// The requests to a path, which must all carry one name, that no other event's carry.
fn one_name(key: &str, came: &Came, path: &str, header: &str, names: &mut BTreeSet<String>) -> Came {
    let here: Came = came.iter().filter(|(_, seen)| seen.path == path).cloned().collect();
    assert!(!here.is_empty(), "{key}: nothing came to {path}");
    let name = here[0].1.header(header);
    assert!(
        !name.is_empty() && names.insert(name.to_owned()),
        "{key}: {path} has the name of another: {name}"
    );
    for (_, seen) in &here {
        assert_eq!(seen.header(header), name, "{key}: a repeat came to {path} under another name");
        assert_eq!(seen.body, here[0].1.body, "{key}: a repeat came to {path} with another body");
    }
    here
}

fn ids(items: &[Value], field: &str) -> BTreeSet<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.ticks += other.ticks;
        self.calls += other.calls;
        self.repeated_calls += other.repeated_calls;
        self.late_calls += other.late_calls;
        self.deliveries += other.deliveries;
        self.repeated_deliveries += other.repeated_deliveries;
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, ticks, calls, repeated_calls, late_calls, deliveries, repeated_deliveries } = self;
        write!(
            f,
            "{events} events and {ticks} ticks, each with one finished run; {calls} calls of steps, {repeated_calls} repeated before \
             their commit, {late_calls} late; {deliveries} deliveries, which came {repeated_deliveries} times more"
        )
    }
}
