use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Command, Event, Illegal, RunError, State, Status, StepError, StepPath, StepState, state::EdgeState,
};
use crate::{EdgeIndex, Flow, Join, NodeIndex, OnFailure, PORT_FAILED, PORT_NEXT};

impl State {
    /// Takes what happened and appends what follows to `commands`.
    ///
    /// # Errors
    /// [`Illegal`], with the state unchanged.
    pub fn apply(&mut self, flow: &Flow, event: &Event, commands: &mut Vec<Command>) -> Result<(), Illegal> {
        match event {
            Event::Started { input, .. } => self.start(flow, input, commands),
            Event::StepStarted { step, attempt, .. } => {
                self.under_way(flow, step, "step_started", Some(*attempt)).map(|_| ())
            }
            Event::StepSucceeded { step, attempt, port, output, response, .. } => {
                self.step_succeeded(flow, (step, *attempt), port, output, response.as_ref(), commands)
            }
            Event::StepFailed { step, attempt, error, .. } => {
                let node = self.under_way(flow, step, "step_failed", Some(*attempt))?;
                self.step_failed(flow, node, *attempt, error, commands);
                Ok(())
            }
            Event::StepWaiting { step, .. } => {
                let node = self.under_way(flow, step, "step_waiting", None)?;
                let attempt = self.attempt(node);
                self.put(node, StepState::Waiting { attempt });
                self.settle_status();
                Ok(())
            }
            Event::PauseEnded { step, .. } => self.pause_ended(flow, step, commands),
            Event::Concluded { outputs, .. } => {
                self.must_conclude("concluded")?;
                self.outputs = Some(Arc::clone(outputs));
                self.end(Status::Succeeded, commands);
                Ok(())
            }
            Event::Failed { error, .. } => {
                self.must_be_unfinished("failed")?;
                self.fail(error.clone(), commands);
                Ok(())
            }
            Event::Cancelled { .. } => {
                self.must_be_unfinished("cancelled")?;
                self.stop_all(commands);
                self.end(Status::Cancelled, commands);
                Ok(())
            }
            Event::Retried { .. } => self.retry(commands),
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
        let open = |node: NodeIndex| match *self.step(node) {
            StepState::Running { attempt } => {
                Some(Command::Run { node, attempt, generation: self.generation })
            }
            StepState::Paused { attempt } => Some(pause(flow, node, attempt)),
            _ => None,
        };
        flow.graph().nodes().filter_map(open).collect()
    }

    fn start(&mut self, flow: &Flow, input: &Arc<Value>, commands: &mut Vec<Command>) -> Result<(), Illegal> {
        if self.status != Status::Queued {
            return Err(illegal("started", "the run has begun already"));
        }
        self.input = Arc::clone(input);
        self.status = Status::Running;
        let taken: Vec<_> = flow.graph().starting().iter().map(|edge| (*edge, EdgeState::Taken)).collect();
        self.settle(flow, taken, commands);
        Ok(())
    }

    fn step_succeeded(
        &mut self,
        flow: &Flow,
        (step, attempt): (&StepPath, u32),
        port: &str,
        output: &Arc<Value>,
        response: Option<&Arc<Value>>,
        commands: &mut Vec<Command>,
    ) -> Result<(), Illegal> {
        let node = self.under_way(flow, step, "step_succeeded", Some(attempt))?;
        if let Some(response) = response {
            if self.response.is_some() {
                return Err(illegal("step_succeeded", "the request has been answered already"));
            }
            self.response = Some(Arc::clone(response));
        }
        self.leave(flow, node, StepState::Succeeded { output: Arc::clone(output) }, port, commands);
        Ok(())
    }

    fn step_failed(
        &mut self,
        flow: &Flow,
        node: NodeIndex,
        attempt: u32,
        error: &StepError,
        commands: &mut Vec<Command>,
    ) {
        let definition = flow.node(node);
        let tries = 1 + definition.retry.map_or(0, |retry| retry.max);
        if error.transient && attempt < tries {
            self.put(node, StepState::Paused { attempt: attempt + 1 });
            commands.push(pause(flow, node, attempt + 1));
            return self.settle_status();
        }
        match &definition.on_failure {
            OnFailure::Fail => {
                self.put(node, StepState::Failed);
                let step = Some(flow.graph().id(node).as_str().into());
                self.fail(
                    RunError { step, code: error.code.clone(), message: error.message.clone() },
                    commands,
                );
            }
            OnFailure::Value(value) => {
                let output = Arc::new(value.clone());
                self.leave(flow, node, StepState::Succeeded { output }, PORT_NEXT, commands);
            }
            OnFailure::Branch => {
                let output = Arc::new(json!({ "error": { "code": error.code, "message": error.message } }));
                self.leave(flow, node, StepState::Recovered { output }, PORT_FAILED, commands);
            }
        }
    }

    fn pause_ended(
        &mut self,
        flow: &Flow,
        step: &StepPath,
        commands: &mut Vec<Command>,
    ) -> Result<(), Illegal> {
        self.must_be_unfinished("pause_ended")?;
        let node = find(flow, step, "pause_ended")?;
        let StepState::Paused { attempt } = *self.step(node) else {
            return Err(illegal("pause_ended", format!("`{step}` is not paused")));
        };
        self.put(node, StepState::Running { attempt });
        commands.push(Command::Run { node, attempt, generation: self.generation });
        self.status = Status::Running;
        Ok(())
    }

    /// A failed or cancelled run goes on: whatever failed or was stopped starts anew, in a new
    /// generation, so that its effects carry new idempotency keys.
    fn retry(&mut self, commands: &mut Vec<Command>) -> Result<(), Illegal> {
        if !matches!(self.status, Status::Failed | Status::Cancelled) {
            return Err(illegal("retried", "only a failed or cancelled run can be retried"));
        }
        self.status = Status::Running;
        self.error = None;
        self.generation += 1;
        for node in (0..self.steps.len()).map(NodeIndex::at) {
            if matches!(self.step(node), StepState::Failed | StepState::Stopped) {
                self.put(node, StepState::Running { attempt: 1 });
                commands.push(Command::Run { node, attempt: 1, generation: self.generation });
            }
        }
        if self.open == 0 {
            commands.push(Command::Conclude);
        }
        Ok(())
    }

    /// A step is settled and leaves by a port: that port's edges are taken, all others dead.
    fn leave(
        &mut self,
        flow: &Flow,
        node: NodeIndex,
        state: StepState,
        port: &str,
        commands: &mut Vec<Command>,
    ) {
        self.put(node, state);
        let graph = flow.graph();
        let by_port = |edge: &EdgeIndex| {
            (*edge, if *graph.edge(*edge).port == *port { EdgeState::Taken } else { EdgeState::Dead })
        };
        let settled = graph.outgoing(node).iter().map(by_port).collect();
        self.settle(flow, settled, commands);
    }

    /// Settles edges and whatever follows: nodes that can run now, and nodes that never will.
    fn settle(&mut self, flow: &Flow, mut settled: Vec<(EdgeIndex, EdgeState)>, commands: &mut Vec<Command>) {
        let graph = flow.graph();
        let mut next = 0;
        while let Some(&(edge, how)) = settled.get(next) {
            next += 1;
            self.edges[edge.position()] = how;
            let node = graph.edge(edge).to;
            if *self.step(node) != StepState::Pending {
                continue;
            }
            let states = || graph.incoming(node).iter().map(|edge| self.edge(*edge));
            let taken = states().any(|state| state == EdgeState::Taken);
            let all_settled = states().all(|state| state != EdgeState::Open);
            if taken && (all_settled || graph.join(node) == Join::First) {
                self.put(node, StepState::Running { attempt: 1 });
                commands.push(Command::Run { node, attempt: 1, generation: self.generation });
            } else if all_settled {
                self.put(node, StepState::Skipped);
                settled.extend(graph.outgoing(node).iter().map(|edge| (*edge, EdgeState::Dead)));
            }
        }
        if self.open == 0 {
            commands.push(Command::Conclude);
        }
        self.settle_status();
    }

    /// Running while a step is under way, waiting while the open ones only wait.
    fn settle_status(&mut self) {
        let running = self.open == 0 || self.running > 0;
        self.status = if running { Status::Running } else { Status::Waiting };
    }

    fn fail(&mut self, error: RunError, commands: &mut Vec<Command>) {
        self.error = Some(error);
        self.stop_all(commands);
        self.end(Status::Failed, commands);
    }

    fn stop_all(&mut self, commands: &mut Vec<Command>) {
        for node in (0..self.steps.len()).map(NodeIndex::at) {
            if matches!(
                self.step(node),
                StepState::Running { .. } | StepState::Waiting { .. } | StepState::Paused { .. }
            ) {
                self.put(node, StepState::Stopped);
                commands.push(Command::Stop { node });
            }
        }
    }

    fn end(&mut self, status: Status, commands: &mut Vec<Command>) {
        self.status = status;
        commands.push(Command::End(status));
    }

    /// The step, if a try of it is under way (or it waits), and it is this try.
    fn under_way(
        &self,
        flow: &Flow,
        step: &StepPath,
        event: &'static str,
        attempt: Option<u32>,
    ) -> Result<NodeIndex, Illegal> {
        self.must_be_unfinished(event)?;
        let node = find(flow, step, event)?;
        let now = match *self.step(node) {
            StepState::Running { attempt } | StepState::Waiting { attempt } => attempt,
            _ => return Err(illegal(event, format!("`{step}` is not under way"))),
        };
        match attempt {
            Some(attempt) if attempt != now => {
                Err(illegal(event, format!("`{step}` is in try {now}, not in try {attempt}")))
            }
            _ => Ok(node),
        }
    }

    fn attempt(&self, node: NodeIndex) -> u32 {
        match *self.step(node) {
            StepState::Running { attempt }
            | StepState::Waiting { attempt }
            | StepState::Paused { attempt } => attempt,
            _ => 1,
        }
    }

    fn must_be_unfinished(&self, event: &'static str) -> Result<(), Illegal> {
        match self.status {
            Status::Running | Status::Waiting | Status::Parked => Ok(()),
            Status::Queued if matches!(event, "cancelled" | "failed") => Ok(()),
            Status::Queued => Err(illegal(event, "the run has not begun")),
            Status::Succeeded | Status::Failed | Status::Cancelled => {
                Err(illegal(event, "the run has ended"))
            }
        }
    }

    fn must_conclude(&self, event: &'static str) -> Result<(), Illegal> {
        self.must_be_unfinished(event)?;
        if self.open == 0 { Ok(()) } else { Err(illegal(event, "steps are still open")) }
    }
}

fn pause(flow: &Flow, node: NodeIndex, attempt: u32) -> Command {
    let pause =
        flow.node(node).retry.map_or(crate::Span::from_millis(0), |retry| retry.pause_before(attempt));
    Command::Pause { node, attempt, pause }
}

fn find(flow: &Flow, step: &StepPath, event: &'static str) -> Result<NodeIndex, Illegal> {
    flow.graph().find(step.as_str()).ok_or_else(|| illegal(event, format!("the flow has no step `{step}`")))
}

fn illegal(event: &'static str, reason: impl Into<String>) -> Illegal {
    Illegal { event, reason: reason.into() }
}
