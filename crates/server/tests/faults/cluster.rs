//! Three nodes on one PostgreSQL, each by a line of its own, that wake each other over NATS; and what can be done to them.

use std::{path::Path, time::Duration};

use axum::http::Method;
use tokio::time::{Instant, sleep};

use crate::{
    postgres::Postgres,
    proxy::{Line, Proxy},
    support::{Home, Http, Server, eventually},
};

/// How long a node may be silent before the others take over what it holds.
pub(crate) const LEASE: Duration = Duration::from_secs(1);

/// How many nodes there are.
pub(crate) const NODES: usize = 3;

/// By how many seconds their clocks are ahead.
const CLOCKS: [&str; NODES] = ["3600", "0", "-3600"];

/// The cluster. Its nodes' logs are kept when a test fails.
pub(crate) struct Cluster<'p> {
    pub(crate) nodes: Vec<Node>,
    postgres: &'p Postgres,
    home: Home,
    /// The address of NATS.
    bus: String,
}

/// A node.
pub(crate) struct Node {
    pub(crate) server: Server,
    line: Proxy,
    start: Start,
    /// When it woke after it had stood still.
    pub(crate) woken: Vec<Instant>,
    /// What it logged before it was started anew.
    past: String,
}

/// How a node is started.
struct Start {
    home: Home,
    variables: [(&'static str, String); 2],
    clock: &'static str,
}

impl<'p> Cluster<'p> {
    /// Starts the first node, in a schema of its own.
    pub(crate) async fn start(postgres: &'p Postgres, bus: String) -> Self {
        let home = Home::on(Some(&postgres.url()));
        let mut cluster = Self { nodes: Vec::new(), postgres, home, bus };
        cluster.join().await;
        cluster
    }

    /// Starts the other nodes. They know from the start what was set up on the first.
    pub(crate) async fn grow(&mut self) {
        while self.nodes.len() < NODES {
            self.join().await;
        }
    }

    async fn join(&mut self) {
        let line = Proxy::to(&self.postgres.address()).await;
        let database = line.url(&self.home.database().unwrap());
        let start = Start {
            home: self.home.clone(),
            variables: [("LINCHPIN_DATABASE__URL", database), ("LINCHPIN_BUS__NATS_URL", self.bus.clone())],
            clock: CLOCKS[self.nodes.len()],
        };
        let server = start.server().await;
        self.nodes.push(Node { server, line, start, woken: Vec::new(), past: String::new() });
    }

    pub(crate) fn servers(&self) -> impl Iterator<Item = &Server> {
        self.nodes.iter().map(|node| &node.server)
    }

    /// Waits until every node can use the database.
    pub(crate) async fn calm(&self) {
        for server in self.servers() {
            let url = format!("{}/readyz", server.url);
            eventually("a node is ready", async || {
                (Http::new().call(Method::GET, &url, &[], "").await.status == 200).then_some(())
            })
            .await;
        }
    }
}

impl Node {
    /// It is killed, and starts again after a while.
    pub(crate) async fn kill(&mut self, away: Duration) {
        self.server.die().await;
        sleep(away).await;
        self.start_again().await;
    }

    /// It stops in good order, and starts again.
    pub(crate) async fn drain(&mut self) {
        self.server.terminate();
        let ended = self.server.ended().await;
        assert!(ended.success(), "{ended}: {}", self.server.log());
        self.start_again().await;
    }

    /// It stands still for a while, as when its machine is moved.
    pub(crate) async fn pause(&mut self, how_long: Duration) {
        self.server.pause();
        sleep(how_long).await;
        self.woken.push(Instant::now());
        self.server.resume();
    }

    /// Its line to the database does this for a while.
    pub(crate) async fn disturb(&self, line: Line, how_long: Duration) {
        self.line.turn(line);
        sleep(how_long).await;
        self.line.turn(Line::Open);
    }

    /// All that it logged.
    pub(crate) fn log(&self) -> String {
        format!("{}{}", self.past, self.server.log())
    }

    async fn start_again(&mut self) {
        let before = std::mem::replace(&mut self.server, self.start.server().await);
        self.past += &before.log();
    }
}

impl Start {
    /// Starts a server as a supervisor does: again and again while the database is not there.
    async fn server(&self) -> Server {
        eventually("a node starts", async || {
            let mut launch = self.home.serve().arguments(&["--clock-ahead", self.clock]);
            for (name, value) in &self.variables {
                launch = launch.variable(name, value);
            }
            launch.try_start().await.ok()
        })
        .await
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (nth, node) in self.nodes.iter().enumerate() {
                let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("node-{nth}.log"));
                std::fs::write(&path, node.log()).unwrap();
                println!("what node {nth} logged is in {}", path.display());
            }
        }
    }
}
