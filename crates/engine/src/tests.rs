use std::time::Duration;

use flow::run::{Event, Status};
use serde_json::json;
use store::Beat;

use super::*;

mod alerting;
mod awaiting;
mod filtered;
mod fixture;
mod rehearsing;
mod replays;
mod ticking;

use fixture::Fixture;

const SAY: (&str, &str) = ("say", "{ kind: say, text: '{{ input.q }}!' }");

#[tokio::test]
async fn a_pure_run_is_committed_once_with_its_event() {
    let f = Fixture::idle(Options::default()).await;
    let answer = ("answer", "{ kind: answer, text: '{{ nodes.say.text }}' }");
    let program = f
        .program(&[SAY, answer], &["start -> say -> answer"], "outputs: { said: '{{ nodes.say.text }}' }")
        .await;
    let before = f.store.writes().transactions;
    let submitted = f.submit(&program, Some(Tells::Answer)).await;
    assert_eq!(f.store.writes().transactions, before + 1);
    let outcome = submitted.outcome.unwrap();
    assert_eq!(
        (outcome.status, outcome.outputs.as_deref()),
        (Status::Succeeded, Some(&json!({"said": "hi!"})))
    );
    assert_eq!(outcome.response.unwrap()["body"], "hi!");
    let timeline = f.engine.timeline(f.place.workspace, submitted.run).await.unwrap();
    assert_eq!(timeline.outcome.outputs.as_deref(), Some(&json!({"said": "hi!"})));
    assert_eq!(*timeline.input, json!({"q": "hi"}));
    assert_eq!(timeline.events.len(), 4, "started, two steps, concluded");
}

#[tokio::test]
async fn a_recorded_step_runs_behind_the_reply_and_its_caller_gets_the_result() {
    let f = Fixture::new().await;
    let ask = ("ask", "{ kind: ask, text: '{{ nodes.say.text }}' }");
    let program =
        f.program(&[SAY, ask], &["start -> say -> ask"], "outputs: { got: '{{ ai_output }}' }").await;
    let submitted = f.submit(&program, Some(Tells::Answer)).await;
    assert!(submitted.outcome.is_none());
    f.ask.give("hi!", Ok("fine")).await;
    let outcome = submitted.answer.unwrap().await.unwrap();
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({"got": "fine"})));
    assert_eq!(f.engine.running(), 0);
}

#[tokio::test]
async fn an_answer_is_given_before_the_run_goes_on() {
    let f = Fixture::new().await;
    let answer = ("answer", "{ kind: answer, text: early }");
    let ask = ("ask", "{ kind: ask, text: later }");
    let program = f.program(&[answer, ask], &["start -> answer -> ask"], "").await;
    let submitted = f.submit(&program, Some(Tells::Answer)).await;
    assert_eq!(submitted.outcome.unwrap().response.unwrap()["body"], "early");
    f.ask.give("later", Ok("x")).await;
    assert_eq!(f.ended(submitted.run).await.run.status, Status::Succeeded);
}

#[tokio::test]
async fn a_crash_repeats_no_committed_step() {
    let mut f = Fixture::new().await;
    let nodes =
        [("first", "{ kind: ask, text: one }"), ("second", "{ kind: ask, text: '{{ nodes.first.text }}' }")];
    let program =
        f.program(&nodes, &["start -> first -> second"], "outputs: { got: '{{ nodes.second.text }}' }").await;
    let submitted = f.submit(&program, None).await;
    f.ask.give("one", Ok("two")).await;
    f.ask.asked("two").await;
    f.crash().await;
    f.ask.give("two", Ok("three")).await;
    let timeline = f.ended(submitted.run).await;
    assert_eq!(timeline.outcome.outputs.as_deref(), Some(&json!({"got": "three"})));
    assert_eq!(f.ask.count(), 1, "only the step in flight was tried again");
}

#[tokio::test]
async fn what_may_have_killed_the_server_runs_alone_and_who_waits_for_its_turn_is_not_blamed() {
    let mut f = Fixture::new().await;
    let nodes = [("first", "{ kind: ask, text: '{{ event.id }}' }")];
    let program = f.program(&nodes, &["start -> first"], "").await;
    let [one, two] = [f.submit(&program, None).await, f.submit(&program, None).await];
    let [first, second] = [&one, &two].map(|submitted| submitted.event.to_string());
    for _ in 0..2 {
        f.ask.asked(&first).await;
        f.ask.asked(&second).await;
        f.crash().await;
    }
    // Both were in flight twice. From now on the one that dies alone comes after the one that did not.
    for question in [&first, &second, &first, &second] {
        f.ask.asked(question).await;
        assert_eq!(f.ask.count(), 1, "they do not run together");
        f.crash().await;
    }
    for (question, run) in [(&first, one.run), (&second, two.run)] {
        f.ask.give(question, Ok("done")).await;
        assert_eq!(f.ended(run).await.run.status, Status::Succeeded, "nobody died alone three times");
    }
}

#[tokio::test]
async fn a_run_that_comes_further_is_not_blamed_for_what_was_before() {
    let mut f = Fixture::new().await;
    let nodes = [("first", "{ kind: ask, text: one }"), ("second", "{ kind: ask, text: two }")];
    let program = f.program(&nodes, &["start -> first -> second"], "").await;
    let submitted = f.submit(&program, None).await;
    for _ in 0..4 {
        f.ask.asked("one").await;
        f.crash().await;
    }
    f.ask.give("one", Ok("done")).await;
    for _ in 0..4 {
        f.ask.asked("two").await;
        f.crash().await;
    }
    f.ask.give("two", Ok("done")).await;
    assert_eq!(f.ended(submitted.run).await.run.status, Status::Succeeded);
}

#[tokio::test]
async fn who_waits_for_the_end_is_not_told_of_an_answer() {
    let f = Fixture::new().await;
    let answer = ("answer", "{ kind: answer, text: early }");
    let ask = ("ask", "{ kind: ask, text: later }");
    let outputs = "outputs: { got: '{{ nodes.ask.text }}' }";
    let program = f.program(&[answer, ask], &["start -> answer -> ask"], outputs).await;
    let submitted = f.submit(&program, Some(Tells::End)).await;
    assert!(submitted.outcome.is_none());
    f.ask.give("later", Ok("x")).await;
    let outcome = submitted.answer.unwrap().await.unwrap();
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({"got": "x"})));
}

#[tokio::test]
async fn a_sender_that_hangs_up_leaves_no_run_behind() {
    let f = Fixture::new().await;
    let program = f.program(&[("ask", "{ kind: ask, text: q }")], &["start -> ask"], "").await;
    for polls in 1.. {
        let mut submitting = Box::pin(f.engine.submit(f.submission(&program, Some(Tells::End))));
        // It goes away while its event is on the way to the disk.
        let mut done = false;
        for _ in 0..polls {
            done |= futures_util::poll!(&mut submitting).is_ready();
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(submitting);
        f.ask.give("q", Ok("1")).await;
        if done {
            break;
        }
    }
    let runs = f
        .store
        .run_list(f.place, store::RunFilter::default(), store::PageRequest { before: None, limit: 100 })
        .await;
    for run in runs.unwrap().items {
        assert_eq!(f.ended(run.id).await.run.status, Status::Succeeded);
    }
}

#[tokio::test]
async fn two_answers_side_by_side_fail_the_run_and_do_not_leave_it_waiting() {
    // Without time for them before the commit, pure steps start side by side.
    let f = Fixture::with(Options { inline_budget: Duration::ZERO, ..Options::default() }).await;
    let nodes = [("one", "{ kind: answer, text: one }"), ("two", "{ kind: answer, text: two }")];
    let program = f.program(&nodes, &["start -> one", "start -> two"], "").await;
    let run = f.submit(&program, None).await.run;
    let outcome = f.ended(run).await.outcome;
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.error.unwrap().code, "not_allowed");
}

#[tokio::test]
async fn a_step_that_is_late_shows_what_it_worked_on() {
    let f = Fixture::new().await;
    let program = f.program(&[("ask", "{ kind: ask, text: q, timeout: 1ms }")], &["start -> ask"], "").await;
    let run = f.submit(&program, None).await.run;
    let timeline = f.ended(run).await;
    assert_eq!(timeline.outcome.error.unwrap().code, "timeout");
    let shown = timeline.events.into_iter().find_map(|event| match event {
        Event::StepFailed { input, .. } => input,
        _ => None,
    });
    assert_eq!(shown.as_deref(), Some(&json!({ "asked": "q" })));
}

#[tokio::test]
async fn failed_tries_are_repeated_and_then_fail_the_run() {
    let f = Fixture::new().await;
    let ask = ("ask", "{ kind: ask, text: q, retry: { max: 1, backoff: 1ms } }");
    let program = f.program(&[ask], &["start -> ask"], "").await;
    let submitted = f.submit(&program, Some(Tells::Answer)).await;
    f.ask.give("q", Err(NodeError::transient("busy", "The model is busy."))).await;
    f.ask.give("q", Err(NodeError::transient("busy", "The model is busy."))).await;
    let outcome = submitted.answer.unwrap().await.unwrap();
    assert_eq!(outcome.status, Status::Failed);
    let error = outcome.error.unwrap();
    assert_eq!((error.code.as_str(), error.step), ("busy", Some("ask".into())));
    let run = f.store.run_get(f.place.workspace, submitted.run).await.unwrap().unwrap();
    let row = run.error.unwrap();
    assert!(row.contains("busy") && !row.contains("The model"), "no payload lies in the row: {row}");
}

#[tokio::test]
async fn a_long_pause_lets_the_run_go_and_it_comes_back() {
    let f = Fixture::with(Options { release_after: Duration::ZERO, ..Options::default() }).await;
    let ask = ("ask", "{ kind: ask, text: q, retry: { max: 1, backoff: 50ms } }");
    let program = f.program(&[ask], &["start -> ask"], "").await;
    let submitted = f.submit(&program, None).await;
    f.ask.give("q", Err(NodeError::transient("busy", "Busy."))).await;
    f.ask.give("q", Ok("done")).await;
    let timeline = f.ended(submitted.run).await;
    assert_eq!(timeline.run.status, Status::Succeeded);
    assert!(timeline.events.iter().any(|event| matches!(event, Event::PauseEnded { .. })));
}

#[tokio::test]
async fn a_step_that_takes_too_long_fails() {
    let f = Fixture::new().await;
    let ask = ("ask", "{ kind: ask, text: q, timeout: 1ms }");
    let program = f.program(&[ask], &["start -> ask"], "").await;
    let outcome = f.submit(&program, Some(Tells::Answer)).await.answer.unwrap().await.unwrap();
    assert_eq!(outcome.error.unwrap().code, "timeout");
}

#[tokio::test]
async fn a_panic_in_a_step_is_that_steps_failure() {
    let f = Fixture::new().await;
    let program = f.program(&[("say", "{ kind: say, text: panic }")], &["start -> say"], "").await;
    let outcome = f.submit(&program, Some(Tells::Answer)).await.outcome.unwrap();
    assert_eq!(outcome.error.unwrap().code, "internal_error");
}

#[tokio::test]
async fn branches_run_side_by_side() {
    let f = Fixture::new().await;
    let nodes = [
        ("left", "{ kind: ask, text: l }"),
        ("right", "{ kind: ask, text: r }"),
        ("both", "{ kind: say, text: '{{ nodes.left.text }}{{ nodes.right.text }}' }"),
    ];
    let edges = ["start -> left -> both", "start -> right -> both"];
    let program = f.program(&nodes, &edges, "outputs: { got: '{{ nodes.both.text }}' }").await;
    let submitted = f.submit(&program, Some(Tells::Answer)).await;
    f.ask.asked("l").await;
    f.ask.give("r", Ok("2")).await;
    f.ask.give("l", Ok("1")).await;
    let outcome = submitted.answer.unwrap().await.unwrap();
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({"got": "12"})));
}

#[tokio::test]
async fn runs_can_be_cancelled_here_and_while_they_wait() {
    let f = Fixture::with(Options { release_after: Duration::ZERO, ..Options::default() }).await;
    let ask = ("ask", "{ kind: ask, text: q, retry: { max: 1, backoff: 1h } }");
    let program = f.program(&[ask], &["start -> ask"], "").await;
    let here = f.submit(&program, None).await.run;
    f.ask.asked("q").await;
    assert_eq!(f.cancel(here).await, Cancelled::Done);
    assert_eq!(f.ended(here).await.run.status, Status::Cancelled);
    assert_eq!(f.cancel(here).await, Cancelled::Ended);

    f.ask.fail_all();
    let waiting = f.submit(&program, None).await.run;
    f.ask.give("q", Err(NodeError::transient("busy", "Busy."))).await;
    while f.engine.0.hub.control(waiting).is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(f.cancel(waiting).await, Cancelled::Done);
    assert_eq!(f.ended(waiting).await.run.status, Status::Cancelled);
}

#[tokio::test]
async fn beyond_the_bound_runs_are_queued_and_follow() {
    let f = Fixture::with(Options { max_runs: 1, ..Options::default() }).await;
    let program = f.program(&[("ask", "{ kind: ask, text: q }")], &["start -> ask"], "").await;
    let first = f.submit(&program, None).await.run;
    f.ask.asked("q").await;
    let second = f.submit(&program, None).await.run;
    let row = f.store.run_get(f.place.workspace, second).await.unwrap().unwrap();
    assert_eq!(row.status, Status::Queued);
    f.ask.give("q", Ok("1")).await;
    f.ask.give("q", Ok("2")).await;
    assert_eq!(f.result(first).await.status, Status::Succeeded);
    assert_eq!(f.result(second).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_node_that_stood_still_does_nothing_that_another_may_have_done() {
    let f = Fixture::idle(Options { max_runs: 0, ..Options::default() }).await;
    let program = f.program(&[("ask", "{ kind: ask, text: q }")], &["start -> ask"], "").await;
    let shared = &f.engine.0;
    for is_lost in [true, false] {
        let run = f.submit(&program, None).await.run;
        let asked_at = tokio::time::Instant::now();
        let claimed = f.store.run_claim(shared.node, 1, vec![]).await.unwrap()[0];
        // It stands still for longer than its lease, and wakes when that is renewed.
        tokio::time::pause();
        tokio::time::advance(f.store.node_lease()).await;
        tokio::time::resume();
        if is_lost {
            f.store.node_takeover(f.store.ids().next(), true).await.unwrap();
        }
        shared.lease.renew(tokio::time::Instant::now());
        let carried_on = tokio::spawn(dispatch::go_on(Arc::clone(shared), (claimed, asked_at), None, |_| {}));
        if is_lost {
            carried_on.await.unwrap();
            let row = f.store.run_get(f.place.workspace, run).await.unwrap().unwrap();
            assert_eq!((row.status, f.ask.count()), (Status::Queued, 0));
            let again = f.store.run_claim(f.store.ids().next(), 1, vec![]).await.unwrap();
            assert_eq!(again[0].held.id, run, "another node has it");
        } else {
            f.ask.give("q", Ok("1")).await;
            assert_eq!(f.ended(run).await.run.status, Status::Succeeded);
        }
    }
}

#[tokio::test]
async fn a_node_whose_lease_has_ended_holds_nothing_new() {
    let f = Fixture::idle(Options::default()).await;
    let program = f.program(&[("ask", "{ kind: ask, text: q }")], &["start -> ask"], "").await;
    tokio::time::pause();
    tokio::time::advance(f.store.node_lease()).await;
    tokio::time::resume();
    let run = f.submit(&program, None).await.run;
    let row = f.store.run_get(f.place.workspace, run).await.unwrap().unwrap();
    assert_eq!((row.status, f.engine.running(), f.ask.count()), (Status::Queued, 0, 0));
}

#[tokio::test]
async fn a_stop_in_good_order_waits_for_what_is_under_way() {
    let f = Fixture::new().await;
    let program = f.program(&[("ask", "{ kind: ask, text: q }")], &["start -> ask"], "").await;
    let run = f.submit(&program, None).await.run;
    f.ask.asked("q").await;
    let engine = f.engine.clone();
    let stopped = tokio::spawn(async move { engine.stop(Duration::from_secs(20)).await });
    while !*f.engine.0.stopping.borrow() {
        tokio::task::yield_now().await;
    }
    assert!(matches!(f.engine.submit(f.submission(&program, None)).await, Err(Error::Stopping)));
    f.ask.give("q", Ok("1")).await;
    stopped.await.unwrap();
    assert_eq!(f.ended(run).await.run.status, Status::Succeeded);
}

#[tokio::test]
async fn a_replay_is_a_run_of_its_own() {
    let f = Fixture::new().await;
    let program = f.program(&[SAY], &["start -> say"], "outputs: { said: '{{ nodes.say.text }}' }").await;
    let submitted = f.submit(&program, None).await;
    let event = f.store.event_get(f.place.workspace, submitted.event).await.unwrap().unwrap();
    let on = On { version: program.version, elsewhere: None };
    let again = f.engine.replay(f.place, &event, on).await.unwrap();
    assert_ne!(again, submitted.run);
    assert_eq!(f.result(again).await.outputs.as_deref(), Some(&json!({"said": "hi!"})));
    let runs = f.store.run_of_event(f.place.workspace, submitted.event).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [submitted.run, again]);
}

#[tokio::test]
async fn a_run_that_needs_a_newer_build_waits_for_it() {
    let f = Fixture::idle(Options { max_runs: 0, ..Options::default() }).await;
    let program = f.program(&[SAY, ("ask", "{ kind: ask, text: a }")], &["start -> say -> ask"], "").await;
    let run = f.submit(&program, None).await.run;
    let old = f.older_build();
    old.start(Beat::default()).await.unwrap();
    let waits = async {
        loop {
            let run = f.store.run_get(f.place.workspace, run).await.unwrap().unwrap();
            if run.status == Status::Waiting {
                return run;
            }
            tokio::task::yield_now().await;
        }
    };
    let run = tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap();
    assert!(run.wake_at.is_some_and(|at| at > f.store.now()), "it is tried again later: {run:?}");
}
