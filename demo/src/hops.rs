//! Prints every hop as it happens, and knows which are still to come.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use bench::api::Answer;
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{import::Owner, receiver::Heard};

/// How long the whole may take; a small model on a busy machine thinks for a while.
const PATIENCE: Duration = Duration::from_secs(180);

/// Every hop that must happen.
const HOPS: [&str; 10] = [
    "accepted",
    "chunks found",
    "model answered",
    "reply",
    "chat robot refused",
    "ticket system refused",
    "chat robot retried and took it",
    "ticket system retried and took it",
    "signature verified",
    "everything delivered",
];

pub(crate) struct Hops {
    began: Instant,
    heard: mpsc::Receiver<Heard>,
    done: BTreeSet<&'static str>,
    event: Option<String>,
}

impl Hops {
    pub(crate) fn begin(heard: mpsc::Receiver<Heard>) -> Self {
        Self { began: Instant::now(), heard, done: BTreeSet::new(), event: None }
    }

    /// Watches until every hop has happened; names those that did not.
    pub(crate) async fn watch(
        &mut self,
        owner: &Owner,
        mut asked: JoinHandle<anyhow::Result<(Answer, Instant)>>,
    ) -> anyhow::Result<()> {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let mut answered = false;
        while self.done.len() < HOPS.len() {
            if self.began.elapsed() > PATIENCE {
                let missing: Vec<_> = HOPS.iter().filter(|hop| !self.done.contains(*hop)).collect();
                bail!("these hops have not happened after {} s: {missing:?}", PATIENCE.as_secs());
            }
            tokio::select! {
                answer = &mut asked, if !answered => {
                    answered = true;
                    self.reply(answer??)?;
                }
                Some(heard) = self.heard.recv() => self.hear(heard)?,
                _ = look.tick() => self.look(owner).await?,
            }
        }
        Ok(())
    }

    fn hop(&mut self, hop: &'static str, at: Instant, what: &str) {
        if self.done.insert(hop) {
            let ms = at.duration_since(self.began).as_secs_f64() * 1000.0;
            println!("{ms:>9.1} ms  {hop:<34} {what}");
        }
    }

    fn reply(&mut self, (answer, at): (Answer, Instant)) -> anyhow::Result<()> {
        ensure!(answer.status == 200, "the reply was {}: {}", answer.status, answer.body);
        let body: Value = serde_json::from_str(&answer.body)?;
        let said = body["answer"].as_str().unwrap_or_default();
        ensure!(!said.is_empty(), "the reply has no answer: {body}");
        self.hop(
            "reply",
            at,
            &format!(
                "200, urgent: {}, {} sources",
                body["urgent"],
                body["sources"].as_array().map_or(0, Vec::len)
            ),
        );
        Ok(())
    }

    fn hear(&mut self, heard: Heard) -> anyhow::Result<()> {
        let now = Instant::now();
        match heard {
            Heard::Refused { system: "chat robot", how } => self.hop("chat robot refused", now, how),
            Heard::Refused { how, .. } => self.hop("ticket system refused", now, how),
            Heard::Took { system: "chat robot", text, .. } => {
                self.hop("chat robot retried and took it", now, &short(&text));
            }
            Heard::Took { id, text, .. } => {
                self.hop("ticket system retried and took it", now, &format!("{id}, {}", short(&text)));
            }
            Heard::Signature(genuine) => {
                ensure!(genuine, "the ticket system could not verify a signature");
                self.hop("signature verified", now, "by the ticket system, with its own key");
            }
        }
        Ok(())
    }

    /// Looks at the trace, as the console would.
    async fn look(&mut self, owner: &Owner) -> anyhow::Result<()> {
        let now = Instant::now();
        let Some(event) = &self.event else {
            let events = owner.call("GET", "/api/v1/environments/production/events?limit=1", None).await?;
            if let Some(event) = events["items"][0]["id"].as_str() {
                self.event = Some(event.to_owned());
                let event = event.to_owned();
                self.hop("accepted", now, &format!("{event}, on stable storage"));
            }
            return Ok(());
        };
        let trace = owner.call("GET", &format!("/api/v1/events/{event}"), None).await?;
        let run = trace["runs"].get(0).context("the event has no run")?;
        ensure!(run["status"] != "failed", "the run failed: {}", run["error"]);
        if let Some(found) = output(run, "manual") {
            let headings: Vec<_> = found["sources"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|s| s["heading"].as_str())
                .collect();
            self.hop("chunks found", now, &format!("{}: {}", headings.len(), headings.join(", ")));
        }
        if let Some(answer) = output(run, "answer") {
            let said = format!(
                "{}: {}",
                answer["model"].as_str().unwrap_or_default(),
                short(answer["text"].as_str().unwrap_or_default())
            );
            self.hop("model answered", now, &said);
        }
        let deliveries = run["deliveries"].as_array().cloned().unwrap_or_default();
        if deliveries.len() == 2 && deliveries.iter().all(|delivery| delivery["state"] == "delivered") {
            let attempts: usize =
                deliveries.iter().filter_map(|delivery| delivery["attempts"].as_array()).map(Vec::len).sum();
            self.hop("everything delivered", now, &format!("2 deliveries, {attempts} attempts"));
        }
        Ok(())
    }
}

/// The output of a step that has succeeded.
fn output<'t>(run: &'t Value, step: &str) -> Option<&'t Value> {
    let step = run["steps"].as_array()?.iter().find(|known| known["id"] == step)?;
    step["tries"].as_array()?.last().map(|last| &last["output"]).filter(|output| !output.is_null())
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(90).collect();
    if cut.len() < line.len() { cut + "…" } else { cut }
}
