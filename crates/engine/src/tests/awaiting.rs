//! Steps that wait for a delivery.

use std::sync::Arc;

use store::{AttemptCommit, Destination, DestinationId, DueDelivery, RunId, Settle};

use super::fixture::{DESTINATION, Fixture};
use super::*;

const SEND: (&str, &str) = ("send", "{ kind: send, text: '{{ input.q }}' }");

impl Fixture {
    async fn with_destination(self) -> Self {
        let destination = Destination {
            id: DestinationId::from_bytes(DESTINATION),
            place: self.place,
            name: "tickets".into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            disabled_reason: None,
            breaker: None,
            updated_at: self.clock.now(),
        };
        self.store.destination_put(&destination).await.unwrap();
        self
    }

    /// What is to be sent.
    async fn due(&self) -> Vec<DueDelivery> {
        let destination = DestinationId::from_bytes(DESTINATION);
        self.store.delivery_due(destination, self.store.now(), 10).await.unwrap()
    }

    /// The only delivery is settled, with this record.
    async fn settle(&self, then: Settle, record: &str) {
        let [due] = &self.due().await[..] else { panic!("there is not one delivery") };
        let (workspace, owner) = (self.place.workspace, self.engine.node());
        assert!(self.store.destination_own(workspace, due.destination, owner).await.unwrap());
        let attempt = AttemptCommit {
            delivery: due.id,
            destination: due.destination,
            owner,
            number: due.attempts + 1,
            at: self.store.now(),
            outcome: "permanent".into(),
            record: record.into(),
            then,
            lane: None,
            wakes: due.awaited.then_some(due.run),
            disable: None,
            alerts: Vec::new(),
        };
        assert!(self.store.delivery_attempted(attempt).await.unwrap());
    }

    async fn arrives(&self, record: &str) {
        self.settle(Settle::Delivered(self.store.now()), record).await;
    }

    /// Waits until a run is let go.
    async fn let_go(&self, run: RunId) {
        let waits = async {
            while self.engine.0.hub.is_here(run)
                || self.store.run_get(self.place.workspace, run).await.unwrap().unwrap().status
                    != Status::Waiting
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waits).await.expect("the run is let go");
    }

    async fn waiting_program(&self, send: &str) -> Arc<Program> {
        let nodes = [
            ("send", send),
            ("ask", "{ kind: ask, text: '{{ nodes.send.text }}' }"),
            ("mend", "{ kind: say, text: '{{ nodes.send.error.code }}: {{ nodes.send.error.message }}' }"),
        ];
        let outputs = "outputs: { asked: '{{ nodes.ask.text }}', mended: '{{ nodes.mend.text }}' }";
        self.program(&nodes, &["start -> send -> ask", "send.failed -> mend"], outputs).await
    }
}

const BRANCHING: &str =
    "{ kind: send, text: '{{ input.q }}', on_failure: branch, retry: { max: 3, backoff: 1ms } }";

#[tokio::test]
async fn a_run_that_waits_holds_nothing_and_goes_on_with_what_came() {
    let f = Fixture::new().await.with_destination().await;
    let program = f.waiting_program(BRANCHING).await;
    let run = f.submit(&program, None).await.run;
    f.let_go(run).await;
    assert_eq!(f.engine.running(), 0);
    let timeline = f.engine.timeline(f.place.workspace, run).await.unwrap();
    let wait = timeline.steps[0].waits_for.as_ref().unwrap();
    assert_eq!((timeline.steps[0].state, &*wait.what, wait.until), ("waiting", "delivery", None));
    assert_eq!(*wait.on, f.due().await[0].id.to_string());
    let records = f.store.run_journal(run).await.unwrap().len();
    f.settle(Settle::Retry(f.store.now()), "busy").await;
    f.let_go(run).await;
    assert_eq!(f.store.run_journal(run).await.unwrap().len(), records, "a retry is nothing to the run");

    f.arrives("taken").await;
    f.ask.asked("taken").await;
    let timeline = f.engine.timeline(f.place.workspace, run).await.unwrap();
    let answer = timeline.events.iter().any(|event| matches!(event, Event::StepSucceeded { .. }));
    assert!(answer, "the answer is committed before anything starts on it: {:?}", timeline.events);
    f.ask.give("taken", Ok("thanks")).await;
    let timeline = f.ended(run).await;
    assert_eq!(timeline.outcome.outputs.as_deref(), Some(&json!({ "asked": "thanks", "mended": null })));
    assert_eq!(timeline.steps[0].waits_for, None);
    assert_eq!(f.store.delivery_of_runs(f.place.workspace, vec![run]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dead_letter_fails_the_step_for_good_whatever_becomes_of_it_later() {
    let f = Fixture::new().await.with_destination().await;
    let program = f.waiting_program(BRANCHING).await;
    let run = f.submit(&program, None).await.run;
    f.let_go(run).await;
    f.settle(Settle::Dead { halts: true }, "no such order").await;
    let outcome = f.ended(run).await.outcome;
    let outputs = json!({ "asked": null, "mended": "delivery_failed: no such order" });
    assert_eq!(outcome.outputs.as_deref(), Some(&outputs), "it is not tried again");
    let made = f.store.delivery_of_runs(f.place.workspace, vec![run]).await.unwrap();
    assert_eq!(made.len(), 1);
    assert!(f.store.delivery_replay(f.place.workspace, made[0].id).await.unwrap());
    f.arrives("taken").await;
    assert_eq!(f.ended(run).await.outcome.outputs.as_deref(), Some(&outputs));
    assert_eq!(f.ask.count(), 0);
}

#[tokio::test]
async fn a_delivery_to_a_destination_that_is_gone_fails_its_step() {
    let f = Fixture::new().await;
    let program = f.program(&[SEND], &["start -> send"], "").await;
    let run = f.submit(&program, None).await.run;
    assert_eq!(f.ended(run).await.outcome.error.unwrap().code, "delivery_failed");
}

#[tokio::test]
async fn what_comes_while_nobody_is_there_is_found_at_the_start_and_nothing_is_sent_again() {
    for settled_first in [true, false] {
        let mut f = Fixture::new().await.with_destination().await;
        let program = f.waiting_program(BRANCHING).await;
        let run = f.submit(&program, None).await.run;
        f.let_go(run).await;
        let id = f.due().await[0].id;
        if settled_first {
            f.arrives("taken").await;
            f.crash().await;
        } else {
            f.crash().await;
            f.arrives("taken").await;
        }
        f.ask.give("taken", Ok("thanks")).await;
        assert_eq!(f.ended(run).await.run.status, Status::Succeeded);
        let made = f.store.delivery_of_runs(f.place.workspace, vec![run]).await.unwrap();
        assert_eq!(made.iter().map(|made| made.id).collect::<Vec<_>>(), [id]);
    }
}

#[tokio::test]
async fn a_run_that_is_held_by_another_step_goes_on_at_once_too() {
    let f = Fixture::new().await.with_destination().await;
    let nodes = [
        SEND,
        ("long", "{ kind: ask, text: long }"),
        ("next", "{ kind: ask, text: '{{ nodes.send.text }}' }"),
    ];
    let program = f.program(&nodes, &["start -> long", "start -> send -> next"], "").await;
    let run = f.submit(&program, None).await.run;
    f.ask.asked("long").await;
    f.arrives("taken").await;
    f.ask.give("taken", Ok("1")).await;
    f.ask.give("long", Ok("2")).await;
    assert_eq!(f.ended(run).await.run.status, Status::Succeeded);
}

#[tokio::test]
async fn a_crash_beside_another_step_sends_nothing_twice() {
    let mut f = Fixture::new().await.with_destination().await;
    let nodes = [SEND, ("long", "{ kind: ask, text: long }")];
    let outputs = "outputs: { sent: '{{ nodes.send.text }}' }";
    let program = f.program(&nodes, &["start -> long", "start -> send"], outputs).await;
    let run = f.submit(&program, None).await.run;
    f.ask.asked("long").await;
    f.crash().await;
    f.ask.asked("long").await;
    f.arrives("taken").await;
    f.ask.give("long", Ok("2")).await;
    let outcome = f.ended(run).await.outcome;
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({ "sent": "taken" })));
}

#[tokio::test]
async fn a_step_waits_no_longer_than_its_own_timeout_says() {
    let f = Fixture::new().await.with_destination().await;
    let send = |timeout: &str| {
        format!("{{ kind: send, text: hi, timeout: {timeout}, retry: {{ max: 2, backoff: 1ms }} }}")
    };
    // In memory, and let go.
    for timeout in ["1ms", "75h"] {
        let program = f.program(&[("send", &send(timeout))], &["start -> send"], "").await;
        let run = f.submit(&program, None).await.run;
        if timeout == "75h" {
            f.let_go(run).await;
            f.clock.skew(76 * 3_600_000);
            f.engine.0.work.notify_one();
        }
        let timeline = f.ended(run).await;
        assert_eq!(timeline.outcome.error.unwrap().code, "timeout");
        let made = f.store.delivery_of_runs(f.place.workspace, vec![run]).await.unwrap();
        assert_eq!((made.len(), made[0].state), (1, store::DeliveryState::Pending), "it goes on by itself");
    }
}

#[tokio::test]
async fn what_came_in_time_counts_although_it_is_seen_late() {
    let mut f = Fixture::new().await.with_destination().await;
    let program =
        f.program(&[("send", "{ kind: send, text: hi, timeout: 1h }")], &["start -> send"], "").await;
    let run = f.submit(&program, None).await.run;
    f.let_go(run).await;
    for task in std::mem::take(&mut *f.engine.0.tasks.lock()) {
        task.abort();
    }
    f.arrives("taken").await;
    f.clock.skew(2 * 3_600_000);
    f.crash().await;
    assert_eq!(f.ended(run).await.run.status, Status::Succeeded);
}

#[tokio::test]
async fn a_run_that_waits_can_be_cancelled() {
    let f = Fixture::new().await.with_destination().await;
    let program = f.program(&[SEND], &["start -> send"], "").await;
    let run = f.submit(&program, None).await.run;
    f.let_go(run).await;
    assert_eq!(f.cancel(run).await, Cancelled::Done);
    f.arrives("taken").await;
    assert_eq!(f.ended(run).await.run.status, Status::Cancelled);
}

#[tokio::test]
async fn who_reads_along_sees_that_the_step_waits() {
    let f = Fixture::new().await.with_destination().await;
    let outputs = "outputs: { sent: '{{ nodes.send.text }}' }";
    let program = f.program(&[SEND], &["start -> send"], outputs).await;
    let submitted = f.submit(&program, Some(Tells::Progress)).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let given = Given { outcome: submitted.outcome, answer: submitted.answer, follower: submitted.follower };
    let cursor = Cursor::new(submitted.run);
    let mut reader = f.engine.reader(f.place.workspace, cursor, given, deadline).await.unwrap();
    let mut seen = Vec::new();
    while let Some(read) = reader.next().await.unwrap() {
        match read {
            Read::Told(Told::Step { state, .. }) => {
                if state == "waiting" {
                    f.let_go(submitted.run).await;
                    f.arrives("taken").await;
                }
                seen.push(state.to_string());
            }
            Read::Ended(outcome) => {
                assert_eq!(outcome.outputs.as_deref(), Some(&json!({ "sent": "taken" })));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, ["waiting", "succeeded"]);
}
