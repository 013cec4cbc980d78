//! Everything that can happen to a cluster, under load.
//!
//! The short form brings each fault once. `STORM_FOR_TESTS` says how many minutes the long one takes, in which they come
//! as chance has it, some together; `SEED_FOR_TESTS` says which chance.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use clock::Random;
use parking_lot::Mutex;
use tokio::time::sleep;

use crate::{
    books::{Promised, Sum},
    cluster::{Cluster, LEASE, NODES, Node},
    nats_server::NatsServer,
    outside::Outside,
    postgres::Postgres,
    proxy::Line,
    senders::Senders,
    support::Home,
    takeovers::{Silence, Takeovers},
    ticks::Ticks,
};

/// Connections that send all the time.
const CONNECTIONS: usize = 12;

/// How long the model thinks: long enough that many runs are under way whenever something happens.
const THINKING: Duration = Duration::from_millis(150);

/// The pause between two faults.
const CALM: Duration = Duration::from_millis(300);

/// Events that are sent once more in the end.
const REPEATS: usize = 300;

/// How often something happens between two looks at the books.
const ROUND: usize = 12;

/// How often, of so many times, something else happens as well.
const TWICE_IN: usize = 3;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// A node is killed.
    Kill,
    /// A node stands still.
    Pause,
    /// A node is stopped in good order.
    Drain,
    /// PostgreSQL crashes.
    Crash,
    /// PostgreSQL is restarted in good order, which ends what is under way there.
    Restart,
    /// A node's line to it breaks.
    Cut,
    /// It is slow.
    Slow,
    /// It swallows what is sent.
    Silence,
    /// NATS is gone for a while, so the nodes do not wake each other by it.
    Nats,
}

/// What the nodes stand on.
struct Ground {
    postgres: Postgres,
    nats: Mutex<NatsServer>,
}

/// What came of it all.
#[derive(Default)]
struct Report {
    sum: Sum,
    faults: BTreeMap<Fault, usize>,
    takeovers: Takeovers,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_loses_nothing_and_repeats_nothing_committed_whatever_fails() {
    if !Home::is_on_postgres() {
        println!("POSTGRES_FOR_TESTS is not set; this test proves nothing");
        return;
    }
    let seed = number("SEED_FOR_TESTS").unwrap_or_else(|| u64::from_le_bytes(Random::system().bytes()));
    println!("SEED_FOR_TESTS={seed}");
    let (random, mut report) = (Random::seeded(seed), Report::default());
    let ground = Ground { postgres: Postgres::start(), nats: Mutex::new(NatsServer::start()) };
    match number("STORM_FOR_TESTS") {
        None => report.round(&ground, &random, Fault::ALL.map(|fault| (fault, None))).await,
        Some(minutes) => {
            let until = Instant::now() + Duration::from_secs(60 * minutes);
            while Instant::now() < until {
                let faults: Vec<_> = (0..ROUND).map(|_| Fault::drawn(&random)).collect();
                report.round(&ground, &random, faults).await;
            }
        }
    }
}

impl Fault {
    const ALL: [Self; 9] = [
        Self::Kill,
        Self::Pause,
        Self::Drain,
        Self::Crash,
        Self::Restart,
        Self::Cut,
        Self::Slow,
        Self::Silence,
        Self::Nats,
    ];

    /// What chance brings: one, and now and then another one with it.
    fn drawn(random: &Random) -> (Self, Option<Self>) {
        let [one, other] = [(); 2].map(|()| Self::ALL[below(random, Self::ALL.len())]);
        // What there is only one of, one thing can happen to.
        let is_of_the_ground = |fault| matches!(fault, Self::Crash | Self::Restart | Self::Nats);
        let together = below(random, TWICE_IN) == 0 && !(is_of_the_ground(one) && is_of_the_ground(other));
        (one, together.then_some(other))
    }

    /// Whether the node is not heard of for longer than its lease.
    const fn silences(self) -> bool {
        matches!(self, Self::Kill | Self::Pause | Self::Cut | Self::Silence)
    }

    /// Comes upon a node, or what all stand on, and goes.
    async fn strike(self, node: &mut Node, Ground { postgres, nats }: &Ground, random: &Random) {
        let long = LEASE + span(random, 500, 2_000);
        match self {
            Self::Kill => node.kill(long).await,
            Self::Pause => node.pause(long).await,
            Self::Drain => node.drain().await,
            Self::Crash => postgres.restart("immediate").await,
            Self::Restart => postgres.restart("fast").await,
            Self::Cut => node.disturb(Line::Cut, long).await,
            Self::Slow => node.disturb(Line::Slow(span(random, 20, 200)), long).await,
            Self::Silence => node.disturb(Line::Silent, long).await,
            Self::Nats => {
                nats.lock().kill();
                sleep(long).await;
                nats.lock().run();
            }
        }
    }
}

impl Report {
    /// Lets these faults come upon a fresh cluster, then goes through the books.
    async fn round(
        &mut self,
        ground: &Ground,
        random: &Random,
        faults: impl IntoIterator<Item = (Fault, Option<Fault>)>,
    ) {
        let bus = ground.nats.lock().url();
        let mut cluster = Cluster::start(&ground.postgres, bus).await;
        let outside = Outside::thinking(THINKING).await;
        let owner = outside.set_up(&cluster.nodes[0].server).await;
        let senders = Senders::new(&owner).await;
        cluster.grow().await;
        senders.turn_to(cluster.servers());
        let ticks = Ticks::start(&owner).await;
        let mut sending: Vec<_> = (0..CONNECTIONS)
            .map(|nth| {
                let senders = senders.clone();
                tokio::spawn(async move { senders.send_on(nth).await })
            })
            .collect();
        let mut silences = Vec::new();
        for (one, other) in faults {
            sleep(CALM).await;
            silences.extend(self.strike(&mut cluster, (one, other), (ground, random)).await);
            senders.turn_to(cluster.servers());
            // One that has ended has failed.
            if let Some(failed) = sending.iter().position(tokio::task::JoinHandle::is_finished) {
                sending.swap_remove(failed).await.unwrap();
            }
        }
        senders.stop();
        for sender in sending {
            sender.await.unwrap();
        }
        cluster.calm().await;
        senders.repeat(REPEATS).await;
        let owner = owner.at(&cluster.nodes[0].server);
        let ticks = ticks.stop(&owner).await;
        let woken = cluster.nodes.iter().flat_map(|node| node.woken.iter().copied()).collect();
        self.sum += outside.balance(&owner, Promised { taken: senders.taken(), ticks, woken }).await;
        self.takeovers.read(&cluster, &silences);
        println!("{self}");
        assert!(
            self.sum.events > 100 && self.sum.repeated_calls > 0 && self.sum.ticks > 30,
            "too little was going on to prove anything"
        );
    }

    /// Lets a fault come upon a node, and another one upon another. Gives which nodes were silent.
    async fn strike(
        &mut self,
        cluster: &mut Cluster<'_>,
        (one, other): (Fault, Option<Fault>),
        (ground, random): (&Ground, &Random),
    ) -> Vec<Silence> {
        let nth = below(random, NODES);
        let next = (nth + 1) % NODES;
        let [node, neighbour] = cluster.nodes.get_disjoint_mut([nth, next]).unwrap();
        let mut silences = Vec::new();
        for (fault, upon) in [(Some(one), nth), (other, next)] {
            let Some(fault) = fault else { continue };
            *self.faults.entry(fault).or_default() += 1;
            silences.extend(fault.silences().then(|| Silence::of(upon)));
        }
        let later = async {
            if let Some(other) = other {
                sleep(span(random, 0, 1_000)).await;
                other.strike(neighbour, ground, random).await;
            }
        };
        tokio::join!(one.strike(node, ground, random), later);
        silences
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sum, faults, takeovers } = self;
        writeln!(f, "{sum}")?;
        writeln!(f, "faults: {faults:?}")?;
        write!(f, "{takeovers}")
    }
}

fn span(random: &Random, from_ms: usize, to_ms: usize) -> Duration {
    Duration::from_millis((from_ms + below(random, to_ms - from_ms)) as u64)
}

fn below(random: &Random, limit: usize) -> usize {
    u32::from_le_bytes(random.bytes()) as usize % limit
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap())
}
