//! Kill -9 at random, under load.

use std::time::{Duration, Instant};

use clock::Random;

use crate::{books::Promised, outside::Outside, senders::Senders, support::Home, ticks::Ticks};

/// Connections that send all the time.
const CONNECTIONS: usize = 12;

/// How often the server is killed; `KILLS_FOR_TESTS` says otherwise.
const KILLS: usize = 50;

/// The server lives so long at least, and so much longer at most: long enough that no run dies with it so
/// often that it is parked.
const LIFE_MS: u16 = 200;
const LONGER_MS: u16 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_committed_is_repeated_however_often_it_is_killed() {
    let kills = std::env::var("KILLS_FOR_TESTS").map_or(KILLS, |kills| kills.parse().unwrap());
    let (home, outside, random) = (Home::new(), Outside::start().await, Random::system());
    let mut server = home.serve().start().await;
    let owner = outside.set_up(&server).await;
    let senders = Senders::new(&owner).await;
    let ticks = Ticks::start(&owner).await;
    let sending: Vec<_> = (0..CONNECTIONS)
        .map(|nth| {
            let senders = senders.clone();
            tokio::spawn(async move { senders.send_on(nth).await })
        })
        .collect();
    let begun = Instant::now();
    for _ in 0..kills {
        let life = LIFE_MS + u16::from_le_bytes(random.bytes()) % LONGER_MS;
        tokio::time::sleep(Duration::from_millis(life.into())).await;
        server.kill().await;
        server = home.serve().start().await;
        senders.turn_to([&server]);
    }
    senders.stop();
    for sender in sending {
        sender.await.unwrap();
    }
    let killed_for = begun.elapsed();
    senders.repeat(usize::MAX).await;
    let owner = owner.at(&server);
    let ticks = ticks.stop(&owner).await;
    let sum = outside.balance(&owner, Promised { taken: senders.taken(), ticks, woken: Vec::new() }).await;
    println!("{kills} kills in {killed_for:?}, balanced after {:?}: {sum:?}", begun.elapsed());
    assert!(
        sum.events >= 4 * kills && sum.repeated_calls > 0 && sum.ticks > 0,
        "too little was going on to prove anything: {sum:?}"
    );
}
