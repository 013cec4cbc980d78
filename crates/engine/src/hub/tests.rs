use super::*;

const RUN: RunId = RunId::from_bytes([1; 16]);

fn ended() -> Outcome {
    Outcome { status: Status::Succeeded, response: None, outputs: None, error: None }
}

#[tokio::test]
async fn who_waits_is_told_wherever_the_run_is() {
    let hub = Hub::new();
    let mut calls = hub.calls();
    let elsewhere = hub.wait(RUN, Tells::End).unwrap();
    assert_eq!(calls.recv().await.unwrap(), Call::Want(RUN));
    let also = hub.wait(RUN, Tells::End).unwrap();
    assert!(calls.is_empty(), "it is asked for once");
    assert_eq!(hub.wanted(), [RUN]);
    hub.learn(RUN, &ended());
    assert_eq!(
        (elsewhere.await.unwrap().status, also.await.unwrap().status),
        (Status::Succeeded, Status::Succeeded)
    );
    assert_eq!(calls.recv().await.unwrap(), Call::Enough(RUN));
    assert!(hub.0.runs.lock().is_empty());
}

#[tokio::test]
async fn a_run_that_comes_here_tells_who_waited_before() {
    let hub = Hub::new();
    let mut outcomes = hub.outcomes();
    let waiting = hub.wait(RUN, Tells::End).unwrap();
    let controlled = hub.enter(RUN);
    assert!(hub.is_here(RUN));
    hub.answer(RUN, &ended());
    assert_eq!(waiting.await.unwrap().status, Status::Succeeded);
    assert_eq!(outcomes.recv().await.unwrap().0, RUN, "and other nodes that want to know");
    hub.leave(&controlled);
    assert!(hub.0.runs.lock().is_empty());
}

#[tokio::test]
async fn who_waits_for_a_run_that_is_let_go_is_sent_to_its_row() {
    let hub = Hub::new();
    let calls = hub.calls();
    let controlled = hub.enter(RUN);
    let waiting = hub.wait(RUN, Tells::End).unwrap();
    hub.leave(&controlled);
    assert!(waiting.await.is_err());
    assert!(calls.is_empty(), "nobody was asked");
}

#[test]
fn a_run_that_was_taken_up_again_stays_when_the_old_one_leaves() {
    let hub = Hub::new();
    let old = hub.enter(RUN);
    let new = hub.enter(RUN);
    hub.leave(&old);
    assert!(hub.is_here(RUN) && hub.control(RUN).is_some());
    hub.leave(&new);
    assert!(hub.0.runs.lock().is_empty());
}

#[test]
fn a_caller_that_goes_away_leaves_nothing_behind() {
    let hub = Hub::new();
    let calls = hub.calls();
    drop(hub.wait(RUN, Tells::Answer));
    assert!(hub.0.runs.lock().is_empty());
    assert_eq!(calls.len(), 2, "asked for, and enough");
    let _controlled = hub.enter(RUN);
    drop(hub.wait(RUN, Tells::Answer));
    assert!(hub.is_here(RUN), "the run goes on");
    assert_eq!(calls.len(), 2);
}

#[tokio::test]
async fn who_reads_along_is_told_when_the_run_comes_and_when_it_is_let_go() {
    let hub = Hub::new();
    let mut calls = hub.calls();
    let mut reader = hub.follow(RUN);
    let other = hub.follow(RUN);
    assert_eq!(calls.try_recv(), Ok(Call::Follow(RUN)));
    assert!(calls.is_empty(), "the other nodes are asked once");
    assert_eq!(hub.followed(), [RUN]);
    let controlled = hub.enter(RUN);
    controlled.feed.begin(0);
    assert!(!reader.changed().await);
    hub.leave(&controlled);
    assert!(reader.changed().await);
    reader = hub.follow(RUN);
    drop(other);
    assert!(calls.is_empty() && !reader.is_known());
    drop(reader);
    assert_eq!(calls.try_recv(), Ok(Call::Unfollow(RUN)));
    assert!(hub.0.runs.lock().is_empty());
}

#[test]
fn a_run_that_is_followed_elsewhere_tells_of_itself_once_it_comes_here() {
    let hub = Hub::new();
    let mut moved = hub.moved();
    assert_eq!(hub.follow_elsewhere(RUN, true), None);
    let controlled = hub.enter(RUN);
    controlled.feed.show(Default::default);
    assert_eq!(moved.try_recv(), Ok(RUN));
    hub.leave(&controlled);
    let again = hub.enter(RUN);
    again.feed.show(Default::default);
    assert_eq!(moved.try_recv(), Ok(RUN), "also when it comes again");
    hub.leave(&again);
    assert_eq!(hub.follow_elsewhere(RUN, false), None);
    assert!(hub.0.runs.lock().is_empty());
}

#[test]
fn who_lost_a_run_to_the_same_node_does_not_write_on() {
    let hub = Hub::new();
    let old = hub.enter(RUN);
    let new = hub.enter(RUN);
    assert!(!Arc::ptr_eq(&old.feed, &new.feed));
}
