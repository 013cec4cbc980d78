//! Shows that nothing is lost: three nodes on one PostgreSQL behind a proxy, a stream of customers' questions, and
//! one node killed in the midst of it.

mod ledger;
mod model;
mod node;
mod proxy;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    Demo,
    import::{self, Owner},
    receiver::Receiver,
    shop,
};
use ledger::{Ledger, ORDER};
use model::{Model, THINKING};
use node::{Common, LEASE, Node};
use proxy::Proxy;

/// How many nodes there are, and which of them is killed.
const NODES: usize = 3;
const DIES: usize = 2;

/// How many questions come, how often, and when the node is killed.
const QUESTIONS: u32 = 300;
const EVERY: Duration = Duration::from_millis(50);
const KILLED_AFTER: Duration = Duration::from_secs(4);

/// How long a sender tries to get an answer, and what it waits before it tries again.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// How long after the last answer everything must have arrived.
const SETTLED: Duration = Duration::from_secs(60);

/// What customers ask about.
const TROUBLES: [&str; 5] = [
    "my machine shows E3, what can I do?",
    "how do I set the water hardness?",
    "there is water under the machine.",
    "the milk foam is too thin.",
    "保修期是多久？",
];

/// One question's way into the cluster.
struct Asked {
    question: u32,
    /// The event that it was accepted as, and whether it had been accepted before; `None` when nobody answered.
    accepted: Option<(String, bool)>,
}

/// Everything that is up, and what has been seen of it.
struct Show {
    began: Instant,
    nodes: Vec<Node>,
    proxy: Arc<Proxy>,
    owner: Owner,
    ledger: Ledger,
    killed: Option<Instant>,
}

/// Shows it on an empty database; fails when something was lost.
pub(crate) async fn show(demo: &Demo, database: &str) -> anyhow::Result<()> {
    let (linchpin, folder, models) = (demo.linchpin.as_path(), demo.data.as_path(), demo.models.as_path());
    let common = Common { linchpin, models, folder, database, proxy: demo.listen };
    let nodes = start(&common).await?;
    let proxy = Proxy::start(demo.listen, nodes.iter().map(|node| node.process.address).collect()).await?;
    println!("  proxy   http://{}  passes each request to the next of them", demo.listen);
    let model = Model::start().await?;
    let (receiver, heard) = Receiver::start().await?;
    let owner = Owner::set_up(demo.listen, &node::said(folder, 1)).await?;
    stand_in(&owner, &model).await?;
    // All customers come from one address here.
    let limits = json!({ "limits": { "client_rate": { "requests": 100, "per": "1s", "burst": 200 } } });
    let source = import::example(&owner, (linchpin, &demo.example), &receiver, limits).await?;

    let (a_second, thinking) = (1000 / EVERY.as_millis(), THINKING.as_secs());
    println!(
        "\n{QUESTIONS} customers ask, {a_second} a second; a stand-in for the model takes {thinking} s for each.\n"
    );
    let (began, ledger) = (Instant::now(), Ledger::open(heard));
    let mut show = Show { began, nodes, proxy, owner, ledger, killed: None };
    tokio::select! {
        seen = show.watch((demo.listen, source.path)) => seen?,
        _ = tokio::signal::ctrl_c() => bail!("it was broken off"),
    }
    println!();
    show.ledger.print(show.proxy.broken_off(), model.calls());
    let faults = show.ledger.faults();
    ensure!(faults.is_empty(), "{}, but: {}", show.ledger.sum(), faults.join("; "));
    println!("\n{}: nothing was lost.", show.ledger.sum());
    println!("\nThe console: {}", show.owner.login_link().await?);
    if !demo.once {
        println!("The nodes that are left stay up until you press Ctrl+C.");
        tokio::signal::ctrl_c().await?;
    }
    for node in show.nodes {
        node.process.end().await?;
    }
    Ok(())
}

/// Starts the nodes: the first alone, since it makes the tables and says who may make the owner.
async fn start(common: &Common<'_>) -> anyhow::Result<Vec<Node>> {
    let mut nodes = Vec::new();
    println!(
        "{NODES} nodes on one PostgreSQL. One that is silent for {LEASE} is taken for dead: others take over what it holds."
    );
    for number in 1..=NODES {
        let node = Node::start(number, common).await?;
        let ms = node.process.started_in.as_millis();
        println!("  {}  http://{}  answers after {ms} ms", node.name, node.process.address);
        nodes.push(node);
    }
    Ok(nodes)
}

/// Lets the model `default` be the stand-in.
async fn stand_in(owner: &Owner, model: &Model) -> anyhow::Result<()> {
    let provider = json!({ "config": { "base_url": model.url, "concurrency": 64 } });
    owner.call("PUT", "/api/v1/providers/stand-in", Some(&provider)).await?;
    let model = json!({ "provider": "stand-in", "purpose": "chat", "model": "stand-in" });
    owner.call("PUT", "/api/v1/models/default", Some(&model)).await.map(drop)
}

impl Show {
    async fn watch(&mut self, hook: (SocketAddr, String)) -> anyhow::Result<()> {
        self.stream(hook).await?;
        self.settle().await
    }

    /// Sends the questions at their times, kills a node, and waits until each question is answered.
    async fn stream(&mut self, (proxy, path): (SocketAddr, String)) -> anyhow::Result<()> {
        let mut next = tokio::time::interval(EVERY);
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let (mut asked, mut under_way) = (0, JoinSet::new());
        while asked < QUESTIONS || !under_way.is_empty() {
            tokio::select! {
                _ = next.tick(), if asked < QUESTIONS => {
                    asked += 1;
                    under_way.spawn(ask(proxy, path.clone(), asked));
                    if asked == QUESTIONS {
                        self.say("the last question is asked");
                    }
                }
                Some(done) = under_way.join_next() => self.answered(done?),
                _ = look.tick() => self.look(asked).await?,
            }
        }
        self.say("every question is answered");
        Ok(())
    }

    fn say(&self, what: &str) {
        println!("{:>8.1} s  {what}", self.began.elapsed().as_secs_f64());
    }

    fn answered(&mut self, Asked { question, accepted }: Asked) {
        match accepted {
            Some((event, is_duplicate)) => self.ledger.accept(question, event, is_duplicate),
            None => self.ledger.give_up(question),
        }
    }

    /// Kills a node when it is time, and tells when another takes over.
    async fn look(&mut self, asked: u32) -> anyhow::Result<()> {
        if self.killed.is_none() && self.began.elapsed() >= KILLED_AFTER {
            let node = self.nodes.remove(DIES - 1);
            node.process.end().await?;
            self.killed = Some(Instant::now());
            let answered = self.ledger.answered();
            self.say(&format!(
                "{} is killed (kill -9): {asked} asked, {answered} answered so far",
                node.name
            ));
        }
        let Some(killed) = self.killed else { return Ok(()) };
        let mut takeovers = Vec::new();
        for node in &mut self.nodes {
            let runs = node.took_over()?;
            let after = killed.elapsed().as_secs_f64();
            takeovers.extend(
                (runs > 0)
                    .then(|| format!("{} took over {runs} runs, {after:.1} s after the kill", node.name)),
            );
        }
        for takeover in takeovers {
            self.say(&takeover);
        }
        Ok(())
    }

    /// Waits until everything has arrived, or the time is up.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + SETTLED;
        loop {
            let seen = self.ledger.look(&self.owner).await;
            if seen.is_ok() && self.ledger.faults().is_empty() {
                self.say("every delivery has arrived");
                return Ok(());
            }
            if Instant::now() >= until {
                return seen;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Asks one question until it is answered with a 2xx: under the same id each time, so that it is taken once.
async fn ask(proxy: SocketAddr, path: String, question: u32) -> Asked {
    let trouble = TROUBLES[question as usize % TROUBLES.len()];
    let query = format!("{ORDER}{question}: {trouble}");
    let body = json!({ "query": query, "user_id": format!("customer-{question}") });
    let id = format!("msg_demo_{question}");
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Ok(Some(accepted)) = post(proxy, &path, (&id, &body)).await {
            return Asked { question, accepted: Some(accepted) };
        }
        tokio::time::sleep(PAUSE).await;
    }
    Asked { question, accepted: None }
}

/// The event of a 2xx, and whether it had been accepted before; nothing for any other answer.
async fn post(
    proxy: SocketAddr,
    path: &str,
    question: (&str, &Value),
) -> anyhow::Result<Option<(String, bool)>> {
    let answer = shop::post(proxy, path, question).await?;
    let header =
        |name: &str| answer.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let is_duplicate = header("linchpin-duplicate").is_some();
    let event = header("linchpin-event").filter(|_| (200..300).contains(&answer.status));
    Ok(event.map(|event| (event.to_owned(), is_duplicate)))
}
