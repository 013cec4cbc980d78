#![doc = include_str!("help.md")]

use std::{fmt::Write as _, sync::Arc};

use engine::{Node, NodeError, StepContext, StepOutcome};
use flow::{ConfigProblem, Effect, Resource, ResourceKind, Shape, Text};
use knowledge::{Error, Passage, Question};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Search, model};

/// The most excerpts.
const MOST: usize = 50;

/// The most bases of one question.
const BASES: usize = 20;

pub(crate) struct Knowledge {
    pub(crate) library: Arc<dyn Search>,
}

/// A search in knowledge bases.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The knowledge bases, by name.
    #[schemars(length(min = 1, max = BASES), extend("x-widget" = "knowledge-bases"))]
    bases: Vec<String>,
    /// What is searched for, mostly the question itself: `{{ input.query }}`.
    query: Text,
    /// The most excerpts: 1 to 50.
    #[serde(default = "default_top_k")]
    #[schemars(range(min = 1, max = MOST))]
    top_k: usize,
    /// How excerpts are ranked.
    #[serde(default)]
    mode: Mode,
    /// Leaves out excerpts whose score is below this share of the best one's: 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    threshold: Option<f32>,
}

/// How excerpts are ranked.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// By words and by meaning together.
    #[default]
    Hybrid,
    /// By the words they share with the question.
    Keyword,
    /// By meaning alone.
    Vector,
}

const fn default_top_k() -> usize {
    4
}

impl From<Mode> for knowledge::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::default(),
            Mode::Keyword => Self::Keyword,
            Mode::Vector => Self::Vector,
        }
    }
}

impl Node for Knowledge {
    const KIND: &'static str = "knowledge";
    // The question's embedding may cost something, and a base that changes would answer otherwise.
    const EFFECT: Effect = Effect::Recorded;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn check(config: &Config) -> Vec<ConfigProblem> {
        let problem = |field: &str, reason: String| ConfigProblem { field: field.into(), reason };
        let mut problems = Vec::new();
        if !(1..=BASES).contains(&config.bases.len()) {
            problems.push(problem("bases", format!("there are 1 to {BASES} bases")));
        }
        if !(1..=MOST).contains(&config.top_k) {
            problems.push(problem("top_k", format!("it lies between 1 and {MOST}")));
        }
        if config.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            problems.push(problem("threshold", "it lies between 0 and 1".to_owned()));
        }
        problems
    }

    fn output(_: &Config) -> Shape {
        Shape::of(&["context", "sources", "chunks"])
    }

    fn resources(config: &Config) -> Vec<Resource> {
        let resource = |(at, name): (usize, &String)| Resource {
            kind: ResourceKind::KnowledgeBase,
            name: name.clone(),
            field: format!("bases[{at}]"),
        };
        config.bases.iter().enumerate().map(resource).collect()
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let query = context.text(&config.query)?;
        context.works_on(json!({ "query": query, "bases": config.bases }));
        let question = Question {
            bases: config.bases.clone(),
            text: query,
            mode: config.mode.into(),
            top_k: config.top_k,
            threshold: config.threshold,
        };
        let found = self.library.search(context.place.workspace, &question).await;
        found.map(|passages| StepOutcome::of(output(&passages))).map_err(|error| failed(&error))
    }
}

fn output(passages: &[Passage]) -> Value {
    let mut context = String::new();
    for (passage, number) in passages.iter().zip(1..) {
        let gap = if number == 1 { "" } else { "\n\n" };
        // Writing to a string does not fail.
        let _ = write!(context, "{gap}[{number}] {}\n{}", label(passage), passage.text);
    }
    let source = |(passage, number): (&Passage, usize)| {
        json!({
            "number": number,
            "document": passage.name,
            "document_id": passage.document,
            "base": passage.base,
            "heading": passage.headings.join(" › "),
            "ordinal": passage.ordinal,
            "lines": passage.lines,
            "score": rounded(passage.score),
        })
    };
    let sources: Vec<Value> = passages.iter().zip(1..).map(source).collect();
    let chunks: Vec<&str> = passages.iter().map(|passage| passage.text.as_str()).collect();
    json!({ "context": context, "sources": sources, "chunks": chunks })
}

/// The document's name without its ending, and the headings above the excerpt.
fn label(passage: &Passage) -> String {
    let name = passage.name.rsplit_once('.').map_or(passage.name.as_str(), |(stem, _)| stem);
    passage.headings.iter().fold(name.to_owned(), |label, heading| label + " › " + heading)
}

/// Three digits, as many as a score has sense for.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1_000.0).round() / 1_000.0
}

fn failed(error: &Error) -> NodeError {
    match error {
        Error::BaseMissing { .. } => NodeError::permanent("knowledge_base_missing", error.to_string()),
        Error::Model(error) => model::not_found(error),
        Error::EmbedQuestion(error) => model::failed(error),
        Error::Store(_) => NodeError::transient("knowledge_unavailable", error.chain()),
        other => NodeError {
            transient: other.is_transient(),
            ..NodeError::permanent("knowledge_failed", other.chain())
        },
    }
}
