//! One destination's worker: reads what is due, keeps so many attempts under way, sleeps until the next.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use clock::Timestamp;
use store::{BacklogRequest, DeliveryId, DestinationId, DueDelivery, WorkspaceId};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use crate::{
    Destination, Tripped, Waker,
    attempt::{Fate, Landed, attempt},
    breaker::{Allowed, Breaker, Health},
    drain::{Around, stop},
    pacer::Pacer,
    recovery::Recovery,
    settings::{REREAD, Settings},
    waker::Bell,
};

/// A destination that cannot be sent to (switched off, unusable settings) is looked at again after this.
const CLOSED: Duration = Duration::from_secs(30);

/// The longest that one receiver's `Retry-After` keeps back what is for it; the delivery that got it waits as long as it
/// says, the others find out earlier whether it holds for them.
const ASKED: Duration = Duration::from_secs(60);

/// A worker with nothing to do ends after this, which no limit of calls is longer than.
const IDLE: Duration = Duration::from_secs(60);

/// The pause after the store could not be read or written: it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Deliveries read at once, and how many bytes of them.
const ROWS: usize = 64;
const BYTES: usize = 4 << 20;

/// One destination's worker. It alone on this node sends to that destination.
pub(crate) struct Worker {
    id: DestinationId,
    around: Arc<Around>,
    waker: Waker,
    bell: Arc<Bell>,
    settings: Option<Settings>,
    breaker: Breaker,
    recovery: Recovery,
    pacer: Arc<Pacer>,
    owned_at: Option<Instant>,
    /// Whether another node had it when that was asked last.
    elsewhere: bool,
    /// Told when a destination that another node has may be free.
    freed: watch::Receiver<()>,
    /// Read and not yet begun.
    queue: VecDeque<DueDelivery>,
    /// In the queue or under way: read but to be skipped. Sound because nobody else sends to this destination.
    held: HashSet<DeliveryId>,
    under_way: JoinSet<Landed>,
    /// Whether there may be something due that is not held.
    unread: bool,
    /// When the next delivery that is not due yet will be, as far as is known.
    next: Option<Timestamp>,
    troubles: u32,
    paused_until: Option<Instant>,
}

/// How long a worker may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// Until this, or until something happens.
    Until(Instant),
    /// Until this, whatever is delivered to the destination; only changed settings end it earlier.
    Deaf(Instant),
    /// Until another node may have let go of the destination, or its settings change.
    Elsewhere,
    /// Nothing is left to do.
    Idle,
    /// The destination is no more.
    Gone,
}

impl Worker {
    pub(crate) fn new(id: DestinationId, around: Arc<Around>, (waker, bell): (Waker, Arc<Bell>)) -> Self {
        // What was sent by who was here before is out of every span after the longest.
        let after_another = around.began.elapsed() < IDLE;
        Self {
            id,
            freed: around.freed.subscribe(),
            around,
            waker,
            bell,
            settings: None,
            breaker: Breaker::default(),
            recovery: Recovery::default(),
            pacer: Arc::new(Pacer::new(&[], after_another)),
            owned_at: None,
            elsewhere: false,
            queue: VecDeque::new(),
            held: HashSet::new(),
            under_way: JoinSet::new(),
            unread: true,
            next: None,
            troubles: 0,
            paused_until: None,
        }
    }

    /// Works until there is nothing to do any more, or until it is stopped and what is under way has ended.
    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        loop {
            let rest = match self.pass().await {
                Ok(rest) => rest,
                Err(error) => Rest::Deaf(self.pause(&error)),
            };
            let done = tokio::select! {
                biased;
                () = stop(&mut stopped) => true,
                done = self.rest(rest) => done,
            };
            if done {
                break;
            }
        }
        while let Some(landed) = self.under_way.join_next().await {
            self.land(landed);
        }
    }

    /// Does what can be done now, and says how long to rest.
    async fn pass(&mut self) -> Result<Rest, store::Error> {
        if let Some(until) = self.paused_until.filter(|until| *until > Instant::now()) {
            return Ok(Rest::Deaf(until));
        }
        self.save_breaker().await?;
        if self.next.take_if(|next| *next <= self.around.clock.now()).is_some() {
            self.unread = true;
        }
        if !self.has_work() {
            return Ok(self.until_next());
        }
        let Some(settings) = self.settings().await? else {
            self.drop_queue();
            return Ok(Rest::Gone);
        };
        let Some(destination) = settings.open.clone() else {
            self.drop_queue();
            return Ok(Rest::Deaf(Instant::now() + CLOSED));
        };
        let (workspace, now) = (settings.workspace, self.around.clock.now());
        let most = match self.breaker.allows(now) {
            Allowed::All => destination.concurrency,
            Allowed::One => 1,
            Allowed::NothingUntil(until) => return Ok(Rest::Deaf(Instant::now() + now.until(until))),
        };
        while self.has_work() && self.under_way.len() < most {
            if !self.own(workspace).await? {
                self.drop_queue();
                return Ok(Rest::Elsewhere);
            }
            self.bring_forward().await?;
            if self.unread && self.queue.len() < destination.concurrency {
                self.read(destination.concurrency).await?;
            }
            if let Err(turn) = self.launch(&destination, most) {
                return Ok(Rest::Until(turn.min(Instant::now() + REREAD)));
            }
        }
        Ok(self.until_next())
    }

    /// Rests until something happens. Says whether the worker is done.
    async fn rest(&mut self, rest: Rest) -> bool {
        let until = match rest {
            Rest::Until(at) | Rest::Deaf(at) => at,
            Rest::Elsewhere => Instant::now() + CLOSED,
            Rest::Idle => Instant::now() + IDLE,
            Rest::Gone => return true,
        };
        loop {
            tokio::select! {
                biased;
                Some(landed) = self.under_way.join_next() => {
                    self.land(landed);
                    while let Some(landed) = self.under_way.try_join_next() {
                        self.land(landed);
                    }
                    return false;
                }
                () = self.bell.rung() => {
                    self.unread = true;
                    let changed = self.bell.changed();
                    if changed {
                        self.settings = None;
                    }
                    if changed || !matches!(rest, Rest::Deaf(_) | Rest::Elsewhere) {
                        return false;
                    }
                }
                Ok(()) = self.freed.changed(), if rest == Rest::Elsewhere => return false,
                () = sleep_until(until) => return rest == Rest::Idle,
            }
        }
    }

    fn has_work(&self) -> bool {
        self.unread || !self.queue.is_empty() || self.recovery.has_next()
    }

    /// The destination's settings, not older than they may be; `None` when it is no more.
    async fn settings(&mut self) -> Result<Option<&Settings>, store::Error> {
        if self.settings.as_ref().is_none_or(Settings::is_stale) {
            self.settings = Settings::read(&self.around.store, self.id).await?;
            if let Some(Settings { open: Some(destination), breaker, .. }) = &self.settings {
                let was_open = self.breaker.open().is_some();
                self.breaker.adopt(destination.breaker.clone(), breaker.clone());
                if was_open && self.breaker.open().is_none() {
                    self.recovery.begin();
                }
                self.pacer.change(&destination.pace);
            }
        }
        Ok(self.settings.as_ref())
    }

    /// Stores how the breaker stands, so that it stands so at the next start and at other nodes, and tells of it.
    async fn save_breaker(&mut self) -> Result<(), store::Error> {
        if self.breaker.is_unsaved() {
            let alert = self.breaker.untold().cloned();
            self.around.store.destination_break(self.id, self.breaker.open(), alert).await?;
            self.breaker.saved();
            self.tell_tripped();
        }
        Ok(())
    }

    /// Whether this node may send to the destination; asks the store unless it said so just now.
    async fn own(&mut self, workspace: WorkspaceId) -> Result<bool, store::Error> {
        // A third of a lease cannot pass without the node having had to renew it.
        if self.owned_at.is_some_and(|at| at.elapsed() < self.around.store.node_lease() / 3) {
            return Ok(true);
        }
        let asked_at = Instant::now();
        // What is told from here on may not be known to the store's answer.
        self.freed.mark_unchanged();
        let owned = self.around.store.destination_own(workspace, self.id, self.around.node).await?;
        self.owned_at = owned.then_some(asked_at);
        if std::mem::replace(&mut self.elsewhere, !owned) && owned {
            let pace = self.settings.as_ref().and_then(|settings| settings.open.as_ref());
            self.pacer = Arc::new(Pacer::new(pace.map_or(&[], |destination| &destination.pace), true));
            tracing::info!(destination = %self.id, "deliveries of another node go on here");
        }
        Ok(owned)
    }

    /// Makes due what an outage put off, as far as it may come now.
    async fn bring_forward(&mut self) -> Result<(), store::Error> {
        if self.recovery.has_next() {
            let next = self.recovery.next();
            self.around.store.delivery_hasten(self.id, &next, self.around.clock.now()).await?;
            self.recovery.came(next);
            self.unread = true;
        }
        Ok(())
    }

    /// Reads what is due and not held yet.
    async fn read(&mut self, concurrency: usize) -> Result<(), store::Error> {
        let wanted =
            BacklogRequest { except: self.held.clone(), rows: ROWS.max(2 * concurrency), bytes: BYTES };
        let now = self.around.clock.now();
        let backlog = self.around.store.delivery_backlog(self.id, now, wanted).await?;
        self.unread = backlog.more;
        if !backlog.more {
            self.next = backlog.next;
        }
        self.held.extend(backlog.due.iter().map(|due| due.id));
        self.queue.extend(backlog.due);
        self.troubles = 0;
        Ok(())
    }

    /// Begins as many attempts as may be under way at once, or says when the next may begin.
    fn launch(&mut self, destination: &Arc<Destination>, most: usize) -> Result<(), Instant> {
        while self.under_way.len() < most && !self.queue.is_empty() {
            self.pacer.take()?;
            let Some(due) = self.queue.pop_front() else { break };
            let to = (Arc::clone(destination), Arc::clone(&self.pacer));
            self.under_way.spawn(attempt(Arc::clone(&self.around), to, due));
            metrics::gauge!("linchpin_delivery_under_way").increment(1.0);
        }
        Ok(())
    }

    /// Takes note of an attempt that is over.
    fn land(&mut self, landed: Result<Landed, JoinError>) {
        metrics::gauge!("linchpin_delivery_under_way").decrement(1.0);
        let Landed { id, fate } = match landed {
            Ok(landed) => landed,
            // It stays among the held, so that whatever broke the attempt does not break it again and again.
            Err(error) => {
                return tracing::error!(destination = %self.id, %error, "an attempt ended by a panic");
            }
        };
        self.held.remove(&id);
        match fate {
            Fate::Recorded { next_at, disabled, health, is_of_alert, asked, freed } => {
                self.owned_at = Some(Instant::now());
                self.next = [self.next, next_at].into_iter().flatten().min();
                self.unread |= freed;
                if let Some(asked) = asked {
                    self.pacer.rest(asked.min(ASKED));
                }
                match (&health, next_at, asked) {
                    (Health::Alive, None, _) => self.recovery.answered(id),
                    (Health::Failing(_), Some(_), None) => self.recovery.failed(id),
                    _ => {}
                }
                self.note(health, is_of_alert);
                if disabled {
                    tracing::warn!(destination = %self.id, "a destination switched itself off: its receiver is gone");
                    self.settings = None;
                }
            }
            Fate::Lost => {
                self.owned_at = None;
                self.unread = true;
            }
            Fate::Untried(error) => {
                self.unread = true;
                self.pause(&error);
            }
        }
    }

    /// Takes note of what an attempt says of the receiver.
    fn note(&mut self, health: Health, is_of_alert: bool) {
        let is_alive = health == Health::Alive;
        let moved = self.breaker.note(health, is_of_alert, self.around.clock.now());
        match (moved, self.breaker.open()) {
            (true, None) => self.recovery.begin(),
            (false, None) if is_alive => self.recovery.clear(),
            _ => {}
        }
    }

    fn tell_tripped(&self) {
        let open = self.breaker.open().cloned();
        if let Some(store::Breaker { openings, reason, .. }) = &open {
            tracing::warn!(destination = %self.id, openings, %reason, "a destination's breaker is open");
            metrics::counter!("linchpin_destination_breaker_opened_total").increment(1);
        } else {
            tracing::info!(destination = %self.id, "a destination's breaker is closed");
        }
        // Nobody may be listening, which is no failure.
        let _ = self.around.tripped.send(Tripped { destination: self.id, open });
    }

    /// Pauses after the store could not be read or written. Says until when.
    fn pause(&mut self, error: &store::Error) -> Instant {
        tracing::warn!(destination = %self.id, %error, "deliveries pause, since the store does not answer");
        let until = Instant::now() + (PAUSE * 2_u32.pow(self.troubles.min(8))).min(LONGEST_PAUSE);
        self.troubles += 1;
        self.paused_until = Some(until);
        until
    }

    fn drop_queue(&mut self) {
        for due in self.queue.drain(..) {
            self.held.remove(&due.id);
        }
        self.unread = true;
    }

    fn until_next(&self) -> Rest {
        let (now, clock) = (Instant::now(), &self.around.clock);
        match self.next {
            None if self.under_way.is_empty() && !self.has_work() => Rest::Idle,
            // The clock may be put forward meanwhile, so nobody sleeps very long.
            None => Rest::Until(now + REREAD),
            Some(next) => Rest::Until(now + clock.now().until(next).min(REREAD)),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.waker.left(self.id, &self.bell);
    }
}
