//! One try of a step.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Duration,
};

use flow::{
    Scope,
    run::{Event, StepPath},
};
use futures_util::FutureExt;
use serde_json::Value;
use store::{EventId, Lane, Message, NewDelivery, RunId};
use tokio::time::Instant;

use super::{Execution, Ready};
use crate::{
    Awaited, Change, NodeError, Outgoing, Program, StepContext, StepOutcome, Update, registry::Registry,
};

/// A try that has ended.
pub(super) struct Ended {
    pub(super) ready: Ready,
    /// What the step worked on, as far as it came.
    pub(super) input: Option<Arc<Value>>,
    pub(super) result: Result<StepOutcome, NodeError>,
    pub(super) took: Duration,
}

impl Execution {
    /// Runs a pure step on the spot.
    pub(super) fn run_pure(&mut self, ready: Ready) {
        let started = Instant::now();
        let mut context = self.context(ready);
        let attempt = attempt(&self.shared.registry, &self.program, ready, &context);
        let result = attempt.now_or_never().unwrap_or_else(|| {
            Err(NodeError::permanent("internal_error", "a pure step waited, which no pure kind may"))
        });
        self.take(Ended { ready, input: context.input.take(), result, took: started.elapsed() });
    }

    /// The try as a future of its own, bounded in time.
    pub(super) fn start(&self, ready: Ready) -> impl Future<Output = Ended> + Send + use<> {
        // Before its deadline is set, so that a try that is cut off took as long as its limit, never less.
        let started = Instant::now();
        let mut context = self.context(ready);
        let (registry, program) = (Arc::clone(&self.shared.registry), Arc::clone(&self.program));
        let limit = self.limit(ready);
        async move {
            let attempt = attempt(&registry, &program, ready, &context);
            let result = tokio::time::timeout_at(context.deadline, attempt).await.unwrap_or_else(|_| {
                let message = format!("the step took longer than {limit:?}; raise its `timeout` if it may");
                Err(NodeError::transient("timeout", message))
            });
            Ended { ready, input: context.input.take(), result, took: started.elapsed() }
        }
    }

    /// How long a try of a step may take.
    fn limit(&self, ready: Ready) -> Duration {
        let own = self.program.flow.node(ready.node).timeout;
        own.map_or(self.shared.options.step_timeout, flow::Span::as_duration)
    }

    /// Takes the result of a try into the run.
    pub(super) fn take(&mut self, ended: Ended) {
        let Ended { ready, input, result, took } = ended;
        let gave = result.and_then(|outcome| self.gave((ready, input.clone(), took), outcome));
        if let Err(error) = gave {
            let (step, attempt) = (self.step(ready), ready.attempt);
            let (error, at) = (error.into_step_error(), self.shared.clock.now().as_millis());
            self.take_note(Event::StepFailed { step, attempt, error, input, at, took_us: micros(took) });
            self.publish(ready, "failed");
        }
        self.show_output(ready.node);
    }

    /// Takes what a step gave, or that it waits, with what it made.
    fn gave(
        &mut self,
        (ready, input, took): (Ready, Option<Arc<Value>>, Duration),
        outcome: StepOutcome,
    ) -> Result<(), NodeError> {
        let deliveries = self.deliveries(ready, outcome.deliveries, outcome.waits_for);
        let (event, state) = if let Some(awaited) = outcome.waits_for {
            (self.begins_to_wait(ready, input, awaited), "waiting")
        } else {
            let response = outcome.response.and_then(|response| serde_json::to_value(response).ok());
            let succeeded = Event::StepSucceeded {
                step: self.step(ready),
                attempt: ready.attempt,
                port: outcome.port.into_owned().into(),
                output: Arc::new(outcome.output),
                input,
                response: response.map(Arc::new),
                at: self.shared.clock.now().as_millis(),
                took_us: micros(took),
            };
            (succeeded, "succeeded")
        };
        // When the step did what the run does not allow, it failed. Or it came too late; then its failure comes too late
        // as well.
        self.happened(event).map_err(|illegal| NodeError::permanent("not_allowed", illegal.to_string()))?;
        self.pending.deliveries.extend(deliveries);
        self.publish(ready, state);
        Ok(())
    }

    fn step(&self, ready: Ready) -> StepPath {
        self.program.flow.graph().id(ready.node).as_str().into()
    }

    pub(super) fn publish(&self, ready: Ready, state: &'static str) {
        self.shared.hub.publish(|| Update {
            place: self.identity.place,
            run: self.identity.run,
            event: self.identity.event,
            change: Change::Step { step: self.step(ready), state: state.into() },
        });
        self.show();
    }

    fn context(&self, ready: Ready) -> StepContext {
        let node = self.program.flow.node(ready.node);
        StepContext {
            run: self.identity.run,
            event: self.identity.event,
            place: self.identity.place,
            step: node.id.as_str().into(),
            attempt: ready.attempt,
            generation: ready.generation,
            secrets: Arc::clone(&self.program.secrets[ready.node.position()]),
            secret_mark: Arc::clone(&self.shared.secret_mark),
            responded: self.state.response().is_some(),
            deadline: Instant::now() + self.limit(ready),
            input: OnceLock::new(),
            scope: Scope::new(Arc::clone(&self.values), node.ai_output),
            ids: self.shared.store.ids().clone(),
            hub: self.shared.hub.clone(),
            feed: self.feed.as_ref().map(|feed| (Arc::clone(feed), ready.node.position())),
        }
    }

    fn deliveries(
        &self,
        ready: Ready,
        outgoing: Vec<Outgoing>,
        waits_for: Option<Awaited>,
    ) -> Vec<NewDelivery> {
        let step = self.program.flow.graph().id(ready.node).as_str();
        let delivery = |outgoing: Outgoing| {
            let (id, destination) = (outgoing.id, outgoing.destination);
            let lane = outgoing.order_key.as_deref().map(Lane::of);
            let message = message(outgoing, (self.identity.run, self.identity.event), step);
            NewDelivery {
                id,
                destination,
                step: step.to_owned(),
                message: serde_json::to_vec(&message).unwrap_or_default(),
                due_at: self.shared.clock.now(),
                lane,
                awaited: waits_for == Some(Awaited::Delivery(id)),
            }
        };
        outgoing.into_iter().map(delivery).collect()
    }
}

/// The try itself; a panic in a node is that step's failure, not the server's.
async fn attempt(
    registry: &Registry,
    program: &Program,
    ready: Ready,
    context: &StepContext,
) -> Result<StepOutcome, NodeError> {
    let node = program.flow.node(ready.node);
    let (Some(kind), Some(config)) =
        (registry.get(&node.kind, Some(node.version)), program.config(ready.node))
    else {
        return Err(NodeError::permanent(
            "kind_missing",
            format!("this server has no kind `{}@{}`", node.kind, node.version),
        ));
    };
    let caught = AssertUnwindSafe(kind.run(config, context)).catch_unwind().await;
    caught.unwrap_or_else(|_| {
        tracing::error!(?context, kind = node.kind, "a step panicked");
        Err(NodeError::permanent(
            "internal_error",
            "the step failed by an error of the server; its log says more",
        ))
    })
}

/// What a step's delivery says.
pub(crate) fn message(outgoing: Outgoing, (run, event): (RunId, EventId), step: &str) -> Message {
    let Outgoing { body, order_key, params, headers, .. } = outgoing;
    Message { body, event, run, traceparent: traceparent(run, step), order_key, params, headers }
}

/// A W3C trace context: the trace is the run, the parent is the step (its hash, by FNV-1a).
fn traceparent(run: RunId, step: &str) -> String {
    let parent = step.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let trace =
        run.as_bytes().iter().fold(String::with_capacity(32), |text, byte| text + &format!("{byte:02x}"));
    format!("00-{trace}-{:016x}-01", parent.max(1))
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
