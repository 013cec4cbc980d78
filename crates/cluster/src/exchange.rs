//! Who hears what: callers, viewers and readers here of other nodes' runs, and those of other nodes of the runs here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use delivery::Settled;
use engine::{Advance, Call, Engine, Outcome, Update};
use parking_lot::Mutex;
use store::{NodeId, Place, RunId};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc,
    },
    task::JoinHandle,
};

use crate::{
    mesh::{Heard, Mesh},
    said::{Said, Wanted},
    wishes::Wishes,
};

/// What may lie between two nodes and their viewers before some is missed.
const BACKLOG: usize = 1024;

/// Calls that are told in one word.
const CALLS: usize = 256;

/// Runs that are named in one word, so that it is short enough for every road.
const NAMED: usize = 8192;

/// What happens on this node.
pub struct Local {
    /// Its runs.
    pub engine: Engine,
    /// Its deliveries.
    pub settled: broadcast::Receiver<Settled>,
}

/// Exchanges what happens with the other nodes, until it is dropped.
pub struct Exchange {
    board: Arc<Board>,
    task: JoinHandle<()>,
}

/// What viewers here watch, and what they are told.
struct Board {
    mesh: Mesh,
    updates: broadcast::Sender<Update>,
    settled: broadcast::Sender<Settled>,
    /// How many viewers watch each place.
    watched: Mutex<HashMap<Place, usize>>,
}

/// What happens on the other nodes in a place, as long as it is kept.
pub struct Watch {
    /// In runs; of other places as well, when others watch them.
    pub updates: broadcast::Receiver<Update>,
    /// To deliveries; of other places as well.
    pub settled: broadcast::Receiver<Settled>,
    /// Ends the watch with its drop.
    pub guard: Watching,
}

/// A viewer that watches a place.
pub struct Watching {
    board: Arc<Board>,
    place: Place,
}

impl Exchange {
    /// Begins to exchange by these links. It runs on the tokio runtime that this is called on.
    pub fn start(local: Local, mut mesh: Mesh) -> Self {
        let heard = mesh.hear();
        let board = Arc::new(Board {
            mesh,
            updates: broadcast::Sender::new(BACKLOG),
            settled: broadcast::Sender::new(BACKLOG),
            watched: Mutex::default(),
        });
        let exchanging = Exchanging { board: Arc::clone(&board), local, wishes: Wishes::default() };
        Self {
            board,
            task: tokio::spawn(async move {
                if let Some(heard) = heard {
                    exchanging.run(heard).await;
                }
            }),
        }
    }

    /// Watches what happens on the other nodes in a place.
    pub fn watch(&self, place: Place) -> Watch {
        let board = Arc::clone(&self.board);
        let (updates, settled) = (board.updates.subscribe(), board.settled.subscribe());
        let mut watched = board.watched.lock();
        let viewers = watched.entry(place).or_default();
        *viewers += 1;
        // Said under the lock, so that the beginning and the end of a watch are heard in their order.
        if *viewers == 1 {
            board.mesh.tell_all(&Said::Want(Wanted { places: vec![place], ..Wanted::default() }));
        }
        drop(watched);
        Watch { updates, settled, guard: Watching { board, place } }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watched = self.board.watched.lock();
        let Some(viewers) = watched.get_mut(&self.place) else { return };
        *viewers -= 1;
        if *viewers == 0 {
            watched.remove(&self.place);
            let places = vec![self.place];
            self.board.mesh.tell_all(&Said::Enough(Wanted { places, ..Wanted::default() }));
        }
    }
}

struct Exchanging {
    board: Arc<Board>,
    local: Local,
    wishes: Wishes,
}

/// What happens here, as far as somebody elsewhere wants to know.
struct Happening {
    outcomes: Option<broadcast::Receiver<(RunId, Outcome)>>,
    updates: Option<broadcast::Receiver<Update>>,
    settled: Option<broadcast::Receiver<Settled>>,
}

impl Exchanging {
    async fn run(mut self, mut heard: mpsc::Receiver<Heard>) {
        let mut calls = self.local.engine.calls();
        let mut moved = self.local.engine.moved();
        let mut happening = Happening { outcomes: None, updates: None, settled: None };
        loop {
            tokio::select! {
                word = heard.recv() => match word {
                    Some(word) => self.hear(word),
                    None => return,
                },
                call = calls.recv() => match call {
                    Ok(call) => self.call(call, &mut calls),
                    // Some were missed: everything is said again.
                    Err(RecvError::Lagged(_)) => self.say_wanted(|said| self.board.mesh.tell_all(said)),
                    Err(RecvError::Closed) => return,
                },
                run = moved.recv() => match run {
                    Ok(run) => self.tell_news(run),
                    Err(RecvError::Lagged(_)) => {
                        self.wishes.followed().into_iter().for_each(|run| self.tell_news(run));
                    }
                    Err(RecvError::Closed) => return,
                },
                (run, outcome) = next(&mut happening.outcomes) => {
                    self.board.mesh.tell(&self.wishes.of_run(run), &Said::Outcome { run, outcome });
                }
                update = next(&mut happening.updates) => {
                    self.board.mesh.tell(&self.wishes.of_place(update.place), &Said::Update(update));
                }
                settled = next(&mut happening.settled) => {
                    self.board.mesh.tell(&self.wishes.of_place(settled.place), &Said::Settled(settled));
                }
            }
            self.listen_for(&mut happening);
        }
    }

    /// Listens to what happens here only while somebody elsewhere wants to know: it costs the runs something.
    fn listen_for(&self, happening: &mut Happening) {
        let Happening { outcomes, updates, settled } = happening;
        let Local { engine, settled: own } = &self.local;
        keep(outcomes, self.wishes.any_run(), || engine.outcomes());
        keep(updates, self.wishes.any_place(), || engine.updates().subscribe());
        keep(settled, self.wishes.any_place(), || own.resubscribe());
    }

    fn hear(&mut self, word: Heard) {
        let engine = &self.local.engine;
        match word {
            Heard::Reached(node) => self.tell_everything(node),
            Heard::Missed => self.board.mesh.tell_all(&Said::Missed),
            Heard::Left(link) => unfollow(engine, self.wishes.forget(link)),
            Heard::Said { link, from, said } => match said {
                Said::All(wanted) => {
                    let followed = wanted.followed.clone();
                    unfollow(engine, self.wishes.set(link, from, wanted));
                    self.follow(from, followed);
                }
                Said::Want(wanted) => {
                    let followed = wanted.followed.clone();
                    self.wishes.add(link, from, wanted);
                    self.follow(from, followed);
                }
                Said::Enough(wanted) => unfollow(engine, self.wishes.remove(link, &wanted)),
                Said::Missed => self.tell_everything(from),
                Said::Outcome { run, outcome } => engine.learn(run, &outcome),
                Said::Advance { run, advance } => engine.learn_advance(run, advance),
                Said::Cancel { run, by } => engine.cancel_here(run, by),
                // Nobody watches any more: then nobody wants to know.
                Said::Update(update) => drop(self.board.updates.send(update)),
                Said::Settled(settled) => drop(self.board.settled.send(settled)),
            },
        }
    }

    /// Tells a node all that is wanted of it, and all that it wants to know of the runs that it follows.
    fn tell_everything(&self, node: NodeId) {
        let to = [node].into();
        self.say_wanted(|said| self.board.mesh.tell(&to, said));
        self.follow(node, self.wishes.followed_at(node));
    }

    /// Readers at a node follow these runs.
    fn follow(&self, node: NodeId, runs: impl IntoIterator<Item = RunId>) {
        for run in runs {
            if !self.wishes.of_followed(run).contains(&node) {
                continue;
            }
            if let Some(advance) = self.local.engine.follow_elsewhere(run, true) {
                self.tell_advance(&[node].into(), run, advance);
            }
        }
    }

    /// Tells how a run here goes on, where it is followed.
    fn tell_news(&self, run: RunId) {
        if let Some(advance) = self.local.engine.news(run) {
            self.tell_advance(&self.wishes.of_followed(run), run, advance);
        }
    }

    fn tell_advance(&self, nodes: &HashSet<NodeId>, run: RunId, advance: Advance) {
        self.board.mesh.tell(nodes, &Said::Advance { run, advance });
    }

    /// Tells the other nodes what callers and readers here want, several in one word.
    fn call(&self, first: Call, calls: &mut broadcast::Receiver<Call>) {
        let (mut want, mut enough) = (Wanted::default(), Wanted::default());
        let mut next = Some(first);
        while let Some(call) = next {
            match call {
                Call::Want(run) => want.runs.push(run),
                Call::Follow(run) => want.followed.push(run),
                Call::Enough(run) => {
                    // Somebody may want it again by now, or never got to be heard.
                    want.runs.retain(|wanted| *wanted != run);
                    enough.runs.push(run);
                }
                Call::Unfollow(run) => {
                    want.followed.retain(|wanted| *wanted != run);
                    enough.followed.push(run);
                }
                Call::Cancel { run, by } => self.board.mesh.tell_all(&Said::Cancel { run, by }),
            }
            let said = [&want.runs, &want.followed, &enough.runs, &enough.followed];
            let is_full = said.into_iter().map(Vec::len).sum::<usize>() >= CALLS;
            next = if is_full { None } else { calls.try_recv().ok() };
        }
        if enough != Wanted::default() {
            self.board.mesh.tell_all(&Said::Enough(enough));
        }
        if want != Wanted::default() {
            self.board.mesh.tell_all(&Said::Want(want));
        }
    }

    /// Says all that callers, viewers and readers here want.
    fn say_wanted(&self, say: impl Fn(&Said)) {
        let engine = &self.local.engine;
        let runs = engine.wanted();
        let mut runs = runs.chunks(NAMED).map(<[RunId]>::to_vec);
        let first = runs.next().unwrap_or_default();
        let places = self.board.watched.lock().keys().copied().collect();
        say(&Said::All(Wanted { runs: first, followed: engine.followed(), places }));
        for runs in runs {
            say(&Said::Want(Wanted { runs, ..Wanted::default() }));
        }
    }
}

/// Nobody at other nodes follows these runs any more.
fn unfollow(engine: &Engine, runs: Vec<RunId>) {
    for run in runs {
        engine.follow_elsewhere(run, false);
    }
}

/// Subscribes when that is wanted and was not, and the other way round.
fn keep<T>(
    receiver: &mut Option<broadcast::Receiver<T>>,
    wanted: bool,
    subscribe: impl FnOnce() -> broadcast::Receiver<T>,
) {
    if wanted != receiver.is_some() {
        *receiver = wanted.then(subscribe);
    }
}

/// What a receiver brings next, if there is one; what it missed is found by looking.
async fn next<T: Clone>(receiver: &mut Option<broadcast::Receiver<T>>) -> T {
    while let Some(receiver) = receiver {
        match receiver.recv().await {
            Ok(next) => return next,
            Err(RecvError::Lagged(missed)) => {
                metrics::counter!("linchpin_cluster_words_lost_total", "why" => "behind").increment(missed);
            }
            Err(RecvError::Closed) => break,
        }
    }
    std::future::pending().await
}
