//! A crash at each of the product's crash points, one after another.

use std::os::unix::process::ExitStatusExt;

use faults::CrashPoint;
use futures_util::{StreamExt, future::join_all, stream};

use crate::{
    outside::Outside,
    senders::Senders,
    support::{Home, within},
};

/// Events that are sent at once; with one place for a run, most of them are queued first.
const EVENTS: usize = 8;

/// Servers that crash at the same time.
const AT_ONCE: usize = 3;

/// SIGABRT.
const ABORTED: i32 = 6;

#[tokio::test]
async fn nothing_is_lost_and_nothing_committed_is_repeated_at_any_crash_point() {
    // At the first time, and in the middle of things.
    let crashes = CrashPoint::ALL.into_iter().flat_map(|point| [(point, 1), (point, 3)]);
    let survived = stream::iter(crashes).map(|(point, nth)| survive(point, nth)).buffer_unordered(AT_ONCE);
    assert_eq!(survived.count().await, 2 * CrashPoint::ALL.len());
}

/// Sends events to a server that dies at a point, starts it anew, and goes through the books.
async fn survive(point: CrashPoint, nth: u32) {
    let (home, outside) = (Home::new(), Outside::start().await);
    let server = home.serve().start().await;
    let owner = outside.set_up(&server).await;
    let senders = Senders::new(&owner).await;
    server.kill().await;

    let armed = format!("{point:?}:{nth}");
    let armed = home.serve().arguments(&["--crash-at", &armed]).variable("LINCHPIN_ENGINE__MAX_RUNS", "1");
    let mut armed = armed.start().await;
    senders.turn_to([&armed]);
    let sending = tokio::spawn({
        let senders = senders.clone();
        async move { join_all((0..EVENTS).map(|_| senders.send(0))).await }
    });
    let limit = std::time::Duration::from_secs(20);
    let what = format!("the crash point {point:?} is hit {nth} times");
    let died = within(limit, &what, async || armed.has_ended()).await;
    assert_eq!(died.signal(), Some(ABORTED), "{point:?}: {}", armed.log());

    let server = home.serve().start().await;
    senders.turn_to([&server]);
    sending.await.unwrap_or_else(|error| panic!("after {point:?}: {error}"));
    let sum = outside.balance(&owner.at(&server), senders.taken()).await;
    assert_eq!(sum.events, EVENTS, "{point:?}");
    assert!(
        sum.repeated_calls <= repeats_allowed(point),
        "{point:?}: what was committed is repeated: {sum:?}"
    );
    senders.check_files(&owner.at(&server)).await;
    senders.repeat(usize::MAX).await;
    println!("{point:?}:{nth}: {sum:?}");
}

/// How many calls may be made again after a crash: with one place for a run, the one in flight, and none
/// where nothing was in flight.
const fn repeats_allowed(point: CrashPoint) -> usize {
    match point {
        CrashPoint::AfterClaim | CrashPoint::AfterStepCommit | CrashPoint::AfterRunEnd => 0,
        _ => 1,
    }
}
