//! A step without a run: what it would give with the data of one that was, or with data that a person made up. It shows
//! what a flow would say before the flow is published, and commits nothing.

mod variables;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
};

use flow::{
    Effect, Flow, NodeIndex, Problem, Scope,
    template::{Facts, Values, failures},
};
use futures_util::FutureExt;
use serde_json::Value;
use store::{DestinationId, EventId, Message, Place, RunId, WorkspaceId};
use tokio::time::Instant;

use crate::{
    Engine, Error, NodeError, StepContext, StepOutcome,
    execution::{Identity, message, stored_facts},
};

pub use variables::Variable;

/// The mark of secrets' placeholders in a rehearsal. What is rehearsed is shown, so the true one must not be in it.
const SECRET_MARK: &str = "rehearsed";

/// What a step is rehearsed with.
#[derive(Clone, Debug)]
pub struct StepData {
    /// The flow's input.
    pub input: Arc<Value>,
    /// What steps gave, by the id of the node. The others count as skipped.
    pub outputs: BTreeMap<String, Arc<Value>>,
    run: RunId,
    event: EventId,
    facts: Facts,
}

/// What a step would do.
#[derive(Debug)]
pub struct Rehearsed {
    /// What it gives.
    pub output: Value,
    /// What it would send, and to whom.
    pub messages: Vec<(DestinationId, Message)>,
}

impl Engine {
    /// The data of a run, as far as it has come.
    ///
    /// # Errors
    /// When there is no such run, or its journal cannot be read.
    pub async fn data_of(&self, workspace: WorkspaceId, run: RunId) -> Result<StepData, Error> {
        let view = self.0.store.run_get(workspace, run).await?.ok_or(Error::NoRun(run))?;
        let (program, told) = self.read(&view, workspace).await?;
        let place = Place { workspace, environment: view.environment };
        let identity = Identity { run, event: view.event, place, created_at: view.created_at };
        let facts = stored_facts(&self.0, &program, identity).await?;
        let graph = program.flow.graph();
        let output = |node| Some((graph.id(node).to_string(), Arc::clone(told.state.output(node)?)));
        let outputs = graph.nodes().filter_map(output).collect();
        Ok(StepData { input: told.input, outputs, run, event: view.event, facts })
    }

    /// Data that no run has given.
    pub fn data_given(&self, flow: &Flow, input: Value, outputs: BTreeMap<String, Arc<Value>>) -> StepData {
        let (run, event): (RunId, EventId) = (self.0.store.ids().next(), self.0.store.ids().next());
        let now = self.0.clock.now().as_millis();
        let facts = Facts {
            run_id: run.to_string(),
            flow: flow.definition().name.as_str().into(),
            started_at: now,
            event_id: event.to_string(),
            kind: "manual",
            received_at: now,
            ..Facts::default()
        };
        StepData { input: Arc::new(input), outputs, run, event, facts }
    }

    /// What a step of a pure kind would do, with the destinations and variables of an environment.
    ///
    /// # Errors
    /// What keeps it from that, and in which field of the node; each template that fails is named.
    pub fn rehearse(
        &self,
        place: Place,
        (flow, node): (&Flow, NodeIndex),
        given: &StepData,
    ) -> Result<Rehearsed, Vec<Problem>> {
        let subject = flow.node(node);
        let failed = |error: &NodeError| vec![problem(subject.id.as_str(), "", error)];
        let known = self.0.registry.get(&subject.kind, Some(subject.version));
        let kind = known.filter(|kind| kind.effect() == Effect::Pure).ok_or_else(|| {
            let message = format!("a step of the kind `{}` cannot be shown without a run", subject.kind);
            failed(&NodeError::permanent("not_rehearsed", message))
        })?;
        let config = kind.decode(&subject.config).map_err(|problems| {
            let wrong = |problem: &flow::ConfigProblem| {
                Problem::node(
                    subject.id.as_str(),
                    problem.field.as_str(),
                    "wrong_config",
                    problem.reason.as_str(),
                )
            };
            problems.iter().map(wrong).collect::<Vec<_>>()
        })?;
        let context = self.rehearsing(place, (flow, node), given);
        let ran = AssertUnwindSafe(kind.run(&config, &context)).catch_unwind().now_or_never();
        let stuck = || NodeError::permanent("internal_error", "the step failed by an error of the server");
        match ran.and_then(Result::ok).unwrap_or_else(|| Err(stuck())) {
            Ok(outcome) => Ok(done(outcome, given, subject.id.as_str())),
            Err(error) => {
                let templates = failures(&subject.config, &context.scope).into_iter();
                let named: Vec<Problem> = templates
                    .map(|(field, error)| problem(subject.id.as_str(), &field, &NodeError::from(error)))
                    .collect();
                Err(if named.is_empty() { failed(&error) } else { named })
            }
        }
    }

    fn rehearsing(&self, place: Place, (flow, node): (&Flow, NodeIndex), given: &StepData) -> StepContext {
        let surroundings = self.0.world.surroundings(place);
        let facts = Facts {
            environment: Arc::clone(&surroundings.environment),
            env: Arc::clone(&surroundings.variables),
            secret_mark: SECRET_MARK.into(),
            ..given.facts.clone()
        };
        let values = Values::new(Arc::clone(flow.graph()), &given.input, facts);
        for (id, output) in &given.outputs {
            if let Some(maker) = flow.graph().find(id) {
                values.set_output(maker, output);
            }
        }
        let subject = flow.node(node);
        StepContext {
            run: given.run,
            event: given.event,
            place,
            step: subject.id.as_str().into(),
            attempt: 1,
            generation: 0,
            secrets: [].into(),
            secret_mark: SECRET_MARK.into(),
            responded: false,
            deadline: Instant::now() + self.0.options.step_timeout,
            input: OnceLock::new(),
            scope: Scope::new(Arc::new(values), subject.ai_output),
            ids: self.0.store.ids().clone(),
            hub: self.0.hub.clone(),
            feed: None,
        }
    }
}

fn done(outcome: StepOutcome, given: &StepData, step: &str) -> Rehearsed {
    let identity = (given.run, given.event);
    let said = outcome.deliveries.into_iter();
    let messages = said.map(|made| (made.destination, message(made, identity, step))).collect();
    Rehearsed { output: outcome.output, messages }
}

fn problem(node: &str, field: &str, error: &NodeError) -> Problem {
    Problem::node(node, field, error.code, error.message.as_str())
}
