//! Raising alerts: each is an event of every source that takes it, once.
//!
//! What befell a destination is marked as raised when all of these events are committed. Should this node die before, it
//! is raised again, and each event's dedupe key says that it is there already.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use store::{Alert, DedupeClaim, Queue, Source, SourceKind};
use tokio::{sync::watch, time::Instant};

use crate::{AlertRule, Engine, Error, Submission, alert::AlertFacts};

/// Alerts that are read at once.
const PAGE: u32 = 64;

/// How soon it is tried again when the store could not be read or written.
const RETRY: Duration = Duration::from_secs(1);

/// How soon it is looked for what another node has written.
const FALLBACK: Duration = Duration::from_secs(5);

/// For how long an alert is known to have been raised by a source: longer than it takes to mark it.
const KNOWN_FOR: Duration = Duration::from_secs(86_400);

/// Raises alerts as they come, while this node is the scheduler: since when it is, it is told.
pub(super) async fn run(engine: &Engine, mut since: watch::Receiver<Option<Instant>>) {
    let shared = &engine.0;
    loop {
        let is_ours = since.borrow_and_update().is_some_and(|since| shared.lease.has_run_since(since));
        let wait = if is_ours { pass(engine).await } else { FALLBACK };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.alerts.notified() => {}
            changed = since.changed() => if changed.is_err() { return },
        }
    }
}

/// Raises what is pending; gives how long to wait then.
pub(crate) async fn pass(engine: &Engine) -> Duration {
    match raise_all(engine).await {
        Ok(()) => FALLBACK,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "alerts could not be raised and are tried again"
            );
            RETRY
        }
    }
}

async fn raise_all(engine: &Engine) -> Result<(), Error> {
    let store = &engine.0.store;
    loop {
        let pending = store.alert_pending(PAGE).await?;
        for alert in &pending {
            raise(engine, alert).await?;
            store.alert_raised(alert).await?;
        }
        if pending.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// Makes the events of an alert.
///
/// # Errors
/// When one could not be stored. A source that cannot take it is said in the log and left out.
async fn raise(engine: &Engine, alert: &Alert) -> Result<(), Error> {
    let sources = engine.0.store.source_list(alert.place).await?;
    for source in sources.iter().filter(|source| source.kind == SourceKind::Alert && source.enabled) {
        match raise_at(engine, alert, source).await {
            Ok(()) => {}
            Err(error @ (Error::Store(_) | Error::Stopping)) => return Err(error),
            Err(error) => {
                let (source, alert) = (source.id, alert.kind.word());
                tracing::error!(%source, alert, error = &error as &dyn std::error::Error, "a source cannot take an alert");
            }
        }
    }
    Ok(())
}

/// Makes the event of one source, if that takes the alert.
async fn raise_at(engine: &Engine, alert: &Alert, source: &Source) -> Result<(), Error> {
    let shared = &engine.0;
    let wrong = |problem| Error::Source { id: source.id, problem: Box::new(problem) };
    let rule = AlertRule::compile(&source.config).map_err(wrong)?;
    if !rule.takes(alert) {
        return Ok(());
    }
    let serving = shared.store.deployment_of(source.place, source.flow).await?;
    let Some(serving) = serving else {
        tracing::warn!(source = %source.id, alert = alert.kind.word(), "an alert's flow is not deployed");
        return Ok(());
    };
    let program = engine.program(source.place.workspace, serving.version).await?;
    let queues = shared.store.destination_queues(vec![alert.destination]).await?;
    let facts = facts(engine, alert, queues.into_iter().next().unwrap_or_default());
    let input = rule.input(&program.flow.definition().inputs, &facts).map_err(wrong)?;
    let input = serde_json::Value::Object(input);
    let content = serde_json::json!({ "input": input, "alert": facts });
    let received_at = shared.clock.now();
    let submission = Submission {
        place: source.place,
        program: Arc::clone(&program),
        source: Some((source.id, source.name.as_str().into())),
        kind: "alert",
        received_at,
        input,
        content: content.to_string().into(),
        dedupe: Some(DedupeClaim { key: key(alert), expires_at: received_at.after(KNOWN_FOR) }),
        files: Vec::new(),
        tick: None,
        filtered: false,
        until_committed: None,
        waits_for: None,
    };
    engine.submit(submission).await.map(drop)
}

fn facts(engine: &Engine, alert: &Alert, queue: Queue) -> AlertFacts {
    let shared = &engine.0;
    let at = jiff::Timestamp::from_millisecond(alert.at.as_millis()).unwrap_or_default();
    let link = shared.options.public_url.as_ref().map(|url| {
        let environment = &shared.world.surroundings(alert.place).environment;
        format!("{url}/destinations/{}?env={environment}", alert.destination)
    });
    AlertFacts {
        alert: alert.kind,
        destination: alert.name.clone(),
        destination_id: alert.destination.to_string(),
        at: at.to_string(),
        reason: alert.cause.reason.clone(),
        code: alert.cause.code.clone(),
        waiting: queue.pending + queue.blocked,
        dead_letters: queue.dead,
        link: link.unwrap_or_default(),
    }
}

/// The same for the same alert, whoever raises it.
fn key(alert: &Alert) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(alert.destination.as_bytes());
    hash.update(alert.at.as_millis().to_be_bytes());
    hash.update(alert.kind.word());
    let digest: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| digest[at])
}
