//! The rules: how an event changes the state, and what is to be done then. Which steps are ready, which branches
//! are dead, when a try is repeated and when the run ends is decided here and nowhere else, so that a run goes on
//! after a crash as it would have without.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Command, Event, Illegal, RunError, State, Status, StepError, StepPath, StepState, Wait, state::EdgeState,
};
use crate::{EdgeIndex, Flow, Join, NodeIndex, OnFailure, PORT_FAILED, PORT_NEXT, Span};

impl State {
    /// Takes what happened and appends what follows to `commands`.
    ///
    /// # Errors
    /// [`Illegal`], with the state unchanged.
    pub fn apply(&mut self, flow: &Flow, event: &Event, commands: &mut Vec<Command>) -> Result<(), Illegal> {
        let mut turn = Turn { state: self, flow, commands };
        match event {
            Event::Started { input, .. } => turn.start(input),
            Event::StepStarted { step, attempt, .. } => {
                turn.under_way(step, "step_started", Some(*attempt)).map(drop)
            }
            Event::StepSucceeded { step, attempt, port, output, response, .. } => {
                let node = turn.under_way(step, "step_succeeded", Some(*attempt))?;
                turn.answer(response.as_ref())?;
                turn.leave(node, StepState::Succeeded { output: Arc::clone(output) }, port);
                Ok(())
            }
            Event::StepFailed { step, attempt, error, .. } => {
                let node = turn.under_way(step, "step_failed", Some(*attempt))?;
                turn.step_failed(node, *attempt, error);
                Ok(())
            }
            Event::StepWaiting { step, attempt, wait, .. } => turn.step_waiting(step, *attempt, wait),
            Event::PauseStarted { step, until } => turn.pause_started(step, *until),
            Event::PauseEnded { step, .. } => turn.pause_ended(step),
            Event::Concluded { outputs, .. } => turn.conclude(outputs),
            Event::Failed { error, .. } => {
                turn.must_be_unfinished("failed")?;
                turn.fail(error.clone());
                Ok(())
            }
            Event::Cancelled { .. } => {
                turn.must_be_unfinished("cancelled")?;
                turn.stop_all();
                turn.end(Status::Cancelled);
                Ok(())
            }
            Event::Retried { .. } => turn.retry(),
        }
    }

    /// The commands that are open in this state: what a worker does first with a run it takes up.
    pub fn resume(&self, flow: &Flow) -> Vec<Command> {
        if self.status.is_final() || self.status == Status::Queued {
            return Vec::new();
        }
        if self.open == 0 {
            return vec![Command::Conclude];
        }
        let open = |node: NodeIndex| match self.step(node) {
            StepState::Running { attempt } => {
                Some(Command::Run { node, attempt: *attempt, generation: self.generation })
            }
            StepState::Paused { attempt, until } => Some(pause(flow, node, *attempt, *until)),
            StepState::Waiting { attempt, wait } => {
                Some(Command::Wait { node, attempt: *attempt, wait: wait.clone() })
            }
            _ => None,
        };
        flow.graph().nodes().filter_map(open).collect()
    }
}

/// One application of an event.
struct Turn<'a> {
    state: &'a mut State,
    flow: &'a Flow,
    commands: &'a mut Vec<Command>,
}

impl Turn<'_> {
    fn start(&mut self, input: &Arc<Value>) -> Result<(), Illegal> {
        if self.state.status != Status::Queued {
            return Err(illegal("started", "the run has begun already"));
        }
        self.state.input = Arc::clone(input);
        self.state.status = Status::Running;
        self.settle(self.flow.graph().starting().iter().map(|edge| (*edge, EdgeState::Taken)).collect());
        Ok(())
    }

    fn answer(&mut self, response: Option<&Arc<Value>>) -> Result<(), Illegal> {
        match (response, &self.state.response) {
            (Some(_), Some(_)) => Err(illegal("step_succeeded", "the request has been answered already")),
            (Some(response), None) => {
                self.state.response = Some(Arc::clone(response));
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    fn step_failed(&mut self, node: NodeIndex, attempt: u32, error: &StepError) {
        let definition = self.flow.node(node);
        let tries = 1 + definition.retry.map_or(0, |retry| retry.max);
        if error.transient && attempt < tries {
            self.state.put(node, StepState::Paused { attempt: attempt + 1, until: None });
            self.commands.push(pause(self.flow, node, attempt + 1, None));
            return self.settle_status();
        }
        match &definition.on_failure {
            OnFailure::Fail => {
                self.state.put(node, StepState::Failed);
                let step = Some(self.flow.graph().id(node).as_str().into());
                self.fail(RunError { step, code: error.code.clone(), message: error.message.clone() });
            }
            OnFailure::Value(value) => {
                self.leave(node, StepState::Succeeded { output: Arc::new(value.clone()) }, PORT_NEXT);
            }
            OnFailure::Branch => {
                let output = Arc::new(json!({ "error": { "code": error.code, "message": error.message } }));
                self.leave(node, StepState::Recovered { output }, PORT_FAILED);
            }
        }
    }

    fn step_waiting(&mut self, step: &StepPath, attempt: u32, wait: &Wait) -> Result<(), Illegal> {
        let node = self.under_way(step, "step_waiting", Some(attempt))?;
        if matches!(self.state.step(node), StepState::Waiting { .. }) {
            return Err(illegal("step_waiting", format!("`{step}` waits already")));
        }
        self.state.put(node, StepState::Waiting { attempt, wait: wait.clone() });
        self.commands.push(Command::Wait { node, attempt, wait: wait.clone() });
        self.settle_status();
        Ok(())
    }

    fn pause_started(&mut self, step: &StepPath, until: i64) -> Result<(), Illegal> {
        match self.paused(step, "pause_started")? {
            (node, attempt, None) => {
                self.state.put(node, StepState::Paused { attempt, until: Some(until) });
                Ok(())
            }
            (_, _, Some(_)) => {
                Err(illegal("pause_started", format!("the pause of `{step}` has an end already")))
            }
        }
    }

    fn pause_ended(&mut self, step: &StepPath) -> Result<(), Illegal> {
        let (node, attempt, _) = self.paused(step, "pause_ended")?;
        self.run(node, attempt);
        self.state.status = Status::Running;
        Ok(())
    }

    fn paused(&self, step: &StepPath, event: &'static str) -> Result<(NodeIndex, u32, Option<i64>), Illegal> {
        self.must_be_unfinished(event)?;
        let node = self.find(step, event)?;
        match *self.state.step(node) {
            StepState::Paused { attempt, until } => Ok((node, attempt, until)),
            _ => Err(illegal(event, format!("`{step}` is not paused"))),
        }
    }

    fn conclude(&mut self, outputs: &Arc<Value>) -> Result<(), Illegal> {
        self.must_be_unfinished("concluded")?;
        if self.state.open > 0 {
            return Err(illegal("concluded", "steps are still open"));
        }
        self.state.outputs = Some(Arc::clone(outputs));
        self.end(Status::Succeeded);
        Ok(())
    }

    /// A failed or cancelled run goes on: whatever failed or was stopped starts anew, in a new
    /// generation, so that its effects carry new idempotency keys.
    fn retry(&mut self) -> Result<(), Illegal> {
        if !matches!(self.state.status, Status::Failed | Status::Cancelled) {
            return Err(illegal("retried", "only a failed or cancelled run can be retried"));
        }
        self.state.status = Status::Running;
        self.state.error = None;
        self.state.generation += 1;
        for node in self.flow.graph().nodes() {
            if matches!(self.state.step(node), StepState::Failed | StepState::Stopped) {
                self.run(node, 1);
            }
        }
        if self.state.open == 0 {
            self.commands.push(Command::Conclude);
        }
        Ok(())
    }

    fn run(&mut self, node: NodeIndex, attempt: u32) {
        self.state.put(node, StepState::Running { attempt });
        self.commands.push(Command::Run { node, attempt, generation: self.state.generation });
    }

    /// A step is settled and leaves by a port: that port's edges are taken, all others dead.
    fn leave(&mut self, node: NodeIndex, state: StepState, port: &str) {
        self.state.put(node, state);
        let graph = self.flow.graph();
        let by_port = |edge: &EdgeIndex| {
            (*edge, if *graph.edge(*edge).port == *port { EdgeState::Taken } else { EdgeState::Dead })
        };
        self.settle(graph.outgoing(node).iter().map(by_port).collect());
    }

    /// Settles edges and whatever follows: nodes that can run now, and nodes that never will.
    fn settle(&mut self, mut settled: Vec<(EdgeIndex, EdgeState)>) {
        let graph = self.flow.graph();
        let mut next = 0;
        while let Some(&(edge, how)) = settled.get(next) {
            next += 1;
            self.state.edges[edge.position()] = how;
            let node = graph.edge(edge).to;
            if *self.state.step(node) != StepState::Pending {
                continue;
            }
            let states = || graph.incoming(node).iter().map(|edge| self.state.edge(*edge));
            let taken = states().any(|state| state == EdgeState::Taken);
            let all_settled = states().all(|state| state != EdgeState::Open);
            if taken && (all_settled || graph.join(node) == Join::First) {
                self.run(node, 1);
            } else if all_settled {
                self.state.put(node, StepState::Skipped);
                settled.extend(graph.outgoing(node).iter().map(|edge| (*edge, EdgeState::Dead)));
            }
        }
        if self.state.open == 0 {
            self.commands.push(Command::Conclude);
        }
        self.settle_status();
    }

    /// Running while a step is under way, waiting while the open ones only wait.
    fn settle_status(&mut self) {
        let running = self.state.open == 0 || self.state.running > 0;
        self.state.status = if running { Status::Running } else { Status::Waiting };
    }

    fn fail(&mut self, error: RunError) {
        self.state.error = Some(error);
        self.stop_all();
        self.end(Status::Failed);
    }

    fn stop_all(&mut self) {
        for node in self.flow.graph().nodes() {
            let step = self.state.step(node);
            if matches!(
                step,
                StepState::Running { .. } | StepState::Waiting { .. } | StepState::Paused { .. }
            ) {
                self.state.put(node, StepState::Stopped);
                self.commands.push(Command::Stop { node });
            }
        }
    }

    fn end(&mut self, status: Status) {
        self.state.status = status;
        self.commands.push(Command::End(status));
    }

    /// The step, if a try of it is under way (or it waits), and it is this try.
    fn under_way(
        &self,
        step: &StepPath,
        event: &'static str,
        attempt: Option<u32>,
    ) -> Result<NodeIndex, Illegal> {
        self.must_be_unfinished(event)?;
        let node = self.find(step, event)?;
        let (StepState::Running { attempt: now } | StepState::Waiting { attempt: now, .. }) =
            *self.state.step(node)
        else {
            return Err(illegal(event, format!("`{step}` is not under way")));
        };
        match attempt {
            Some(attempt) if attempt != now => {
                Err(illegal(event, format!("`{step}` is in try {now}, not in try {attempt}")))
            }
            _ => Ok(node),
        }
    }

    fn find(&self, step: &StepPath, event: &'static str) -> Result<NodeIndex, Illegal> {
        let found = self.flow.graph().find(step.as_str());
        found.ok_or_else(|| illegal(event, format!("the flow has no step `{step}`")))
    }

    fn must_be_unfinished(&self, event: &'static str) -> Result<(), Illegal> {
        match self.state.status {
            Status::Running | Status::Waiting | Status::Parked => Ok(()),
            Status::Queued if matches!(event, "cancelled" | "failed") => Ok(()),
            Status::Queued => Err(illegal(event, "the run has not begun")),
            Status::Succeeded | Status::Failed | Status::Cancelled => {
                Err(illegal(event, "the run has ended"))
            }
        }
    }
}

fn pause(flow: &Flow, node: NodeIndex, attempt: u32, until: Option<i64>) -> Command {
    let pause = flow.node(node).retry.map_or(Span::from_millis(0), |retry| retry.pause_before(attempt));
    Command::Pause { node, pause, until }
}

fn illegal(event: &'static str, reason: impl Into<String>) -> Illegal {
    Illegal { event, reason: reason.into() }
}
