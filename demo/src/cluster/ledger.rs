//! What was asked, accepted, finished and delivered; and what of it is missing.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{import::Owner, receiver::Heard};

/// How a question begins, with its number behind.
pub(crate) const ORDER: &str = "Order ";

#[derive(Default)]
pub(crate) struct Ledger {
    /// Questions by number, each with the event that it was accepted as.
    accepted: BTreeMap<u32, String>,
    /// Answers that said that the question had been accepted before.
    duplicates: usize,
    /// Questions that were not answered at all.
    unanswered: Vec<u32>,
    /// Where each event stands, as the API tells.
    events: HashMap<String, Standing>,
    arrived: Arc<Mutex<Arrived>>,
}

/// What reached the systems outside.
#[derive(Default)]
struct Arrived {
    tickets: Arrivals,
    messages: Arrivals,
    /// Deliveries without a genuine signature.
    forged: usize,
}

struct Standing {
    run: String,
    deliveries: Vec<String>,
}

/// What arrived at one system.
#[derive(Default)]
struct Arrivals {
    all: usize,
    questions: HashSet<u32>,
}

impl Ledger {
    /// An empty one, which also keeps what the systems outside hear.
    pub(crate) fn open(mut heard: mpsc::Receiver<Heard>) -> Self {
        let ledger = Self::default();
        let arrived = Arc::clone(&ledger.arrived);
        // By itself: a system answers only once it was heard.
        tokio::spawn(async move {
            while let Some(heard) = heard.recv().await {
                arrived.lock().hear(&heard);
            }
        });
        ledger
    }

    /// A question was answered with a 2xx.
    pub(crate) fn accept(&mut self, question: u32, event: String, is_duplicate: bool) {
        self.accepted.insert(question, event);
        self.duplicates += usize::from(is_duplicate);
    }

    /// A sender gave up.
    pub(crate) fn give_up(&mut self, question: u32) {
        self.unanswered.push(question);
    }

    /// Asks the API where every event stands.
    pub(crate) async fn look(&mut self, owner: &Owner) -> anyhow::Result<()> {
        let list = "/api/v1/environments/production/events?limit=200";
        let mut page = owner.call("GET", list, None).await?;
        loop {
            for event in page["items"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let deliveries = event["deliveries"].as_array().into_iter().flatten().map(text).collect();
                let standing = Standing { run: text(&event["status"]), deliveries };
                self.events.insert(text(&event["id"]), standing);
            }
            let Some(before) = page["next"].as_str() else { return Ok(()) };
            page = owner.call("GET", &format!("{list}&before={before}"), None).await?;
        }
    }

    /// Questions that were answered, with or without an event.
    pub(crate) fn answered(&self) -> usize {
        self.accepted.len() + self.unanswered.len()
    }

    fn finished(&self) -> usize {
        let accepted = self.accepted.values().filter_map(|event| self.events.get(event));
        accepted.filter(|standing| standing.run == "succeeded").count()
    }

    fn delivered(&self) -> usize {
        let arrived = self.arrived.lock();
        let of = |arrivals: &Arrivals| {
            self.accepted.keys().filter(|question| arrivals.questions.contains(question)).count()
        };
        of(&arrived.tickets) + of(&arrived.messages)
    }

    /// What is wrong; nothing, if nothing was lost and nothing taken twice.
    pub(crate) fn faults(&self) -> Vec<String> {
        let accepted = self.accepted.len();
        let pending = self.events.values().flat_map(|event| &event.deliveries);
        let forged = self.arrived.lock().forged;
        let counts = [
            (self.unanswered.len(), "questions were not answered"),
            (accepted - self.finished(), "accepted events have not finished"),
            (2 * accepted - self.delivered(), "deliveries have not arrived"),
            (
                pending.filter(|state| *state != "delivered").count(),
                "deliveries are not delivered, as the API tells",
            ),
            (
                self.events.len().saturating_sub(accepted),
                "events are not those of a question that was accepted",
            ),
            (forged, "deliveries had no genuine signature"),
        ];
        counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }

    /// The table; with how many requests a node broke off, how often the model was called, and how often for the same.
    pub(crate) fn print(&self, broken_off: usize, (calls, same): (usize, usize)) {
        let line = |what: &str, count: usize, more: &str| println!("  {what:<24} {count:>4}   {more}");
        let again =
            format!("sent to another node, which knew {} by their id: none was taken twice", self.duplicates);
        let Arrived { tickets, messages, .. } = &*self.arrived.lock();
        let genuine = format!("each with a genuine signature; {}", tickets.repeats());
        line("events accepted", self.accepted.len(), "each was answered with a 2xx");
        line("broken off by the kill", broken_off, &again);
        line("runs finished", self.finished(), "as the API tells");
        line("tickets arrived", tickets.questions.len(), &genuine);
        line("chat messages arrived", messages.questions.len(), &messages.repeats());
        line("calls of the model", calls, &format!("{same} were under way at the kill, and made again"));
    }

    /// The one line of it.
    pub(crate) fn sum(&self) -> String {
        let (accepted, finished, delivered) = (self.accepted.len(), self.finished(), self.delivered());
        format!("{accepted} events accepted, {finished} finished, {delivered} deliveries arrived")
    }
}

impl Arrived {
    fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Took { system: "chat robot", text, .. } => self.messages.add(text),
            Heard::Took { text, .. } => self.tickets.add(text),
            Heard::Signature(false) => self.forged += 1,
            Heard::Signature(true) | Heard::Refused { .. } => {}
        }
    }
}

impl Arrivals {
    fn add(&mut self, text: &str) {
        self.all += 1;
        self.questions.extend(number(text));
    }

    fn repeats(&self) -> String {
        match self.all - self.questions.len() {
            0 => "none came twice".to_owned(),
            repeats => format!("{repeats} came twice"),
        }
    }
}

/// The number of the question that a text quotes.
fn number(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once(ORDER)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(system: &'static str, question: u32) -> Heard {
        Heard::Took {
            system,
            id: "d1".to_owned(),
            text: format!("high priority: {ORDER}{question}: it leaks"),
        }
    }

    /// One question that came to its end.
    fn whole() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.accept(7, "event".to_owned(), false);
        let deliveries = vec!["delivered".to_owned(); 2];
        ledger.events.insert("event".to_owned(), Standing { run: "succeeded".to_owned(), deliveries });
        ledger.arrived.lock().hear(&took("chat robot", 7));
        ledger.arrived.lock().hear(&took("ticket system", 7));
        ledger
    }

    #[test]
    fn nothing_is_wrong_when_everything_arrived_even_twice() {
        let ledger = whole();
        ledger.arrived.lock().hear(&took("ticket system", 7));
        assert_eq!(ledger.faults(), Vec::<String>::new());
        assert_eq!(ledger.sum(), "1 events accepted, 1 finished, 2 deliveries arrived");
        let arrived = ledger.arrived.lock();
        let repeats = [arrived.tickets.repeats(), arrived.messages.repeats()];
        assert_eq!(repeats, ["1 came twice", "none came twice"]);
    }

    #[test]
    fn whatever_is_missing_is_named() {
        let faulty = |harm: fn(&mut Ledger)| {
            let mut ledger = whole();
            harm(&mut ledger);
            ledger.faults().join("; ")
        };
        assert_eq!(faulty(|ledger| ledger.give_up(8)), "1 questions were not answered");
        assert!(faulty(|ledger| ledger.events.clear()).starts_with("1 accepted events have not finished"));
        assert!(
            faulty(|ledger| ledger.arrived.lock().messages = Arrivals::default())
                .starts_with("1 deliveries have not arrived")
        );
        assert!(
            faulty(|ledger| ledger.arrived.lock().hear(&Heard::Signature(false)))
                .contains("no genuine signature")
        );
        let again = |ledger: &mut Ledger| {
            let standing = Standing { run: "succeeded".to_owned(), deliveries: vec!["pending".to_owned()] };
            ledger.events.insert("another".to_owned(), standing);
        };
        let said = faulty(again);
        assert!(
            said.contains("1 deliveries are not delivered") && said.contains("1 events are not those"),
            "{said}"
        );
    }
}
