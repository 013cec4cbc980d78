use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Flow, NodeIndex, compile::tests::flow};

/// A run driven by hand: every event it took, to be replayed.
struct Play<'f> {
    flow: &'f Flow,
    state: State,
    journal: Vec<Event>,
    commands: Vec<Command>,
}

impl<'f> Play<'f> {
    fn start(flow: &'f Flow) -> Self {
        let mut play = Self { flow, state: State::new(flow), journal: vec![], commands: vec![] };
        play.take(Event::Started { input: Arc::new(json!({"query": "q"})), at: 0 }).unwrap();
        play
    }

    fn take(&mut self, event: Event) -> Result<(), Illegal> {
        self.state.apply(self.flow, &event, &mut self.commands)?;
        self.journal.push(event);
        Ok(())
    }

    /// The names of what was commanded since the last look.
    fn commanded(&mut self) -> Vec<String> {
        let name = |node: NodeIndex| self.flow.graph().id(node).as_str();
        let said = self.commands.drain(..).map(|command| match command {
            Command::Run { node, attempt: 1, .. } => name(node).to_owned(),
            Command::Run { node, attempt, .. } => format!("{}#{attempt}", name(node)),
            Command::Pause { node, pause, .. } => format!("pause {} {pause}", name(node)),
            Command::Wait { node, wait, .. } => format!("wait {} for {}", name(node), wait.on),
            Command::Stop { node } => format!("stop {}", name(node)),
            Command::Conclude => "conclude".to_owned(),
            Command::End(status) => format!("{status:?}"),
        });
        said.collect()
    }

    fn done(&mut self, step: &str, port: &str) -> Result<(), Illegal> {
        let attempt = self.attempt(step);
        self.take(succeeded(step, attempt, port))
    }

    fn fails(&mut self, step: &str, transient: bool) -> Result<(), Illegal> {
        let attempt = self.attempt(step);
        self.take(failed(step, attempt, transient))
    }

    fn attempt(&self, step: &str) -> u32 {
        match self.state.step(self.flow.graph().find(step).unwrap()) {
            StepState::Running { attempt }
            | StepState::Waiting { attempt, .. }
            | StepState::Paused { attempt, .. } => *attempt,
            _ => 1,
        }
    }

    fn step(&self, step: &str) -> &StepState {
        self.state.step(self.flow.graph().find(step).unwrap())
    }
}

fn succeeded(step: &str, attempt: u32, port: &str) -> Event {
    Event::StepSucceeded {
        step: step.into(),
        attempt,
        port: port.into(),
        output: Arc::new(json!({"text": step})),
        input: None,
        response: None,
        at: 1,
        took_us: 1,
    }
}

fn failed(step: &str, attempt: u32, transient: bool) -> Event {
    let error = StepError { code: "broken".into(), message: "It broke.".into(), transient };
    Event::StepFailed { step: step.into(), attempt, error, input: None, at: 1, took_us: 1 }
}

fn waiting(step: &str, attempt: u32) -> Event {
    let wait = Wait { what: "delivery".into(), on: "d1".into(), at: 1, until: Some(60_000) };
    Event::StepWaiting { step: step.into(), attempt, wait, input: None }
}

fn concluded() -> Event {
    Event::Concluded { outputs: Arc::new(Value::Null), at: 2 }
}

fn diamond() -> Flow {
    let nodes = [
        ("c", "{ kind: choice }"),
        ("a", "{ kind: text }"),
        ("b", "{ kind: any }"),
        ("side", "{ kind: any }"),
        ("end", "{ kind: any }"),
    ];
    flow(&nodes, &["start -> c", "start -> side -> end", "c.true -> a -> end", "c.false -> b -> end"], "")
        .unwrap()
}

#[test]
fn branches_skip_and_join() {
    let flow = diamond();
    let mut play = Play::start(&flow);
    assert_eq!(play.commanded(), ["c", "side"]);
    play.done("c", "true").unwrap();
    assert_eq!(play.commanded(), ["a"]);
    assert_eq!(*play.step("b"), StepState::Skipped);
    play.done("a", "next").unwrap();
    assert!(play.commanded().is_empty(), "the join waits for the side branch");
    play.done("side", "next").unwrap();
    assert_eq!(play.commanded(), ["end"]);
    play.done("end", "next").unwrap();
    assert_eq!(play.commanded(), ["conclude"]);
    play.take(concluded()).unwrap();
    assert_eq!(play.commanded(), ["Succeeded"]);
    assert_eq!(play.state.status(), Status::Succeeded);
}

#[test]
fn a_join_that_does_not_wait_runs_once() {
    let nodes = [("a", "{ kind: any }"), ("b", "{ kind: any }"), ("f", "{ kind: first }")];
    let flow = flow(&nodes, &["start -> a -> f", "start -> b -> f"], "").unwrap();
    let mut play = Play::start(&flow);
    play.commanded();
    play.done("b", "next").unwrap();
    assert_eq!(play.commanded(), ["f"]);
    play.done("f", "next").unwrap();
    play.done("a", "next").unwrap();
    assert_eq!(play.commanded(), ["conclude"]);
}

#[test]
fn a_port_without_edges_ends_its_branch() {
    let flow = flow(&[("c", "{ kind: choice }"), ("a", "{ kind: any }")], &["start -> c", "c.true -> a"], "")
        .unwrap();
    let mut play = Play::start(&flow);
    play.commanded();
    play.done("c", "false").unwrap();
    assert_eq!(play.commanded(), ["conclude"]);
    assert_eq!(*play.step("a"), StepState::Skipped);
}

#[test]
fn tries_pause_and_then_the_failure_is_handled() {
    let nodes =
        [("a", "{ kind: ask, retry: { max: 2, backoff: 1s }, on_failure: branch }"), ("b", "{ kind: any }")];
    let flow = flow(&nodes, &["start -> a", "a.failed -> b"], "").unwrap();
    let mut play = Play::start(&flow);
    play.commanded();
    play.fails("a", true).unwrap();
    assert_eq!((play.commanded(), play.state.status()), (vec!["pause a 1s".to_owned()], Status::Waiting));
    assert!(play.take(succeeded("a", 2, "next")).is_err(), "a paused step cannot succeed");
    play.take(Event::PauseStarted { step: "a".into(), until: 1_100 }).unwrap();
    assert!(
        play.take(Event::PauseStarted { step: "a".into(), until: 1_200 }).is_err(),
        "the end is drawn once"
    );
    let due = Command::Pause { node: NodeIndex::at(0), pause: crate::Span::from_secs(1), until: Some(1_100) };
    assert_eq!(play.state.resume(&flow), [due]);
    play.take(Event::PauseEnded { step: "a".into(), at: 3 }).unwrap();
    assert_eq!(play.commanded(), ["a#2"]);
    play.fails("a", true).unwrap();
    play.take(Event::PauseEnded { step: "a".into(), at: 3 }).unwrap();
    assert_eq!(play.commanded(), ["pause a 2s", "a#3"]);
    play.fails("a", true).unwrap();
    assert_eq!(play.commanded(), ["b"]);
    let output = play.state.output(flow.graph().find("a").unwrap()).unwrap();
    assert_eq!(**output, json!({"error": {"code": "broken", "message": "It broke."}}));
}

#[test]
fn a_failure_stops_what_else_is_under_way_and_a_person_can_go_on() {
    let flow = diamond();
    let mut play = Play::start(&flow);
    play.commanded();
    play.fails("c", false).unwrap();
    assert_eq!(play.commanded(), ["stop side", "Failed"]);
    assert_eq!(play.state.error().unwrap().step, Some("c".into()));
    assert!(play.done("side", "next").is_err(), "what comes late does not count");
    play.take(Event::Retried { by: "ann".into(), at: 5 }).unwrap();
    assert_eq!(play.commanded(), ["c", "side"]);
    assert_eq!(play.state.generation(), 1);
    play.take(Event::Cancelled { by: "ann".into(), at: 6 }).unwrap();
    assert_eq!(play.commanded(), ["stop c", "stop side", "Cancelled"]);
}

#[test]
fn a_default_value_stands_in() {
    let flow =
        flow(&[("a", "{ kind: ask, on_failure: { value: { text: '-' } } }")], &["start -> a"], "").unwrap();
    let mut play = Play::start(&flow);
    play.fails("a", false).unwrap();
    assert_eq!(play.commanded(), ["a", "conclude"]);
    assert_eq!(**play.state.output(NodeIndex::at(0)).unwrap(), json!({"text": "-"}));
}

#[test]
fn the_request_is_answered_once() {
    let flow =
        flow(&[("a", "{ kind: any }"), ("b", "{ kind: any }")], &["start -> a", "start -> b"], "").unwrap();
    let mut play = Play::start(&flow);
    let respond = |step: &str| match succeeded(step, 1, "next") {
        Event::StepSucceeded { step, attempt, port, output, input, at, took_us, .. } => {
            Event::StepSucceeded {
                step,
                attempt,
                port,
                output,
                input,
                at,
                took_us,
                response: Some(Arc::new(json!({"status": 200}))),
            }
        }
        other => other,
    };
    play.take(respond("a")).unwrap();
    assert!(play.take(respond("b")).unwrap_err().to_string().contains("answered already"));
}

#[test]
fn a_step_that_waits_holds_the_run_until_it_is_told() {
    let nodes = [("a", "{ kind: any }"), ("b", "{ kind: any }"), ("c", "{ kind: any }")];
    let flow = flow(&nodes, &["start -> a -> c", "start -> b"], "").unwrap();
    let mut play = Play::start(&flow);
    play.commanded();
    assert!(play.take(waiting("a", 2)).is_err(), "it is another try");
    play.take(waiting("a", 1)).unwrap();
    assert_eq!((play.commanded(), play.state.status()), (vec!["wait a for d1".to_owned()], Status::Running));
    assert!(play.take(waiting("a", 1)).is_err(), "it waits already");
    play.done("b", "next").unwrap();
    assert_eq!((play.commanded(), play.state.status()), (vec![], Status::Waiting));
    assert!(
        matches!(&*play.state.resume(&flow), [Command::Wait { attempt: 1, wait, .. }] if &*wait.on == "d1")
    );
    play.done("a", "next").unwrap();
    assert_eq!((play.commanded(), play.state.status()), (vec!["c".to_owned()], Status::Running));
    assert!(play.take(waiting("a", 1)).is_err(), "it is settled");
}

#[test]
fn a_step_that_waits_in_vain_fails_as_any_other_and_is_stopped_with_its_run() {
    let nodes = [("a", "{ kind: ask, on_failure: branch }"), ("b", "{ kind: any }"), ("c", "{ kind: any }")];
    let flow = flow(&nodes, &["start -> a -> b", "a.failed -> c"], "").unwrap();
    let mut play = Play::start(&flow);
    play.take(waiting("a", 1)).unwrap();
    let mut other = Play { flow: &flow, state: play.state.clone(), journal: vec![], commands: vec![] };
    play.commanded();
    play.fails("a", false).unwrap();
    assert_eq!((play.commanded(), play.step("b")), (vec!["c".to_owned()], &StepState::Skipped));
    other.take(Event::Cancelled { by: "ann".into(), at: 6 }).unwrap();
    assert_eq!(other.commanded(), ["stop a", "Cancelled"]);
    assert!(other.done("a", "next").is_err(), "what it waited for comes too late");
}

#[test]
fn events_survive_the_journal() {
    for (event, word) in [(succeeded("a", 2, "next"), "step_succeeded"), (waiting("a", 1), "step_waiting")] {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        assert!(text.starts_with(&format!("{{\"type\":\"{word}\"")), "{text}");
    }
}

/// A random flow: nodes in layers, edges forward, some choices, some failure branches.
fn any_flow() -> impl Strategy<Value = Flow> {
    (2_usize..9, prop::collection::vec((any::<u8>(), any::<u16>()), 9)).prop_map(|(count, dice)| {
        let mut nodes = Vec::new();
        let mut edges = Vec::new();
        for at in 0..count {
            let (kind, mask) = dice[at];
            let node = match kind % 4 {
                0 => "{ kind: choice }",
                1 => "{ kind: ask, retry: { max: 1 }, on_failure: branch }",
                2 => "{ kind: ask, on_failure: { value: { text: x } } }",
                _ if mask % 5 == 0 => "{ kind: first }",
                _ => "{ kind: any }",
            };
            nodes.push((format!("n{at}"), node));
            let ports: &[&str] = match kind % 4 {
                0 => &[".true", ".false"],
                1 => &["", ".failed"],
                _ => &[""],
            };
            for (p, port) in ports.iter().enumerate() {
                for to in at + 1..count {
                    if mask >> ((to + p * 3) % 16) & 1 == 1 || (to == at + 1 && p + 1 == ports.len()) {
                        edges.push(format!("n{at}{port} -> n{to}"));
                    }
                }
            }
            // A failure branch at the end needs somewhere to go.
            if kind % 4 == 1 && at + 1 == count {
                nodes[at].1 = "{ kind: any }";
                edges.retain(|edge| !edge.starts_with(&format!("n{at}")));
            }
        }
        edges.insert(0, "start -> n0".to_owned());
        let nodes: Vec<(&str, &str)> = nodes.iter().map(|(id, node)| (id.as_str(), *node)).collect();
        let edges: Vec<&str> = edges.iter().map(String::as_str).collect();
        flow(&nodes, &edges, "").unwrap_or_else(|problems| panic!("{problems:?}"))
    })
}

/// Drives a run in an order that the dice choose; every so often it throws away the live state
/// and goes on from the journal, as after a crash.
fn drive(flow: &Flow, dice: &[u8]) -> Result<(), TestCaseError> {
    let mut play = Play::start(flow);
    let mut open: Vec<Command> = std::mem::take(&mut play.commands);
    let mut started = std::collections::HashMap::<(NodeIndex, u32), u32>::new();
    for turn in 0.. {
        prop_assert!(turn < 500, "the run does not end");
        let roll = dice[turn % dice.len()];
        if roll.is_multiple_of(7) {
            let mut replayed = State::new(flow);
            let mut again = Vec::new();
            for event in &play.journal {
                replayed.apply(flow, event, &mut again).unwrap();
            }
            prop_assert_eq!(&replayed, &play.state, "replay differs from live");
            let mut resumed = play.state.resume(flow);
            prop_assert_eq!(sorted(&mut resumed), sorted(&mut open), "what is open differs after a crash");
        }
        if open.is_empty() {
            break;
        }
        let command = open.swap_remove(usize::from(roll) % open.len());
        let event = match command {
            Command::Run { node, attempt, .. } => {
                *started.entry((node, attempt)).or_default() += 1;
                let id = flow.graph().id(node).as_str();
                match roll % 5 {
                    3 | 4 if roll.is_multiple_of(3) => waiting(id, attempt),
                    0 if flow.node(node).kind == "ask" => failed(id, attempt, roll.is_multiple_of(2)),
                    _ if flow.node(node).kind == "choice" => {
                        succeeded(id, attempt, if roll.is_multiple_of(2) { "true" } else { "false" })
                    }
                    _ => succeeded(id, attempt, "next"),
                }
            }
            Command::Wait { node, attempt, .. } => {
                let id = flow.graph().id(node).as_str();
                match flow.node(node).kind.as_str() {
                    "ask" if roll.is_multiple_of(4) => failed(id, attempt, roll.is_multiple_of(3)),
                    "choice" => succeeded(id, attempt, if roll.is_multiple_of(2) { "true" } else { "false" }),
                    _ => succeeded(id, attempt, "next"),
                }
            }
            Command::Pause { node, .. } => {
                Event::PauseEnded { step: flow.graph().id(node).as_str().into(), at: 1 }
            }
            Command::Conclude => concluded(),
            Command::Stop { .. } | Command::End(_) => continue,
        };
        let before = play.state.clone();
        play.take(event.clone()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        open.append(&mut play.commands);
        // The same event a second time changes nothing.
        let now = play.state.clone();
        prop_assert!(play.take(event).is_err());
        prop_assert_eq!(&play.state, &now);
        prop_assert_ne!(&play.state, &before);
    }
    prop_assert_eq!(play.state.status(), Status::Succeeded);
    prop_assert!(started.values().all(|count| *count == 1), "a try ran twice");
    for node in flow.graph().nodes() {
        let settled = matches!(
            play.state.step(node),
            StepState::Succeeded { .. } | StepState::Recovered { .. } | StepState::Skipped
        );
        prop_assert!(settled, "a step was lost");
    }
    Ok(())
}

fn sorted(commands: &mut Vec<Command>) -> Vec<String> {
    commands.retain(|command| !matches!(command, Command::Stop { .. } | Command::End(_)));
    let mut said: Vec<String> = commands.iter().map(|command| format!("{command:?}")).collect();
    said.sort();
    said
}

proptest! {
    #[test]
    fn every_order_ends_and_replay_equals_live(flow in any_flow(), dice in prop::collection::vec(any::<u8>(), 8..40)) {
        drive(&flow, &dice)?;
    }
}
